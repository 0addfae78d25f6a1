"""What a model is known to refuse does not reach its provider, and the caller is told."""

from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest

from manymind.providers.acts import echo
from manymind.server.simulated import Simulated
from tests.flows.stage import KEY, Stage, on_stage

DROPPED = "x-manymind-dropped-parameters"
CLAUDE = """
[aliases]
opus = "anthropic/claude-opus-4.8"
"""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    played = Simulated(key=KEY, acts={"grok-4": echo})
    async with on_stage(tmp_path, settings=CLAUDE, simulated=played) as stage:
        yield stage


def reached(stage: Stage) -> list[object]:
    """What came to the provider, in order."""
    return [visit.body for visit in stage.simulated.visits if visit.method == "POST"]


async def ask(stage: Stage, **fields: object) -> tuple[int, str | None, bytes]:
    body = {"messages": [{"role": "user", "content": "Hello"}], **fields}
    url = f"{stage.url}/v1/chat/completions"
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as reply:
        return reply.status, reply.headers.get(DROPPED), await reply.read()


async def test_the_list_of_the_whole_house_is_that_of_its_catalogue(stage: Stage) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{stage.url}/v1/models/opus") as reply:
            assert (await reply.json())["id"] == "anthropic/claude-opus-4.8"
            tag = reply.headers["etag"]
        headers = {"if-none-match": tag}
        async with session.get(f"{stage.url}/v1/models/opus", headers=headers) as again:
            assert again.status == 304
        async with session.get(f"{stage.url}/api/v1/models/count") as reply:
            assert (await reply.json())["data"]["count"] > 300


@pytest.mark.parametrize("stream", [False, True])
async def test_an_effort_for_grok_4_is_dropped_and_named(stage: Stage, stream: bool) -> None:
    status, dropped, body = await ask(
        stage, model="x-ai/grok-4", reasoning_effort="low", temperature=0.5, stream=stream
    )
    assert (status, dropped) == (200, "reasoning_effort"), body
    (sent,) = reached(stage)
    assert isinstance(sent, dict)
    assert sent["temperature"] == 0.5
    assert not {"reasoning", "reasoning_effort"} & {*sent}


async def test_who_requires_all_parameters_is_refused(stage: Stage) -> None:
    status, _, body = await ask(
        stage,
        model="x-ai/grok-4",
        reasoning_effort="low",
        provider={"require_parameters": True},
    )
    assert status == 400
    assert b"cannot take reasoning_effort" in body
    assert reached(stage) == []
