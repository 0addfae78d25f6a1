"""Options that several commands share, and what every command does with them."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from manymind.cli import exits
from manymind.config import Config, Flags, load

ConfigOption: TypeAlias = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="The configuration file (TOML).")
]
DataOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--data", metavar="FOLDER", help="Where is kept what lasts between runs."),
]
JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON object and nothing else.")
]


def settings(
    config: Path | None,
    data: Path | None = None,
    *,
    host: str | None = None,
    port: int | None = None,
) -> Config:
    return load(Flags(config=config, data=data, host=host, port=port))


def leave(code: int) -> None:
    if code != exits.OK:
        raise typer.Exit(code)
