"""`manymind config schema`: what a settings file may hold, for editors."""

from pathlib import Path
from typing import Annotated

import typer

from manymind.cli.command import Command


def schema(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there.")
    ] = None,
) -> None:
    """Print the JSON Schema of a settings file.

    Editors that know TOML complete and check settings by it.
    """
    from manymind.cli.setting_out import schema_text

    text = schema_text()
    if output is None:
        print(text)
    else:
        output.write_text(f"{text}\n", encoding="utf-8")


COMMAND = Command(
    run=schema,
    name="config schema",
    examples=("manymind config schema", "manymind config schema -o manymind.schema.json"),
)
