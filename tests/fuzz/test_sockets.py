"""What a stranger can do with a bare socket: half heads, lies about lengths, absurd headers."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest

from manymind.canon.events import Began, Opened, Say, Wrote, spoken
from manymind.canon.items import Said
from manymind.canon.ports import Desk
from manymind.canon.requests import Request
from manymind.providers.scripted import Pause, Scripted
from manymind.server.connection import Connection, Patience
from tests.server.stage import Terms, application
from tests.world import serving

SOON = 4.0
"""Seconds within which any of these must be over."""


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that serves."""
    return "asyncio", {"use_uvloop": True}


class Hasty(Connection):
    """The same bounds, only shorter."""

    patience = Patience(
        head_seconds=0.4, beside_bytes=8192, stalled_seconds=0.5, farewell_seconds=0.5
    )


@asynccontextmanager
async def address(*script: str | Pause) -> AsyncGenerator[tuple[str, int]]:
    provider = Scripted("s", [*script] if script else "hello")
    terms = Terms(body_seconds=0.4, body_bytes=100_000)
    async with serving(application(provider, terms), http=Hasty) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        yield host, int(port)


async def exchange(data: bytes, *more: bytes, script: tuple[str | Pause, ...] = ()) -> bytes:
    """All that the server says to these bytes, up to the end that it must make itself."""
    async with address(*script) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        hearing = asyncio.create_task(_all(reader))
        writer.write(data)
        for piece in more:
            await asyncio.sleep(0.05)
            if not writer.transport.is_closing():
                writer.write(piece)
        heard = await asyncio.wait_for(hearing, SOON)
        writer.close()
        return heard


async def _all(reader: asyncio.StreamReader) -> bytes:
    heard = b""
    with suppress(ConnectionError):
        while piece := await reader.read(65536):
            heard += piece
    return heard


def head(*lines: str, method: str = "POST", path: str = "/v1/chat/completions") -> bytes:
    own = [f"{method} {path} HTTP/1.1", "host: localhost", "content-type: application/json"]
    return "\r\n".join([*own, *lines, "", ""]).encode("latin-1")


BODY = b'{"model": "m", "messages": [{"role": "user", "content": "hi"}]}'
WHOLE = head(f"content-length: {len(BODY)}") + BODY
GET = head(method="GET", path="/healthz")
LAST = head("connection: close", method="GET", path="/healthz")


def statuses(reply: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", reply)]


@pytest.mark.parametrize(
    "data",
    [b"", b"P", b"POST /v1/chat", GET[:-2], GET[:-1], head("x-slow: " + "y" * 99)[:-4], b"\r\n"],
    ids=repr,
)
async def test_half_a_head_is_not_waited_for_for_ever(data: bytes) -> None:
    assert statuses(await exchange(data)) in ([], [408])


async def test_a_head_that_trickles_gets_no_more_time_than_another() -> None:
    trickle = [bytes([byte]) for byte in GET[4:40]]
    assert statuses(await exchange(GET[:4], *trickle)) in ([], [408])


async def test_half_a_head_after_a_whole_request_is_not_waited_for_either() -> None:
    assert statuses(await exchange(GET + GET[:20])) == [200, 408]
    assert statuses(await exchange(GET, b"\r\n")) == [200, 408]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"SSH-2.0-OpenSSH_9.0\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n", 400),
        (head("content-length: -1"), 400),
        (head("content-length: 5", "content-length: 6"), 400),
        (head("content-length: 99999999999999999999999"), 400),
        (head("content-length: 5", "transfer-encoding: chunked"), 400),
        (head("transfer-encoding: chunked") + b"zz\r\n", 400),
        (head("transfer-encoding: chunked") + b"5\r\nhelloXX", 400),
        (head("transfer-encoding: chunked") + b"ffffffffffffffffff\r\n", 400),
        (head("transfer-encoding: chunked, gzip"), 400),
        (head("x bad name: 1"), 400),
        (head("x-a: 1\x00"), 400),
        (head("x-long: " + "y" * 70_000), 431),
        (head(*(f"x-{n}: y" for n in range(20_000))), 431),
        (b"GET /" + b"a" * 70_000, 431),
        (head("transfer-encoding: chunked") + b"1;" + b"x" * 300_000, 431),
        (head("transfer-encoding: chunked") + b"0\r\n" + b"x-trail: y\r\n" * 30_000, 431),
    ],
    ids=lambda value: repr(value[:60]) if isinstance(value, bytes) else "",
)
async def test_what_is_not_http_is_refused_and_hung_up_on(data: bytes, expected: int) -> None:
    reply = await exchange(data[:9000], data[9000:])
    assert statuses(reply) == [expected]
    assert b'"message":' in reply
    assert b"connection: close" in reply


