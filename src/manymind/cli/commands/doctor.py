"""`manymind doctor`: what was found, what is missing, and what to do about it."""

import sys
from typing import Annotated

import typer

from manymind.cli import exits
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def doctor(
    live: Annotated[
        bool, typer.Option("--live", help="Also ask each provider for its list of models.")
    ] = False,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Check this machine, the settings and the providers. No secret is shown.

    Example:  manymind doctor --live

    --json prints: schema_version, ok, checks[{name, state, said, advice}]; state is
    ok, note or wrong. Leaves with 3 where something is wrong.
    """
    import anyio

    from manymind.cli.checkup import check, print_json, print_lines

    checks = anyio.run(
        check,
        settings(config, data),
        live,
        backend_options={"use_uvloop": sys.platform != "win32"},
    )
    (print_json if json else print_lines)(checks)
    if any(each.state == "wrong" for each in checks):
        raise typer.Exit(exits.CONFIGURATION)


COMMAND = doctor
