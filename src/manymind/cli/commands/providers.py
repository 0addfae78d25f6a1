"""`manymind providers`: whose models can be had here, and how to have the others."""

from typing import Annotated

import typer

from manymind.canon.faults import NotFound
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, JsonOption, settings


def providers(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORD", hidden=True, help="Only providers whose name has all these words."
        ),
    ] = None,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List the providers, and what each was found by.

    A ✓ is ready. A - is not, and says what to set. Nobody is asked; `manymind doctor --live` asks
    each one whether it accepts its key. No value of a variable is ever shown.
    """
    from manymind.cli.vendors import print_json, print_lines, vendors

    found = vendors(settings(config), tuple(words or ()))
    if not found:
        raise NotFound("No provider has that name.", advice="manymind providers lists them all.")
    (print_json if json else print_lines)(found)


COMMAND = Command(
    run=providers,
    examples=("manymind providers", "manymind providers gemini --json"),
    prints="""
{"schema_version",
 "providers": [{"name", "ready", "found_by", "set", "address",
                "address_variables", "dialects", "embeddings",
                "elsewhere": [{"where", "address"}]}]}
""",
)
