"""Settings as an operator would have them, with simulated vendors behind them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct

from manymind.config import Config, Flags, load
from manymind.server.simulated import Simulated
from tests.world import serving

KEY = "sk-canary-5e21"


class Vendors(Struct, frozen=True):
    """One simulation plays them all; `url` is its address without a path."""

    url: str
    simulated: Simulated


@asynccontextmanager
async def vendors() -> AsyncGenerator[Vendors]:
    simulated = Simulated(key=KEY)
    async with serving(simulated) as url:
        yield Vendors(url, simulated)


def configured(folder: Path, settings: str = "", **environment: str) -> Config:
    """A configuration from a file that is named, and from nothing of this machine."""
    path = folder / "manymind.toml"
    path.write_text(settings)
    return load(Flags(config=path, data=folder / "data"), {"HOME": str(folder), **environment})
