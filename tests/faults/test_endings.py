"""How the program begins and ends, as a process: which doors it opens, and how it leaves."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import anyio
import pytest

from manymind.server.simulated import Simulated
from tests.faults.fronts import FRONTS, PROMPT, Heard, call, post
from tests.faults.program import Program, program
from tests.flows.stage import KEY
from tests.world import serving

DRAIN = "[server]\ndrain_seconds = {}\n"


@asynccontextmanager
async def facing(
    folder: Path, *flags: str, drain_seconds: float = 20.0
) -> AsyncGenerator[tuple[Program, str, Simulated]]:
    """The program, its address, and the simulated server that it faces."""
    simulated = Simulated(key=KEY)
    async with serving(simulated) as upstream:
        seen = {"VLLM_BASE_URL": f"{upstream}/v1", "VLLM_API_KEY": KEY}
        settings = DRAIN.format(drain_seconds)
        async with program(
            folder, "--port", "0", *flags, settings=settings, environment=seen
        ) as it:
            yield it, await it.url(), simulated


async def begun(simulated: Simulated) -> None:
    """Returns once an answer is on its way."""
    with anyio.fail_after(10):
        while not any(visit.model and visit.sent > 2 for visit in simulated.visits):
            await anyio.sleep(0.01)


def asked(front: str, url: str, knobs: str, *, stream: bool = True) -> asyncio.Task[Heard]:
    named = f"vllm/sim-echo;{knobs}"
    return asyncio.create_task(call(FRONTS[front], url, named, stream=stream))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_an_answer_finish_and_the_program_ends_well(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with facing(tmp_path) as (running, url, simulated):
        asking = asked("chat", url, "tps=8")
        whole = asked("messages", url, "latency=1", stream=False)
        await begun(simulated)
        running.process.send_signal(number)
        with pytest.raises(aiohttp.ClientConnectionError):
            with anyio.fail_after(5):
                while True:
                    await post(f"{url}/healthz", {})
                    await anyio.sleep(0.02)
        assert running.process.returncode is None, "it refuses newcomers while it finishes"
        heard = await asking
        assert FRONTS["chat"].completed(heard.messages)
        assert b"fourteen" in heard.body
        assert (await whole).status == 200
        assert await running.end(5) == 0
        assert len(simulated.hangups) == 0


@pytest.mark.parametrize("front", FRONTS)
async def test_when_the_drain_is_over_streams_end_with_an_error(tmp_path: Path, front: str) -> None:
    async with facing(tmp_path, drain_seconds=0.5) as (running, url, simulated):
        asking = asked(front, url, "stall=8")
        whole = asked(front, url, "hang", stream=False)
        await begun(simulated)
        started = time.monotonic()
        running.process.terminate()
        heard = await asking
        assert heard.status == 200
        assert "shutting down" in FRONTS[front].broken(heard.messages)
        refused = await whole
        assert refused.status == 503
        assert "shutting down" in FRONTS[front].refused(refused)[0]
        assert await running.end(5) == 0
        assert time.monotonic() - started < 3
        assert "Traceback" not in running.said


async def test_a_second_signal_waits_for_nobody(tmp_path: Path) -> None:
    async with facing(tmp_path, drain_seconds=60) as (running, url, simulated):
        asking = asked("responses", url, "stall=8")
        await begun(simulated)
        running.process.terminate()
        await anyio.sleep(0.3)
        assert running.process.returncode is None
        running.process.terminate()
        assert "shutting down" in FRONTS["responses"].broken((await asking).messages)
        assert await running.end(4) == 0


async def test_an_idle_program_ends_at_once(tmp_path: Path) -> None:
    async with facing(tmp_path) as (running, url, _), aiohttp.ClientSession() as session:
        async with session.get(f"{url}/readyz") as reply:
            assert reply.status == 200
        running.process.terminate()
        assert await running.end(2) == 0


async def test_a_caller_who_reads_nothing_cannot_keep_the_program_alive(tmp_path: Path) -> None:
    async with facing(tmp_path, drain_seconds=0.5) as (running, url, simulated):
        host, _, port = url.removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n")
        asking = asked("chat", url, "tps=5")
        await begun(simulated)
        running.process.terminate()
        await asking
        assert await running.end(6) == 0
        writer.transport.abort()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
async def test_an_address_that_others_can_reach_needs_a_key(tmp_path: Path, host: str) -> None:
    async with program(tmp_path, "--host", host, "--port", "0") as running:
        assert await running.end(20) == 3
        assert "MANYMIND_API_KEY" in running.said
        assert "Traceback" not in running.said
        assert "listens on" not in running.said


async def test_an_address_that_others_can_reach_opens_with_a_key(tmp_path: Path) -> None:
    key = "mm-a-key-for-colleagues"
    seen = {"MANYMIND_API_KEY": key}
    async with program(tmp_path, "--host", "0.0.0.0", "--port", "0", environment=seen) as running:
        url = (await running.url()).replace("0.0.0.0", "127.0.0.1")
        for face in FRONTS.values():
            named, welcome = "manymind/reader", {"authorization": f"Bearer {key}"}
            place = url + face.path(named, stream=False)
            stranger = await call(face, url, named, stream=False)
            heard = await post(place, face.body(named, stream=False), welcome)
            assert (stranger.status, heard.status) == (401, 200)
            assert face.refused(stranger)[1] in ("invalid_api_key", "authentication_error")
        running.process.terminate()
        assert await running.end(5) == 0


async def test_loopback_needs_no_key(tmp_path: Path) -> None:
    async with program(tmp_path, "--port", "0") as running:
        url = await running.url()
        heard = await call(FRONTS["responses"], url, "manymind/reader", stream=False)
        assert heard.status == 200
        assert PROMPT not in running.said
