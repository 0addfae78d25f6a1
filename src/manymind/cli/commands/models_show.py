"""`manymind models show`: all that is known of one model."""

from typing import Annotated

import typer

from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, JsonOption, settings


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="By any name that it has.")],
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show all that is known of a model, and from where.

    It is found by its slug, an alias of yours or of its provider, or the provider's own name.
    Prices are dollars for a million tokens, with the tiers that begin above so many tokens.
    """
    from manymind.cli.details import detailed, print_details, print_json
    from manymind.cli.running import run

    found = run(detailed, settings(config), name)
    (print_json if json else print_details)(found)


COMMAND = Command(
    run=show,
    name="models show",
    examples=("manymind models show grok-4", "manymind models show openai/gpt-5 --json"),
    prints="""
{"schema_version", "id", "name", "inputs", "outputs", "context",
 "max_output", "parameters", "unsupported", "efforts", "knowledge",
 "retires",
 "offers": [{"provider", "native", "aliases", "context", "max_output",
             "prices": [{"since", "hours", "above", "counts", "input",
                         "cached", "written", "output", "request"}],
             "tools": {name: dollars for a thousand calls},
             "priced_by": {"name", "checked"},
             "described_by": [{"name", "checked"}]}]}
""",
)
