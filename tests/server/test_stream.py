"""Streams under strain: bugs in the middle, heartbeats between the words, callers who are gone."""

import asyncio
import logging

import anyio
import pytest

from manymind.canon.events import Began, Ended, Happened, Opened, Say, Wrote, spoken
from manymind.canon.items import Said
from manymind.canon.ports import Desk
from manymind.canon.requests import Request
from manymind.providers.scripted import Pause, Scripted
from tests.faults.fronts import FRONTS
from tests.faults.wire import messages
from tests.server.stage import Terms, calling

MODEL = "acme/small"
BEGUN = (Began(id="r", model="m"), Opened(item="1", value=Said(role="assistant")))


class Faltering:
    """Says these events, then trips over a bug; or says what the grammar forbids."""

    def __init__(self, *events: Happened) -> None:
        self._events = events

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        await say(spoken(*BEGUN, Wrote(item="1", text="The ans")))
        for event in self._events:
            await say(spoken(event))
        raise ValueError("the prompt was: rosebud")


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(
    "events",
    [(), (Wrote(item="nobody", text="x"),), (Began(id="", model=""), *BEGUN)],
    ids=["a bug", "an unknown item", "begun twice"],
)
async def test_a_bug_in_the_middle_of_a_stream_is_a_failure_that_tells_no_prompt(
    front: str, events: tuple[Happened, ...], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    face = FRONTS[front]
    async with calling(Faltering(*events)) as caller:
        heard = await caller.post(face.path(MODEL, stream=True), face.body(MODEL, stream=True))
        assert heard.status == 200
        message = face.broken(messages(heard.body))
        assert b"rosebud" not in heard.body
    assert "rosebud" not in caplog.text
    assert "bug in req_" in caplog.text or "never began" in message


@pytest.mark.parametrize("front", FRONTS)
async def test_an_answer_that_has_ended_stays_whole_whatever_comes_after(front: str) -> None:
    face = FRONTS[front]
    async with calling(Faltering(Ended())) as caller:
        heard = await caller.post(face.path(MODEL, stream=True), face.body(MODEL, stream=True))
        assert face.completed(messages(heard.body))


@pytest.mark.parametrize("front", FRONTS)
async def test_heartbeats_stand_between_events_and_never_after_the_end(front: str) -> None:
    face = FRONTS[front]
    script = [line for n in range(60) for line in (f"word{n} ", Pause(0.002 * (n % 3)))]
    provider = Scripted("s", script, latency=0.02)
    async with calling(provider, Terms(heartbeat_seconds=0.001)) as caller:
        heard = await caller.post(face.path(MODEL, stream=True), face.body(MODEL, stream=True))
        sent = messages(heard.body)
        assert face.completed(sent)
        assert heard.body.count(b": manymind is working\n\n") > 5
        last = heard.body.rstrip(b"\n").rpartition(b"\n\n")[2]
        assert not last.startswith(b":")


async def test_a_caller_who_is_gone_before_the_first_word_leaves_no_trace_of_trouble(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    provider = Scripted("s", [Pause(0.2), "hi"])
    async with calling(provider) as caller:
        host, _, port = caller.base_url.removeprefix("http://").partition(":")
        for cut in (10, 60, 150, 400):
            _, writer = await asyncio.open_connection(host, int(port))
            body = b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "x"}]}'
            head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
            head += b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
            writer.write((head + body)[:cut])
            await anyio.sleep(0.05)
            writer.transport.abort()
        await anyio.sleep(0.3)
        assert (await caller.get("/healthz")).status == 200
    assert "bug" not in caplog.text
    assert "Traceback" not in caplog.text
    assert "hung up" in caplog.text


async def test_a_server_that_stops_is_not_ready() -> None:
    async with calling(Scripted("s", "hi"), Terms(draining=True)) as caller:
        heard = await caller.get("/readyz")
        assert (heard.status, heard.json) == (503, {"status": "stopping"})
        assert (await caller.get("/healthz")).status == 200
