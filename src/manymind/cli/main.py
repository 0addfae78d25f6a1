"""The terminal door. Each file in `commands` that exports `COMMAND` is one."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import wraps
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import typer

import manymind.cli.commands
from manymind import __version__
from manymind.canon.faults import BadRequest, Fault
from manymind.cli import exits
from manymind.cli.command import Command
from manymind.config import ConfigError

_SETTINGS = {"help_option_names": ["-h", "--help"]}
_ROOT_OPTIONS = ("--version", "--install-completion", "--show-completion", "-h", "--help")

app = typer.Typer(
    name="manymind",
    help="A model server whose flagship model is a team, and the gateway around it.",
    context_settings=_SETTINGS,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="""\b
A question alone is asked of the team:
  manymind "What changed in 2025?" -f notes/
Each command has its own help, and examples:
  manymind ask --help""",
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


def commands() -> dict[str, Command]:
    """All commands by name; a file `help_exits.py` is the command `help-exits`."""
    found: dict[str, Command] = {}
    for entry in iter_modules(manymind.cli.commands.__path__):
        module = import_module(f"manymind.cli.commands.{entry.name}")
        command = getattr(module, "COMMAND", None)
        if isinstance(command, Command):
            found[command.name or entry.name.replace("_", "-")] = command
    return found


def meant(arguments: Sequence[str], known: Sequence[str]) -> list[str]:
    """The arguments with their command. What begins with no command is a question, but for a
    single word that is nearly one: a slip of the pen shall not ask a model, which may cost."""
    match joined(arguments, known):
        case [] | ["help"]:
            return ["--help"]
        case ["help", topic, *_] if topic in known:
            return [topic, "--help"]
        case [first, *rest] if first in known or first in _ROOT_OPTIONS:
            return [first, *rest]
        case [first, *_] if family := [name for name in known if name.startswith(f"{first} ")]:
            raise BadRequest(
                f"{first} is the first word of several commands.",
                advice=f"They are manymind {', manymind '.join(family)}.",
            )
        case [word] if " " not in word and (near := get_close_matches(word, known, n=1)):
            raise BadRequest(
                f"There is no command {word}.",
                advice=f"Did you mean manymind {near[0]}? A question is asked with manymind ask.",
            )
        case _:
            return ["ask", *arguments]


def joined(arguments: Sequence[str], known: Sequence[str]) -> list[str]:
    """The arguments, with the two words of a command made one: `models show` is a command of
    its own, beside `models`."""
    match arguments:
        case ["help", first, second, *rest] if f"{first} {second}" in known:
            return ["help", f"{first} {second}", *rest]
        case [first, second, *rest] if f"{first} {second}" in known:
            return [f"{first} {second}", *rest]
        case _:
            return list(arguments)


def main() -> None:
    code = exits.INTERNAL
    try:
        code = _run(sys.argv[1:])
        sys.stdout.flush()
    except (BrokenPipeError, _Unread):
        # Whoever reads has read enough. The interpreter flushes once more when it ends.
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        code = exits.OK
    except ConfigError as error:
        code = _tell(str(error), exits.CONFIGURATION)
    except Fault as fault:
        code = _tell(fault.full, exits.of_fault(fault))
    except typer.TyperException as error:
        code = _tell(_usage(error), exits.USAGE)
    except (KeyboardInterrupt, typer.Abort):
        code = _tell("interrupted", exits.INTERRUPTED)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        code = _tell(f"{error.filename or 'The output'} cannot be used: {why}.", exits.INTERNAL)
    except Exception as bug:
        code = _tell(_report(bug), exits.INTERNAL)
    if code >= exits.SIGNALLED:
        os._exit(code)  # The interpreter would wait for a thread that still reads documents.
    sys.exit(code)


def _run(arguments: Sequence[str]) -> int:
    known = commands()
    for name, command in known.items():
        run = _without_pipes(command.run)
        app.command(name, context_settings=_SETTINGS, epilog=command.epilog)(run)
    code: object = app(meant(arguments, list(known)), prog_name="manymind", standalone_mode=False)
    return code if isinstance(code, int) else exits.OK


class _Unread(Exception):
    """Nobody reads what we print. Typer would make a failure of a broken pipe."""


def _without_pipes(run: Callable[..., None]) -> Callable[..., None]:
    @wraps(run)
    def quiet(*given: object, **named: object) -> None:
        try:
            run(*given, **named)
        except BrokenPipeError:
            raise _Unread from None

    return quiet


def _usage(error: typer.TyperException) -> str:
    """What the parser of the command line has to say, on one line."""
    path = getattr(getattr(error, "ctx", None), "command_path", "manymind")
    said = " ".join(error.format_message().split()).replace("Value error, ", "").rstrip(".")
    return f"{said}. Try {path} --help."


def _report(bug: Exception) -> str:
    """Where it happened. What was being said at that moment may be private."""
    frame = traceback.extract_tb(bug.__traceback__)[-1]
    return (
        f"Something went wrong in manymind {__version__} itself: {type(bug).__name__} in "
        f"{frame.name}, line {frame.lineno} of {Path(frame.filename).name}. Please report it."
    )


def _tell(message: str, code: int) -> int:
    print(f"manymind: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
