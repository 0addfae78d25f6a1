"""`manymind config validate`: all that is wrong with a settings file."""

from pathlib import Path
from typing import Annotated

import typer

from manymind.cli import exits
from manymind.cli.command import Command
from manymind.cli.options import JsonOption, leave


def validate(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", hidden=True, help="The file; else your own.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Say what is wrong with a settings file, line by line.

    Nothing is changed and nobody is asked. Without FILE it looks at the one that would be read.
    Leaves with 3 where something is wrong, and with 4 where there is no file.
    """
    from manymind.cli.setting_out import print_problems, print_problems_json, validated

    found = validated(file)
    (print_problems_json if json else print_problems)(found)
    leave(exits.CONFIGURATION if found.problems else exits.OK)


COMMAND = Command(
    run=validate,
    name="config validate",
    examples=("manymind config validate", "manymind config validate demo/manymind.toml --json"),
    prints="""
{"schema_version", "file", "ok", "problems": [{"line", "setting", "said"}]}
""",
)
