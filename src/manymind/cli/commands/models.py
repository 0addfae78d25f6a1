"""`manymind models`: what can be asked for."""

from typing import Annotated

import typer

from manymind.canon.faults import NoSuchModel
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, JsonOption, settings


def models(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORD", hidden=True, help="Only models whose name has all these words."
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also models whose provider is not configured.")
    ] = False,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List the models that can be asked for, with window and price.

    With words only the models whose name has them all. Prices are dollars for a million tokens.
    Servers of your own are asked what they serve; the others' models come from the catalogue.
    Your aliases stand behind an arrow.
    """
    from manymind.cli.running import run
    from manymind.cli.shelf import listed, print_json, print_table

    found = run(listed, settings(config), tuple(words or ()), everything)
    (print_json if json else print_table)(found)
    if not found.models and not found.aliases:
        raise NoSuchModel(
            "No model has that name.",
            advice="" if everything else "Try --all: its provider may not be configured.",
        )


COMMAND = Command(
    run=models,
    examples=("manymind models grok 4", "manymind models --all --json"),
    prints="""
{"schema_version",
 "models": [{"id", "name", "created", "owner", "context", "max_output",
             "inputs", "prompt_price", "completion_price", "cached_price"}],
 "aliases": {name: model}}
Prices there are dollars a token, as text.
""",
)
