"""The client for configured hosts: exchanges, sockets, hang-ups."""

import asyncio
import time

import pytest

from manymind.alarm import Alarm
from manymind.canon.faults import (
    BadRequest,
    CutShort,
    TimedOut,
    UpstreamBroken,
    UpstreamRefused,
)
from manymind.egress.connection import Bounds
from manymind.egress.reply import HIGH_WATER_BYTES, Patience, Reply
from tests.egress.stage import Visit, always, ask, chunked, client, once, plain, theatre

SHORT = Patience(first_byte_seconds=0.2, first_byte_seconds_per_megabyte=0, idle_seconds=0.2)


async def test_a_request_arrives_as_it_was_written() -> None:
    async with theatre(always(plain(b"ok"))) as house, client() as trusted:
        async with trusted.post(
            f"{house.url}/v1/x?y=1", headers={"authorization": "Bearer k"}, body=[b"ab", b"", b"c"]
        ) as reply:
            assert (reply.status, await reply.read(10)) == (200, b"ok")
        head = house.visits[0].heads[0]
        assert head.startswith("POST /v1/x?y=1 HTTP/1.1\r\n")
        for line in (
            f"host: 127.0.0.1:{house.port}",
            "content-length: 3",
            "authorization: Bearer k",
            "accept-encoding: identity",
        ):
            assert f"\r\n{line}\r\n" in head
        assert house.visits[0].bodies == [b"abc"]


async def test_a_large_body_goes_out_whole() -> None:
    async with theatre(always(plain(b"ok"))) as house, client() as trusted:
        pieces = [bytes([n]) * 1_000_000 for n in range(8)]
        async with trusted.post(house.url, headers={}, body=pieces) as reply:
            await reply.read(10)
        assert house.visits[0].bodies[0] == b"".join(pieces)


