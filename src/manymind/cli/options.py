"""Options that several commands share, and how a command reads its settings."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from manymind.config import Config, Flags, load

ConfigOption: TypeAlias = Annotated[
    Path | None, typer.Option("--config", help="The configuration file (TOML).")
]
DataOption: TypeAlias = Annotated[
    Path | None, typer.Option("--data", help="The folder for what is kept between runs.")
]
JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON object and nothing else.")
]


def settings(
    config: Path | None,
    data: Path | None,
    *,
    host: str | None = None,
    port: int | None = None,
    folders: tuple[str, ...] = (),
) -> Config:
    return load(Flags(config=config, data=data, host=host, port=port, folders=folders))
