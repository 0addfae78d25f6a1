"""`manymind catalog show`: where prices and facts come from."""

import typer

from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def show(json: JsonOption = False, config: ConfigOption = None, data: DataOption = None) -> None:
    """Say where prices and facts come from.

    The sources are in the order in which they go before one another, the surest first.
    """
    from manymind.cli.stocktaking import print_sources, sources, sources_json

    found = sources(settings(config, data))
    typer.echo(sources_json(found)) if json else print_sources(found)


COMMAND = Command(
    run=show,
    name="catalog show",
    examples=("manymind catalog show", "manymind catalog show --json"),
    prints="""
{"schema_version",
 "sources": [{"name", "says", "offers", "priced", "dated"}],
 "listed": models with price and window}
""",
)
