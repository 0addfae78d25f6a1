"""What a socket may cost, and how it ends."""

import asyncio
import json
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from manymind.canon.events import Began, Opened, Say, Wrote, spoken
from manymind.canon.items import Said
from manymind.canon.ports import Desk
from manymind.canon.requests import Request
from manymind.providers.scripted import Pause, Scripted
from manymind.server.listen import Draining, listen
from tests.server.socketing import Talker, talk, talking, text
from tests.server.stage import Terms, application
from tests.world import serving

SLOWLY = ["slow", Pause(0.3), "ly"]


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that serves."""
    return "asyncio", {"use_uvloop": True}


class Endless:
    """Speaks for as long as anybody listens."""

    def __init__(self) -> None:
        self.written = 0
        self.ended = anyio.Event()

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        try:
            await say(
                spoken(Began(id="r", model="m"), Opened(item="a", value=Said(role="assistant")))
            )
            while True:
                await say(spoken(Wrote(item="a", text="x" * 10_000)))
                self.written += 10_000
                await anyio.sleep(0)
        finally:
            self.ended.set()


class Silent(Endless):
    """Begins, and then thinks for ever."""

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        try:
            await say(spoken(Began(id="r", model="m")))
            await anyio.sleep_forever()
        finally:
            self.ended.set()


async def closed(talker: Talker) -> tuple[int | None, str]:
    """How the server closes, whatever it says before."""
    with pytest.raises(ConnectionClosed) as ended:
        with anyio.fail_after(5):
            while True:
                await talker.socket.recv()
    received = ended.value.rcvd
    return (received.code, received.reason) if received is not None else (None, "")


@pytest.mark.parametrize("provider", [Endless, Silent])
async def test_hanging_up_cancels_within_a_tenth_of_a_second(provider: type[Endless]) -> None:
    endless = provider()
    async with talk(endless) as talker:
        await talker.send(input="Hi")
        await talker.hear()
        talker.socket.transport.abort()
        with anyio.fail_after(0.1):
            await endless.ended.wait()


async def test_closing_in_good_order_cancels_as_well() -> None:
    silent = Silent()
    async with talk(silent) as talker:
        await talker.send(input="Hi")
        await talker.hear()
        await talker.socket.close()
        with anyio.fail_after(0.1):
            await silent.ended.wait()


async def test_a_reader_who_stops_stops_the_speaker() -> None:
    endless = Endless()
    async with serving(application(endless)) as url:
        reader, writer = await _handshake(url)
        writer.write(_frame(_request()))
        await reader.read(100)
        await asyncio.sleep(0.3)
        before = endless.written
        await asyncio.sleep(0.3)
        assert endless.written == before < 10_000_000
        writer.transport.abort()
        with anyio.fail_after(1):
            await endless.ended.wait()


async def test_a_message_over_the_limit_of_a_body_closes_the_socket() -> None:
    async with talk(Scripted("s", "hello"), Terms(body_bytes=10_000)) as talker:
        assert text(await talker.ask("x" * 9_000)) == "hello"
        await talker.send(input="x" * 11_000)
        assert (await closed(talker))[0] == 1009


async def test_a_message_in_pieces_is_one_message_and_under_the_same_limit() -> None:
    async with talk(Scripted("s", "hello"), Terms(body_bytes=10_000)) as talker:
        whole = _request()
        await talker.socket.send([whole[n : n + 1] for n in range(len(whole))])
        assert text((await talker.rest())[-1]) == "hello"
        await talker.socket.send(["x" * 1_000] * 11)
        assert (await closed(talker))[0] == 1009


async def test_messages_count_together_with_all_bodies() -> None:
    terms = Terms(body_bytes=60_000, bodies_bytes=70_000)
    async with serving(application(Scripted("s", SLOWLY), terms)) as url, talking(url) as talker:
        await talker.send(input="x" * 50_000)
        await talker.hear()
        async with talking(url) as other:
            refused = await other.ask("x" * 20_100)
            assert (refused["status"], refused["error"]["code"]) == (503, "overloaded")
            assert (await talker.rest())[-1]["type"] == "response.completed"
            assert text(await other.ask("x" * 20_100)) == "slowly"


async def test_half_messages_count_as_well() -> None:
    terms = Terms(body_bytes=60_000, bodies_bytes=70_000, body_seconds=5)
    async with serving(application(Scripted("s", "hello"), terms)) as url:
        _, first = await _handshake(url)
        first.write(_frame("x" * 50_000)[:-1])
        await asyncio.sleep(0.1)
        reader, second = await _handshake(url)
        second.write(_frame("x" * 30_000)[:-1])
        heard = await asyncio.wait_for(reader.read(), 2)
        assert heard.startswith(b"\x88") and heard[2:4] == (1013).to_bytes(2, "big")
        async with talking(url) as other:
            assert (await other.ask("x" * 30_000))["status"] == 503
            first.transport.abort()
            await asyncio.sleep(0.1)
            assert text(await other.ask("x" * 30_000)) == "hello"


async def test_half_a_message_is_not_waited_for_for_ever() -> None:
    async with serving(application(Scripted("s", "hello"), Terms(body_seconds=0.2))) as url:
        reader, writer = await _handshake(url)
        writer.write(_frame(_request())[:-1])
        heard = await asyncio.wait_for(reader.read(), 5)
        assert b"did not come in time" in heard


async def test_a_socket_may_be_silent_for_longer_than_a_message_may_take() -> None:
    async with talk(Scripted("s", "hello"), Terms(body_seconds=0.1)) as talker:
        assert text(await talker.ask("Hi")) == "hello"
        await asyncio.sleep(0.4)
        assert text(await talker.ask("Hi")) == "hello"


async def test_pings_go_out_while_nothing_is_said() -> None:
    async with serving(application(Silent(), Terms(heartbeat_seconds=0.05))) as url:
        reader, writer = await _handshake(url)
        assert (await asyncio.wait_for(reader.readexactly(2), 2)) == b"\x89\x04"
        writer.close()


async def test_an_old_socket_takes_no_more_requests() -> None:
    async with talk(Scripted("s", SLOWLY), Terms(lifetime_seconds=0.2)) as talker:
        assert text(await talker.ask("Hi")) == "slowly"
        last = await talker.hear()
        assert last["error"]["code"] == "websocket_connection_limit_reached"
        assert (await closed(talker))[0] == 1000


async def test_what_is_remembered_is_bounded() -> None:
    async with talk(Scripted("s", "hello"), Terms(bodies_bytes=30_000)) as talker:
        first = await talker.ask("x" * 20_000)
        second = await talker.ask("x" * 20_000)
        lost = await talker.ask("Go on", previous_response_id=first["response"]["id"])
        assert lost["error"]["code"] == "previous_response_not_found"
        last = await talker.ask("Go on", previous_response_id=second["response"]["id"])
        assert text(last) == "hello"


async def test_a_bug_closes_the_socket_and_tells_nobody_what_was_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def stumble(request: Request) -> list[str]:
        raise ValueError(repr(request))

    async with talk(Scripted("s", stumble)) as talker:
        await talker.send(input="CANARY")
        code, reason = await closed(talker)
    assert (code, "CANARY" in reason) == (1011, False)
    assert "bug in req_1: ValueError at stumble" in caplog.text
    assert "CANARY" not in caplog.text


@asynccontextmanager
async def listening(drain_seconds: float) -> AsyncGenerator[tuple[str, anyio.Event]]:
    """A server that is stopped by a signal, as people stop it."""
    port: list[int] = []
    up, down = anyio.Event(), anyio.Event()

    def ready(number: int) -> None:
        port.append(number)
        up.set()

    async def serve() -> None:
        await listen(
            application(Scripted("s", SLOWLY)),
            host="127.0.0.1",
            port=0,
            drain_seconds=drain_seconds,
            draining=Draining(),
            ready=ready,
        )
        down.set()

    async with anyio.create_task_group() as group:
        group.start_soon(serve)
        await up.wait()
        yield f"http://127.0.0.1:{port[0]}", down
        group.cancel_scope.cancel()


async def test_the_end_of_the_server_lets_an_answer_finish_and_closes_the_rest() -> None:
    async with (
        listening(drain_seconds=5) as (url, down),
        talking(url) as talker,
        talking(url) as idle,
    ):
        await talker.send(input="Hi")
        await talker.hear()
        signal.raise_signal(signal.SIGTERM)
        assert (await closed(idle))[0] == 1012
        assert text((await talker.rest())[-1]) == "slowly"
        assert (await closed(talker))[0] == 1012
        with anyio.fail_after(3):
            await down.wait()


async def test_an_answer_that_takes_too_long_to_end_is_told_so() -> None:
    async with listening(drain_seconds=0.05) as (url, down), talking(url) as talker:
        await talker.send(input="Hi")
        await talker.hear()
        signal.raise_signal(signal.SIGTERM)
        last = (await talker.rest())[-1]
        assert (last["type"], last["response"]["error"]["type"]) == (
            "response.failed",
            "shutting_down",
        )
        assert (await closed(talker))[0] == 1012
        with anyio.fail_after(3):
            await down.wait()


def _request() -> str:
    return json.dumps({"type": "response.create", "model": "m", "input": "Hi", "store": False})


HEAD = (
    "GET /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
)
KEYS = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"


async def _handshake(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A bare socket whose handshake is done."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(f"{HEAD}{KEYS}\r\n".encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)
    assert head.startswith(b"HTTP/1.1 101 ")
    return reader, writer


def _frame(words: str) -> bytes:
    """A text message in one frame, under a mask of noughts."""
    data = words.encode()
    length = bytes([0x80 | 126]) + len(data).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + data


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("", 400),
        ("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400),
        ("sec-websocket-key: short\r\nsec-websocket-version: 13\r\n", 400),
        ("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 8\r\n", 400),
        (KEYS + "transfer-encoding: chunked\r\n", 400),
        (KEYS + "".join(f"x-{n}: y\r\n" for n in range(200)), 400),
    ],
)
async def test_what_is_no_handshake_is_refused_and_hung_up_on(lines: str, status: int) -> None:
    async with serving(application(Scripted("s", "hello"))) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(f"{HEAD}{lines}\r\n".encode())
        heard = await asyncio.wait_for(reader.read(), 5)
        assert heard.startswith(f"HTTP/1.1 {status} ".encode())


async def test_an_offer_of_another_protocol_is_declined_where_sockets_open() -> None:
    async with serving(application(Scripted("s", "hello"))) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(
            b"GET /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade, HTTP2-Settings"
            b"\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n"
        )
        assert (await asyncio.wait_for(reader.readline(), 2)).startswith(b"HTTP/1.1 405 ")
        writer.close()


async def test_no_socket_opens_behind_a_request_that_is_being_answered() -> None:
    async with serving(application(Scripted("s", SLOWLY))) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        body = b'{"model": "m", "input": "Hi"}'
        first = f"POST /v1/responses HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n"
        head = f"{first}content-type: application/json\r\n\r\n".encode()
        writer.write(head + body + f"{HEAD}{KEYS}\r\n".encode())
        heard = b""
        while heard.count(b"HTTP/1.1 ") < 2:
            heard += await asyncio.wait_for(reader.read(65536), 2)
        assert [heard.count(b"HTTP/1.1 200 "), heard.count(b"HTTP/1.1 405 ")] == [1, 1]
        writer.close()


async def test_a_request_may_come_right_behind_the_handshake() -> None:
    async with serving(application(Scripted("s", "hello"))) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(f"{HEAD}{KEYS}\r\n".encode() + _frame(_request()))
        heard = b""
        while b"response.completed" not in heard:
            heard += await asyncio.wait_for(reader.read(65536), 2)
        writer.close()


async def test_no_line_of_the_log_holds_a_query_or_what_was_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    async with serving(application(Scripted("s", "CANARY-said"))) as url:
        where = url.replace("http", "ws", 1) + "/v1/responses?key=CANARY-query"
        async with connect(where, proxy=None, logger=None) as socket:
            await Talker(socket).ask("CANARY-asked")
    ours = [r for r in caplog.records if not r.name.startswith("websockets.client")]
    assert "WEBSOCKET /v1/responses" in caplog.text
    assert not [record for record in ours if "CANARY" in record.getMessage()]
