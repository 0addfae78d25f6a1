"""`manymind catalog drift`: where the sources of prices disagree."""

from typing import Annotated

import typer

from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def drift(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORD", hidden=True, help="Only offers whose name has them all."),
    ] = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Show where the sources of prices disagree.

    Each source has its figure and its day; the figure that holds has an asterisk. With words only
    the offers whose name has them all. Prices are dollars for a million tokens.
    """
    from manymind.cli.stocktaking import differences, differences_json, print_differences

    found = differences(settings(config, data), tuple(words or ()))
    typer.echo(differences_json(found)) if json else print_differences(found)


COMMAND = Command(
    run=drift,
    name="catalog drift",
    examples=("manymind catalog drift grok", "manymind catalog drift --json"),
    prints="""
{"schema_version",
 "differences": [{"offer", "figure",
                  "said": [{"voice", "value", "source", "checked"}]}]}
The last of `said` holds.
""",
)
