"""`manymind cost`: what a call costs, to the tick."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from manymind.canon.faults import BadRequest
from manymind.cli import exits
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, JsonOption, leave, settings

USUAL = "x-ai/grok-4.20-multi-agent"

Files: TypeAlias = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILE", hidden=True, help="Files that would make the prompt."),
]
Models: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("-m", "--model", metavar="MODEL", help="A model; may be repeated."),
]
Input: TypeAlias = Annotated[
    int, typer.Option("-i", "--input", min=0, metavar="N", help="Input tokens.")
]
Output: TypeAlias = Annotated[
    int, typer.Option("-o", "--output", min=0, metavar="N", help="Output tokens.")
]
Cached: TypeAlias = Annotated[
    int, typer.Option(min=0, metavar="N", help="How many of the input tokens are cached.")
]
Tools: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=N", help="Priced tool calls: web_search=21; may be repeated."),
]
On: TypeAlias = Annotated[
    str | None, typer.Option(metavar="YYYY-MM-DD", help="The day whose prices hold; today.")
]


def cost(
    files: Files = None,
    model: Models = None,
    input: Input = 0,
    output: Output = 0,
    cached: Cached = 0,
    tool: Tools = None,
    on: On = None,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Say what a call costs, to the tick.

    Prices are those of the catalogue and of your settings; nothing is sent. Several models make a
    table, the cheapest first. The tokens of files lie between two bounds that hold whatever the
    model's tokenizer, so that they cost at least and at most so much.
    """
    from manymind.cli.pricing import Asked, print_json, print_table, rows

    if cached > input and not files:
        raise BadRequest("--cached is part of --input and cannot be more.")
    asked = Asked(
        models=tuple(dict.fromkeys(model or (USUAL,))),
        files=tuple(files or ()),
        input_tokens=input,
        output_tokens=output,
        cached_tokens=cached,
        tools=_tools(tool or []),
        day=on,
    )
    found = rows(asked, settings(config))
    (print_json if json else print_table)(found)
    leave(exits.NOT_FOUND if any(row.cost is None for row in found) else exits.OK)


def _tools(said: list[str]) -> dict[str, int]:
    tools: dict[str, int] = {}
    for each in said:
        name, _, count = each.partition("=")
        if not name or not count.isdecimal() or len(count) > 12:
            raise BadRequest(f"--tool {each} is no name and count.", advice="Write web_search=21.")
        tools[name] = tools.get(name, 0) + int(count)
    return tools


COMMAND = Command(
    run=cost,
    examples=(
        "manymind cost -m x-ai/grok-4.20-multi-agent -i 400000 -o 8000",
        "manymind cost report.md -m x-ai/grok-4 -m openai/gpt-5 -o 2000 --json",
    ),
    prints="""
{"schema_version",
 "rows": [{"model", "provider", "input_tokens", "cached_tokens",
           "output_tokens", "tools", "cost_in_usd_ticks", "cost_usd",
           "bound": "exact" | "at least" | "at most",
           "missing": why there is no price, or null}]}
""",
)
