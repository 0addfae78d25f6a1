"""The whole program on a free port, with simulated vendors behind it, also on real sockets."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct

from manymind.app.house import House, open_house
from manymind.config import Flags, load
from manymind.server.simulated import Simulated
from tests.world import serving

KEY = "sk-canary-7f31"
"""The upstream key of the simulated vendors; it must never be seen anywhere else."""


class Stage(Struct, frozen=True, kw_only=True):
    """`url` is our server's, without a path."""

    url: str
    house: House
    simulated: Simulated


@asynccontextmanager
async def on_stage(
    folder: Path,
    *,
    settings: str = "",
    simulated: Simulated | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncGenerator[Stage]:
    """Our server with every provider that we have a file for, each played by the simulation.

    A model of a server on one's own machine (`vllm/…`) is free, so that a team may run on it.
    """
    played = simulated or Simulated(key=KEY)
    config_file = folder / "manymind.toml"
    config_file.write_text(settings)
    async with serving(played) as upstream:
        seen = {
            "HOME": str(folder),
            "XAI_API_KEY": KEY,
            "XAI_BASE_URL": f"{upstream}/v1",
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": f"{upstream}/v1",
            "OPENROUTER_API_KEY": KEY,
            "OPENROUTER_BASE_URL": f"{upstream}/v1",
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": upstream,
            "GEMINI_API_KEY": KEY,
            "GEMINI_BASE_URL": f"{upstream}/v1beta",
            "VLLM_API_KEY": KEY,
            "VLLM_BASE_URL": f"{upstream}/v1",
            **(environment or {}),
        }
        config = load(Flags(config=config_file, data=folder / "data"), seen)
        async with open_house(config) as house, serving(house.application) as url:
            yield Stage(url=url, house=house, simulated=played)


TEAM_OF_SIMULATED = """
[team]
leader = "vllm/sim-researcher"
agent = "vllm/sim-researcher"
"""

HANDBOOK = (
    '<document id="leave">Every keeper gets 27 days of paid leave a year. Leave is approved by '
    "the station master, in writing, at least 14 days ahead.</document>\n"
    '<document id="lamp">The lamp at Grey Point was electrified in 1931. Before that it burned '
    "paraffin from 1887 on.</document>\n"
)
