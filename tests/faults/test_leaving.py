"""Callers who leave, and callers who stop reading: the upstream is let go, or held up."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from manymind.server.simulated import Simulated
from tests.faults.fronts import FRONTS
from tests.faults.stage import model
from tests.faults.wire import Json
from tests.flows.stage import TEAM_OF_SIMULATED, Stage, on_stage

SECONDS_MAX = 0.1
"""From the caller's hang-up to the upstream's hearing of it."""


@asynccontextmanager
async def asking(
    stage: Stage, path: str, body: Json
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare socket with a request on it."""
    host, _, port = stage.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=2**16)
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"content-length: {len(data)}\r\n\r\n"
    )
    writer.write(head.encode() + data)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def until(simulated: Simulated, visits: int, events: int) -> None:
    """Returns when so many questions have come to the upstream, and so much was answered."""
    with anyio.fail_after(5):
        while not (
            len([visit for visit in simulated.visits if visit.model]) >= visits
            and simulated.visits[-1].sent >= events
        ):
            await anyio.sleep(0.005)


async def let_go(stage: Stage, writer: asyncio.StreamWriter) -> float:
    """Hangs up; gives the seconds until the last upstream had heard of it."""
    hung_up = time.monotonic()
    writer.transport.abort()
    with anyio.fail_after(5):
        while stage.simulated.open:
            await anyio.sleep(0.001)
    return max(visit.ended or 0.0 for visit in stage.simulated.visits) - hung_up


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("upstream", ["anthropic", "openai", "vllm"])
@pytest.mark.parametrize("front", FRONTS)
async def test_a_hang_up_reaches_a_silent_upstream_at_once(
    tmp_path: Path, front: str, upstream: str, stream: bool
) -> None:
    face = FRONTS[front]
    named = model(upstream, "hang")
    path, body = face.path(named, stream=stream), face.body(named, stream=stream)
    async with on_stage(tmp_path) as stage, asking(stage, path, body) as (_, writer):
        await until(stage.simulated, 1, 0)
        assert await let_go(stage, writer) < SECONDS_MAX
        assert len(stage.simulated.hangups) == 1


@pytest.mark.parametrize("front", FRONTS)
async def test_a_hang_up_in_the_middle_of_a_stream_reaches_the_upstream_at_once(
    tmp_path: Path, front: str
) -> None:
    face = FRONTS[front]
    named = model("vllm", "tps=20")
    path, body = face.path(named, stream=True), face.body(named, stream=True)
    async with on_stage(tmp_path) as stage, asking(stage, path, body) as (reader, writer):
        await until(stage.simulated, 1, 4)
        assert b"200 OK" in await reader.readline()
        assert await let_go(stage, writer) < SECONDS_MAX
        assert len(stage.simulated.hangups) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_a_hang_up_reaches_every_agent_of_a_team(tmp_path: Path, stream: bool) -> None:
    body = FRONTS["responses"].body("manymind/multi-agent", stream=stream)
    settings = TEAM_OF_SIMULATED.replace("sim-researcher", "sim-researcher;latency=0.2", 1)
    settings = settings.replace('agent = "vllm/sim-researcher"', 'agent = "vllm/sim-echo;hang"')
    async with (
        on_stage(tmp_path, settings=settings) as stage,
        asking(stage, "/v1/responses", {**body, "agent_count": 4}) as (_, writer),
    ):
        with anyio.fail_after(10):
            while not [each for each in stage.simulated.open if each.model.endswith("hang")]:
                await anyio.sleep(0.01)
        assert await let_go(stage, writer) < SECONDS_MAX
        asked = stage.simulated.visited
        await anyio.sleep(0.3)
        assert stage.simulated.visited == asked, "and nobody else is asked"


async def test_a_reader_that_stops_holds_up_the_upstream_and_fills_no_memory(
    tmp_path: Path,
) -> None:
    """The upstream would say far more than the sockets between us hold."""
    word, words = "x" * 9_999 + " ", 8_000

    def torrent(_: object) -> list[str]:
        return [word * words]

    simulated = Simulated(acts={"sim-flood": torrent})
    body = FRONTS["chat"].body("vllm/sim-flood", stream=True)
    async with (
        on_stage(tmp_path, simulated=simulated) as stage,
        asking(stage, "/v1/chat/completions", body) as (_, writer),
    ):
        await until(stage.simulated, 1, 100)
        sent, before = -1, 0
        with anyio.fail_after(20):
            while sent != before:
                before = sent
                await anyio.sleep(0.5)
                sent = stage.simulated.visits[-1].sent
        assert sent * len(word) < 30_000_000, "held up long before its 80 MB"
        assert await let_go(stage, writer) < 1
