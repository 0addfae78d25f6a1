"""`manymind tokens`: how many tokens texts are, and how well we count."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from manymind.canon.faults import BadRequest
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, JsonOption, settings

USUAL = "openai/gpt-4o"

Files: TypeAlias = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILE", hidden=True, help="Files and folders to count."),
]
Models: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("-m", "--model", metavar="MODEL", help="A model; may be repeated."),
]
DriftOption: TypeAlias = Annotated[
    bool, typer.Option("--drift", help="Ask the running server how well it counts.")
]
Server: TypeAlias = Annotated[
    str | None, typer.Option(metavar="URL", help="The server; that of the settings.")
]


def tokens(
    files: Files = None,
    model: Models = None,
    drift: DriftOption = False,
    server: Server = None,
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Count the tokens of files, or show how counts drift.

    Nothing is sent. A count is exact where the model's vocabulary is public, else an estimate of
    about the most, marked with ~. With --drift a running server tells what providers reported for
    each token that it counted, model by model.
    """
    from manymind.cli import counting
    from manymind.cli.running import run

    said = settings(config)
    if drift:
        told = run(counting.drift, said, server)
        (counting.print_drift_json if json else counting.print_drift)(told)
        return
    if not files:
        raise BadRequest("There is nothing to count.", advice="Name a file or a folder.")
    found = counting.rows(files, tuple(dict.fromkeys(model or (USUAL,))), said)
    (counting.print_json if json else counting.print_table)(found)


COMMAND = Command(
    run=tokens,
    examples=(
        "manymind tokens report.md -m openai/gpt-5 -m x-ai/grok-4",
        "manymind tokens --drift --json",
    ),
    prints="""
{"schema_version",
 "rows": [{"file", "model", "tokens", "basis": "exact" | "estimate"}]}
and with --drift
{"schema_version", "drift": [{"model", "samples", "least", "mean", "most"}]}
""",
)
