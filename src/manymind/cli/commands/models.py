"""`manymind models`: what can be asked for."""

from typing import Annotated

import typer

from manymind.cli import exits
from manymind.cli.options import ConfigOption, JsonOption, settings


def models(
    words: Annotated[
        list[str] | None, typer.Argument(help="Show only models whose name has these words.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also models whose provider is not configured.")
    ] = False,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List the models that can be asked for, with window and price.

    Example:  manymind models grok

    Example:  manymind models --all --json

    --json prints: schema_version, models[{id, name, context, max_output, inputs,
    prompt_price, completion_price, cached_price}]; prices are dollars a token, as text.
    """
    from manymind.cli.shelf import listed, print_json, print_table

    found = listed(settings(config, None), tuple(words or ()), everything=everything)
    (print_json if json else print_table)(found)
    if not found:
        hint = "" if everything else " Try --all: its provider may not be configured."
        typer.echo(f"manymind: No model has that name.{hint}", err=True)
        raise typer.Exit(exits.NOT_FOUND)


COMMAND = models
