"""`manymind catalog sync`: fetch OpenRouter's list of models."""

from typing import Annotated

import typer

from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def sync(
    address: Annotated[
        str | None,
        typer.Option("--from", metavar="URL", help="Another address that lists models so."),
    ] = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Fetch OpenRouter's list of models.

    It is kept in the data folder, and used from the next start on, for what OpenRouter sells.
    Your settings and our own corrections go before it. What becomes cheaper is named, because a
    budget then reserves less. A list that makes no sense is refused, and the one before stays.
    No key is sent.
    """
    from manymind.cli.running import run
    from manymind.cli.stocktaking import print_synced, synced, synced_json

    done = run(synced, settings(config, data), address)
    typer.echo(synced_json(done)) if json else print_synced(done)


COMMAND = Command(
    run=sync,
    name="catalog sync",
    examples=("manymind catalog sync", "manymind catalog sync --from http://127.0.0.1:9/models"),
    prints="""
{"schema_version", "source", "fetched", "models", "unusable",
 "added": [names], "gone": [names], "cheaper": [names], "dearer": [names]}
""",
)
