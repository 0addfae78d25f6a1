"""`manymind cost`: what a call costs, to the tick."""

from pathlib import Path
from typing import Annotated

import typer

from manymind.cli import exits
from manymind.cli.options import ConfigOption, JsonOption, settings


def cost(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files that would make the prompt.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option("-m", "--model", help="A model; may be repeated.")
    ] = None,
    input: Annotated[int, typer.Option("-i", "--input", min=0, help="Input tokens.")] = 0,
    output: Annotated[int, typer.Option("-o", "--output", min=0, help="Output tokens.")] = 0,
    cached: Annotated[int, typer.Option(min=0, help="How many of the input are cached.")] = 0,
    tool: Annotated[
        list[str] | None, typer.Option(help="Priced tool calls: web_search=21; may be repeated.")
    ] = None,
    on: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The day whose prices hold.")
    ] = None,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """What a call costs, from the price list alone. Nothing is sent.

    Example:  manymind cost -m x-ai/grok-4.20-multi-agent -i 400000 -o 8000

    Example:  manymind cost report.md notes.md -m x-ai/grok-4 -m openai/gpt-5 -o 2000

    The tokens of files are between two bounds that hold without knowing the model's tokenizer.

    --json prints: schema_version, rows[{model, provider, input_tokens, cached_tokens,
    output_tokens, cost_in_usd_ticks, cost_usd, bound}].
    """
    from manymind.cli.pricing import Asked, print_json, print_table, rows

    asked = Asked(
        models=tuple(model or ("x-ai/grok-4.20-multi-agent",)),
        files=tuple(files or ()),
        input_tokens=input,
        output_tokens=output,
        cached_tokens=cached,
        tools=_tools(tool or []),
        day=on,
    )
    if cached > input and not files:
        raise typer.BadParameter("--cached is part of --input and cannot be more.")
    found = rows(asked, settings(config, None))
    (print_json if json else print_table)(found)
    if any(row.cost is None for row in found):
        raise typer.Exit(exits.NOT_FOUND)


def _tools(said: list[str]) -> dict[str, int]:
    tools: dict[str, int] = {}
    for each in said:
        name, _, count = each.partition("=")
        if not name or not count.isdecimal():
            raise typer.BadParameter("--tool takes a name and a count: web_search=21.")
        tools[name] = tools.get(name, 0) + int(count)
    return tools


COMMAND = cost
