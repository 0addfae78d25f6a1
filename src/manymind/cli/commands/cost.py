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
    str, typer.Option("-i", "--input", metavar="N", help="Input tokens: 400000, 400k, 2M.")
]
Output: TypeAlias = Annotated[
    str, typer.Option("-o", "--output", metavar="N", help="Output tokens of a call.")
]
Cached: TypeAlias = Annotated[
    str, typer.Option(metavar="N", help="How many of the input tokens are cached, or 80%.")
]
Calls: TypeAlias = Annotated[
    str, typer.Option(metavar="N", help="How many such calls; adds a total.")
]
Each: TypeAlias = Annotated[
    bool, typer.Option("--each", help="Make a call of each file, instead of one of all.")
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
    input: Input = "0",
    output: Output = "0",
    cached: Cached = "0",
    calls: Calls = "1",
    each: Each = False,
    tool: Tools = None,
    on: On = None,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Say what a call costs, to the tick.

    Prices are those of the catalogue and of your settings; nothing is sent. Several models make a
    table, the cheapest first. Files and folders are counted: exactly where the model's vocabulary
    and template are public, else as an estimate of about the most, marked with ~.
    """
    from manymind.cli.figures import figure, share
    from manymind.cli.price_table import print_table
    from manymind.cli.pricing import Asked, print_json, rows

    tokens = figure("--input", input)
    if not files and share("--cached", cached, tokens) > tokens:
        raise BadRequest("--cached is part of --input and cannot be more.")
    asked = Asked(
        models=tuple(dict.fromkeys(model or (USUAL,))),
        files=tuple(files or ()),
        each=each,
        input_tokens=tokens,
        output_tokens=figure("--output", output),
        cached=cached,
        calls=_calls(calls),
        tools=_tools(tool or []),
        day=on,
    )
    found = rows(asked, settings(config))
    (print_json if json else print_table)(found)
    if not (files or tokens or asked.output_tokens or asked.tools):
        typer.echo("Nothing was asked for yet: name files, or say -i 400k -o 8k.", err=True)
    leave(exits.NOT_FOUND if any(row.cost is None for row in found) else exits.OK)


def _calls(said: str) -> int:
    from manymind.cli.figures import figure

    calls = figure("--calls", said)
    if calls == 0:
        raise BadRequest("--calls 0 is no call at all.", advice="Write 1 or more.")
    return calls


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
        "manymind cost -m x-ai/grok-4.20-multi-agent -i 400k -o 8k",
        "manymind cost big/ -m x-ai/grok-4 -m openai/gpt-5 -o 8k --calls 1000",
        "manymind cost report.md -m openai/gpt-4o -o 2000 --cached 80% --json",
    ),
    prints="""
{"schema_version",
 "rows": [{"model", "provider", "file", "input_tokens",
           "cached_tokens", "output_tokens", "tools",
           "bound": "exact" | "estimate", "context", "fits",
           "input_price", "output_price", "cost_in_usd_ticks",
           "cost_usd", "calls", "total_in_usd_ticks", "total_usd",
           "missing": why there is no price, or null}]}
Prices there are dollars for a million tokens, as text.
""",
)