async def test_a_body_that_never_comes_is_a_408() -> None:
    for data in (
        head("content-length: 500") + BODY,
        head("transfer-encoding: chunked") + b"5\r\nhel",
        head("expect: 100-continue", "content-length: 500"),
        head("content-length: 500", "connection: upgrade", "upgrade: websocket"),
    ):
        assert [status for status in statuses(await exchange(data)) if status != 100] == [408]


async def test_a_body_that_trickles_is_a_408() -> None:
    trickle = [b"x" for _ in range(40)]
    assert statuses(await exchange(head("content-length: 500"), *trickle)) == [408]


async def test_a_refusal_reaches_a_caller_who_is_still_sending() -> None:
    """Who will hang up is sent away before the body has come; a reset would eat the reason."""
    pieces = [b"x" * 500_000] * 4
    reply = await exchange(head("content-length: 2000000", "connection: close"), *pieces)
    assert statuses(reply) == [413]
    assert b"100,000 bytes" in reply


async def test_an_offer_to_upgrade_is_declined_by_answering() -> None:
    upgrade = ("connection: upgrade, http2-settings", "upgrade: h2c", "http2-settings: AAMAAABk")
    asked = head(f"content-length: {len(BODY)}", *upgrade) + BODY
    reply = await exchange(asked, LAST)
    assert statuses(reply)[0] == 200
    assert b"hello" in reply


async def test_more_body_than_was_promised_is_not_taken_for_a_request() -> None:
    lie = head(f"content-length: {len(BODY)}") + BODY + b'"and": "more"}'
    assert statuses(await exchange(lie))[-1] == 400


async def test_requests_in_one_piece_are_answered_one_after_another() -> None:
    reply = await exchange(WHOLE + GET + WHOLE + LAST, script=(Pause(0.05), "hello"))
    assert statuses(reply) == [200, 200, 200, 200]
    assert reply.index(b"chat.completion") < reply.index(b'{"status":"ok"}')
    assert reply.count(b"hello") == 2


async def test_trailers_add_no_header() -> None:
    chunked = b"%x\r\n" % len(BODY) + BODY + b"\r\n0\r\n"
    trailer = b"host: evil.example\r\norigin: https://evil.example\r\n\r\n"
    reply = await exchange(head("transfer-encoding: chunked") + chunked + trailer + LAST)
    assert statuses(reply) == [200, 200]


async def test_rubbish_behind_a_streamed_request_never_lands_in_its_answer() -> None:
    body = BODY.replace(b'"model"', b'"stream": true, "model"')
    asked = head(f"content-length: {len(body)}") + body
    reply = await exchange(asked, b"rubbish\r\n\r\n", script=("one", Pause(0.3), "two"))
    assert statuses(reply) == [200]
    assert b"[DONE]" not in reply
    assert not reply.endswith(b"0\r\n\r\n"), "the framing says that it broke off"


class Endless:
    """Says more than anybody could hold, for as long as it may."""

    def __init__(self, pause: float = 0.0) -> None:
        self.said_bytes = 0
        self.begun, self.cancelled = asyncio.Event(), asyncio.Event()
        self._pause = pause

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        await say(spoken(Began(id="e", model="m"), Opened(item="1", value=Said(role="assistant"))))
        try:
            while True:
                await say(spoken(Wrote(item="1", text="x" * 10_000)))
                self.said_bytes += 10_000
                self.begun.set()
                await asyncio.sleep(self._pause)
        finally:
            self.cancelled.set()


async def test_a_caller_who_stops_reading_holds_up_the_answer_and_is_then_let_go() -> None:
    endless = Endless()
    async with serving(application(endless), http=Hasty) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port), limit=1024)
        body = BODY.replace(b'"model"', b'"stream": true, "model"')
        writer.write(head(f"content-length: {len(body)}") + body)
        await asyncio.wait_for(endless.cancelled.wait(), 10)
        assert endless.said_bytes < 30_000_000
        writer.transport.abort()


async def test_rubbish_behind_waiting_requests_never_lands_in_an_answer_either() -> None:
    body = BODY.replace(b'"model"', b'"stream": true, "model"')
    asked = head(f"content-length: {len(body)}") + body + GET
    reply = await exchange(asked, b"rubbish\r\n\r\n", script=("one", Pause(0.3), "two"))
    assert statuses(reply) == [200]
    assert b"[DONE]" not in reply


async def test_a_hang_up_reaches_the_answer_that_others_wait_behind() -> None:
    endless = Endless(pause=0.05)
    async with serving(application(endless), http=Hasty) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(WHOLE + GET + GET)
        await asyncio.wait_for(endless.begun.wait(), 5)
        await asyncio.sleep(0.1)
        writer.transport.abort()
        await asyncio.wait_for(endless.cancelled.wait(), 0.5)
