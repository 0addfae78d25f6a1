"""`manymind doctor`: what was found, what is missing, and what to do about it."""

from typing import Annotated

import typer

from manymind.cli import exits
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, leave


def doctor(
    live: Annotated[
        bool, typer.Option("--live", help="Also ask each provider for its list of models.")
    ] = False,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Check this machine, the settings and the providers.

    A ✓ is well, a ! may be worth knowing, a ✕ is wrong and has advice under it. No secret is
    shown, and nothing is sent but with --live, which costs nothing. Leaves with 3 where something
    is wrong.
    """
    from manymind.cli.checkup import check, print_json, print_lines
    from manymind.cli.running import run
    from manymind.config import Flags

    checks = run(check, Flags(config=config, data=data), live)
    (print_json if json else print_lines)(checks)
    wrong = any(each.state == "wrong" for each in checks)
    leave(exits.CONFIGURATION if wrong else exits.OK)


COMMAND = Command(
    run=doctor,
    examples=("manymind doctor --live", "manymind doctor --config manymind.toml --json"),
    prints="""
{"schema_version", "ok",
 "checks": [{"name", "state": "ok" | "note" | "wrong", "said", "advice"}]}
""",
)
