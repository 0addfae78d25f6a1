"""The terminal door. Each file in `commands` that exports `COMMAND` is one."""

import sys
from importlib import import_module
from pkgutil import iter_modules

import typer

import manymind.cli.commands
from manymind import __version__
from manymind.canon.faults import Fault
from manymind.cli import exits
from manymind.config import ConfigError

_SETTINGS = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    name="manymind",
    help="A model server whose flagship model is a team, and the gateway around it.",
    no_args_is_help=True,
    context_settings=_SETTINGS,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog='A question alone is asked of the team:  manymind "What changed in 2025?" -f notes/',
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"manymind {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Holds the options that stand before a command."""


def commands() -> list[str]:
    """The names of all commands; a file `help_exits.py` is the command `help-exits`."""
    names: list[str] = []
    for entry in iter_modules(manymind.cli.commands.__path__):
        module = import_module(f"manymind.cli.commands.{entry.name}")
        command = getattr(module, "COMMAND", None)
        if command is not None:
            name = entry.name.replace("_", "-")
            app.command(name, context_settings=_SETTINGS)(command)
            names.append(name)
    return names


def main() -> None:
    arguments = sys.argv[1:]
    known = commands()
    if arguments and not arguments[0].startswith("-") and arguments[0] not in known:
        arguments = ["ask", *arguments]
    try:
        app(arguments, prog_name="manymind")
    except ConfigError as error:
        _leave(str(error), exits.CONFIGURATION)
    except Fault as fault:
        _leave(fault.full, exits.of_fault(fault))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(exits.OK)
    except KeyboardInterrupt:
        _leave("interrupted", exits.INTERRUPTED)


def _leave(message: str, code: int) -> None:
    print(f"manymind: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
