"""`manymind models compare`: models side by side."""

from typing import Annotated

import typer

from manymind.canon.faults import BadRequest
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, JsonOption, settings


def compare(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Two or more models.")],
    input: Annotated[
        int, typer.Option("-i", "--input", min=0, metavar="N", help="Input tokens.")
    ] = 10_000,
    output: Annotated[
        int, typer.Option("-o", "--output", min=0, metavar="N", help="Output tokens.")
    ] = 1_000,
    cached: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many of the input tokens are cached.")
    ] = 0,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Set models side by side, with what so many tokens cost.

    The cost is that of each model's first offer, today, to the tick.
    """
    from manymind.cli.comparing import Asked, compared, print_columns, print_json
    from manymind.cli.running import run

    if len(set(names)) < 2:
        raise BadRequest("One model compares with nothing.", advice="Name two or more.")
    if cached > input:
        raise BadRequest("--cached is part of --input and cannot be more.")
    asked = Asked(input_tokens=input, output_tokens=output, cached_tokens=cached)
    found = run(compared, settings(config), tuple(dict.fromkeys(names)), asked)
    (print_json if json else print_columns)(found)


COMMAND = Command(
    run=compare,
    name="models compare",
    examples=(
        "manymind models compare grok-4 gpt-5 claude-opus-4.8",
        "manymind models compare gpt-5 gemini-2.5-pro -i 300000 -o 5000 --json",
    ),
    prints="""
{"schema_version", "input_tokens", "cached_tokens", "output_tokens",
 "models": [{"id", "name", "owner", "created", "provider", "context",
             "max_output", "inputs", "outputs",
             "parameters", "unsupported", "knowledge", "retires",
             "prompt_price", "completion_price", "cached_price",
             "fits", "cost_in_usd_ticks", "cost_usd"}]}
""",
)
