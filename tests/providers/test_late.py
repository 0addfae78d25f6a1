"""What a provider books for a call whose end nobody heard."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from manymind.canon.attempts import AskLater
from manymind.canon.usage import Usage
from manymind.egress.trusted import Trusted
from manymind.providers import find
from manymind.providers.late import asking_later
from manymind.providers.upstream import Settings
from manymind.server.simulated import Simulated
from tests.egress.stage import Play, always, plain, theatre
from tests.server.simulating import simulating
from tests.world import serving

KEY = "sk-canary-5151"


@asynccontextmanager
async def asking(url: str) -> AsyncGenerator[AskLater]:
    client = Trusted()
    settings = Settings(base_url=f"{url}/v1", key=KEY)
    ask = asking_later(find()["openrouter"], settings, client)
    assert ask is not None
    try:
        yield ask
    finally:
        await client.aclose()


async def test_the_provider_tells_what_it_booked() -> None:
    async with simulating() as client:
        reply = (await client.ask("chat", "sim-echo", "one two three")).json
        async with asking(client.url) as ask:
            usage = await ask(reply["id"])
    counted = reply["usage"]
    assert usage == Usage(
        input_tokens=counted["prompt_tokens"],
        output_tokens=counted["completion_tokens"],
        reported_cost=counted["total_tokens"] * 10_000,
    )


async def test_of_an_unknown_answer_nothing_is_told() -> None:
    async with serving(Simulated()) as url, asking(url) as ask:
        assert await ask("gen-unknown & more") is None


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b'{"data": {}}',
        b'{"data": {"native_tokens_prompt": 5}}',
        b'{"data": {"total_cost": -1}}',
        b'{"data": {"total_cost": 1e30}}',
        b'{"data": {"total_cost": "much"}}',
    ],
)
async def test_a_report_that_makes_no_sense_is_none(said: bytes) -> None:
    async with theatre(_always(said)) as house, asking(house.url) as ask:
        assert await ask("gen-1") is None


async def test_nobody_is_asked_who_does_not_tell() -> None:
    client = Trusted()
    assert asking_later(find()["openai"], Settings(key=KEY), client) is None
    assert asking_later(find()["openrouter"], Settings(), client) is None
    await client.aclose()


def _always(said: bytes) -> Play:
    return always(plain(said))