@pytest.mark.parametrize(
    "reply",
    [
        plain(b"hello"),
        chunked(b"he", b"llo"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + plain(b"hello"),
        b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + chunked(b"hello"),
    ],
)
async def test_a_framed_reply_leaves_the_socket_for_the_next_request(reply: bytes) -> None:
    async with theatre(always(reply)) as house, client() as trusted:
        for _ in range(3):
            assert await ask(trusted, house.url) == b"hello"
        assert len(house.visits) == 1


async def test_a_reply_may_end_with_its_connection() -> None:
    reply = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello"
    async with theatre(once(reply)) as house, client() as trusted:
        async with trusted.get(house.url, headers={}) as answer:
            assert answer.headers == {"x-a": "1, 2"}
            assert await answer.read(10) == b"hello"
        assert await ask(trusted, house.url) == b"hello"
        assert len(house.visits) == 2


@pytest.mark.parametrize("begun", [False, True])
async def test_hanging_up_reaches_the_upstream_within_100_ms(begun: bool) -> None:
    heard, gone = asyncio.Event(), asyncio.Event()

    async def play(visit: Visit) -> None:
        await visit.hear()
        if begun:
            await visit.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n")
        heard.set()
        await visit.hung_up()
        gone.set()

    async with theatre(play) as house, client() as trusted:
        task = asyncio.create_task(ask(trusted, house.url))
        await heard.wait()
        await asyncio.sleep(0.02)
        start = time.perf_counter()
        task.cancel()
        await asyncio.wait_for(gone.wait(), 0.1)
        assert time.perf_counter() - start < 0.1
        assert trusted.open_connections(house.url) == 0


async def test_leaving_a_reply_half_read_hangs_up() -> None:
    gone = asyncio.Event()

    async def play(visit: Visit) -> None:
        await visit.hear()
        await visit.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n")
        await visit.hung_up()
        gone.set()

    async with theatre(play) as house, client() as trusted:
        async with trusted.post(house.url, headers={}, body=b"") as reply:
            async for data in reply.chunks():
                assert data == b"x"
                break
        await asyncio.wait_for(gone.wait(), 0.1)


async def test_a_reader_that_stops_stops_the_upstream_and_loses_nothing() -> None:
    sent = 0

    async def play(visit: Visit) -> None:
        nonlocal sent
        await visit.hear()
        await visit.say(b"HTTP/1.1 200 OK\r\ncontent-length: 64000000\r\n\r\n")
        for _ in range(1000):
            await visit.say(b"x" * 64_000)
            sent += 64_000

    async with theatre(play) as house, client() as trusted:
        async with trusted.post(house.url, headers={}, body=b"") as reply:
            await asyncio.sleep(0.2)
            stalled = sent
            await asyncio.sleep(0.1)
            assert sent == stalled < 40_000_000
            sizes = [len(data) async for data in reply.chunks()]
        assert sum(sizes) == 64_000_000
        assert max(sizes) <= HIGH_WATER_BYTES * 2


class Tap:
    """A socket's flow, as a reply turns it."""

    def __init__(self) -> None:
        self.open = True

    def pause_reading(self) -> None:
        self.open = False

    def resume_reading(self) -> None:
        self.open = True


async def test_a_reply_left_unread_does_not_clog_its_socket() -> None:
    tap = Tap()
    loop = asyncio.get_running_loop()
    reply = Reply("host", tap, None, loop, Alarm(loop, loop.stop))
    reply.hear_head(200, {})
    reply.hear(b"x" * HIGH_WATER_BYTES)
    assert tap.open
    reply.hear(b"x")
    reply.hear_end()
    assert not tap.open
    reply.close()
    assert tap.open


async def test_silence_before_and_within_a_reply_is_bounded() -> None:
    async def silent(visit: Visit) -> None:
        await visit.hear()
        await visit.hung_up()

    async def stuck(visit: Visit) -> None:
        await visit.hear()
        await visit.say(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
        await visit.hung_up()

    async with theatre(silent) as house, client(patience=SHORT) as trusted:
        with pytest.raises(TimedOut, match="did not answer"):
            await ask(trusted, house.url)
    async with theatre(stuck) as house, client(patience=SHORT) as trusted:
        with pytest.raises(TimedOut, match="silent in the middle"):
            await ask(trusted, house.url)


async def test_drops_of_header_do_not_buy_time() -> None:
    async def play(visit: Visit) -> None:
        await visit.hear()
        await visit.say(b"HTTP/1.1 200 OK\r\nx: ")
        while True:
            await visit.say(b"y")
            await asyncio.sleep(0.02)

    async with theatre(play) as house, client(patience=SHORT) as trusted:
        with pytest.raises(TimedOut):
            await asyncio.wait_for(ask(trusted, house.url), 2)


async def test_a_deadline_ends_a_reply_that_never_pauses() -> None:
    async def play(visit: Visit) -> None:
        await visit.hear()
        await visit.say(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await visit.say(b"y" * 1000)
            await asyncio.sleep(0)

    async with theatre(play) as house, client() as trusted:
        start = time.perf_counter()
        with pytest.raises(TimedOut):
            async with trusted.post(house.url, headers={}, body=b"", deadline_seconds=0.3) as reply:
                async for _ in reply.chunks():
                    pass
        assert 0.2 < time.perf_counter() - start < 1.5


def test_the_wait_for_a_first_byte_grows_with_the_prompt() -> None:
    patience = Patience()
    assert patience.first_byte(8_000_000) == patience.first_byte(0) + 8 * 60


async def test_a_reply_beyond_its_bounds_is_refused() -> None:
    endless = b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000
    many = b"HTTP/1.1 200 OK\r\n" + b"x: 1234567890\r\n" * 6000 + b"content-length: 0\r\n\r\n"
    for reply in (endless, many):
        async with theatre(once(reply)) as house, client() as trusted:
            with pytest.raises(UpstreamBroken, match="beyond any measure"):
                await ask(trusted, house.url)
    async with theatre(once(plain(b"y" * 2000))) as house:
        async with client(bounds=Bounds(body_bytes=1000)) as trusted:
            with pytest.raises(UpstreamBroken, match="more than 1,000 bytes"):
                await ask(trusted, house.url)
        async with client() as trusted:
            with pytest.raises(UpstreamBroken, match="more than 100 bytes"):
                async with trusted.get(house.url, headers={}) as answer:
                    await answer.read(100)


@pytest.mark.parametrize(
    "cut", [b"content-length: 9\r\n\r\nhalf", b"transfer-encoding: chunked\r\n\r\n4\r\nha"]
)
async def test_a_reply_that_breaks_off_is_no_success(cut: bytes) -> None:
    async with theatre(once(b"HTTP/1.1 200 OK\r\n" + cut)) as house, client() as trusted:
        got = b""
        with pytest.raises(CutShort):
            async with trusted.post(house.url, headers={}, body=b"") as reply:
                async for data in reply.chunks():
                    got += data
        assert got.startswith(b"ha"), "what came before the break is still heard"


@pytest.mark.parametrize("value", ["a\r\nx: y", "a\nb", "a\0b", "schlüssel\u2028"])
async def test_a_header_cannot_smuggle_a_second_one(value: str) -> None:
    async with client() as trusted:
        with pytest.raises(UpstreamRefused) as caught:
            trusted.post("http://127.0.0.1:9/", headers={"authorization": value}, body=b"")
        assert value not in caught.value.full


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x/",
        "x",
        "http://",
        "http://u:secret@x/",
        "http://x:99999/",
        "http://x/a b",
        "http://[/",
    ],
)
async def test_an_address_that_is_none_is_refused_without_being_repeated(url: str) -> None:
    async with client() as trusted:
        with pytest.raises(BadRequest) as caught:
            trusted.post(url, headers={}, body=b"")
        assert "secret" not in caught.value.full


async def test_an_unreachable_host_is_named() -> None:
    async with client() as trusted:
        with pytest.raises(
            UpstreamBroken, match=r"127\.0\.0\.1 cannot be reached: the connection was"
        ):
            await ask(trusted, "http://127.0.0.1:9/")
        with pytest.raises(UpstreamBroken, match=r"nowhere\.invalid cannot be reached"):
            await ask(trusted, "http://nowhere.invalid/")
