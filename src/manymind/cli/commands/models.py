"""`manymind models`: what can be asked for."""

from typing import Annotated, TypeAlias

import typer

from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, JsonOption, settings

Several: TypeAlias = list[str] | None


Words: TypeAlias = Annotated[
    Several,
    typer.Argument(metavar="WORD", hidden=True, help="Only models whose name has all these words."),
]
Everything: TypeAlias = Annotated[
    bool, typer.Option("--all", help="Also models whose provider is not configured.")
]
Provider: TypeAlias = Annotated[
    Several, typer.Option(metavar="NAME", help="Only what it sells; may be repeated.")
]
Takes: TypeAlias = Annotated[
    Several, typer.Option(metavar="KIND", help="Only what reads image, file, audio or video.")
]
Gives: TypeAlias = Annotated[
    Several, typer.Option(metavar="KIND", help="Only what makes text, image, embeddings, …")
]
Context: TypeAlias = Annotated[
    int, typer.Option(min=0, metavar="N", help="Only with a window of so many tokens.")
]
MaxPrice: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="USD", help="Only up to so much for a million tokens of input."),
]
Parameter: TypeAlias = Annotated[
    Several, typer.Option(metavar="NAME", help="Only what takes it: tools, reasoning, …")
]
Sort: TypeAlias = Annotated[
    str | None, typer.Option(metavar="ORDER", help="name, cheap, dear, window or newest.")
]


def models(
    words: Words = None,
    everything: Everything = False,
    provider: Provider = None,
    takes: Takes = None,
    gives: Gives = None,
    context: Context = 0,
    max_price: MaxPrice = None,
    parameter: Parameter = None,
    sort: Sort = None,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List the models that can be asked for, with prices.

    With words only the models whose name has them all. Prices are dollars for a million tokens.
    Servers of your own are asked what they serve; the others' models come from the catalogue.
    Your aliases stand behind an arrow. Look closer with manymind models show and models compare.
    """
    from manymind.cli.running import run
    from manymind.cli.shelf import Filters, listed, print_json, print_table

    filters = Filters(
        words=tuple(words or ()),
        everything=everything,
        providers=tuple(provider or ()),
        inputs=tuple(takes or ()),
        outputs=tuple(gives or ()),
        context=context,
        max_price=max_price,
        parameters=tuple(parameter or ()),
        sort=sort,
    )
    found = run(listed, settings(config), filters)
    (print_json if json else print_table)(found)


COMMAND = Command(
    run=models,
    examples=(
        "manymind models grok 4",
        "manymind models --all --takes image --max-price 0.50 --sort window",
        "manymind models --all --json",
    ),
    prints="""
{"schema_version",
 "models": [{"id", "name", "created", "owner", "context", "max_output",
             "inputs", "outputs", "parameters", "knowledge", "retires",
             "prompt_price", "completion_price", "cached_price"}],
 "aliases": {name: model}}
Prices there are dollars a token, as text.
""",
)
