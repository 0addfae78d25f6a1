"""Where a reply ends must never be a matter of opinion."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manymind.canon.faults import Fault, UpstreamBroken
from manymind.egress.reply import Patience
from manymind.egress.trusted import Trusted, TrustedConfig
from tests.egress.stage import Visit, chunked, plain, theatre

HASTY = Patience(first_byte_seconds=2, idle_seconds=2)
NEXT = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged"

AMBIGUOUS = {
    "two lengths": b"content-length: 2\r\ncontent-length: 5\r\n\r\nhello",
    "the same length twice": b"content-length: 5\r\ncontent-length: 5\r\n\r\nhello",
    "two lengths in one line": b"content-length: 5, 5\r\n\r\nhello",
    "chunks and a length": b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
    "a length and chunks": b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a signed length": b"content-length: +5\r\n\r\nhello",
    "a negative length": b"content-length: -1\r\n\r\nhello",
    "a hexadecimal length": b"content-length: 0x5\r\n\r\nhello",
    "a length beyond numbers": b"content-length: 99999999999999999999\r\n\r\nhello",
    "a space before the colon": b"content-length : 5\r\n\r\nhello",
    "a folded header": b"x: a\r\n content-length: 5\r\n\r\nhello",
    "a zero byte": b"x: a\0b\r\ncontent-length: 5\r\n\r\nhello",
    "bare line feeds": b"content-length: 5\n\nhello",
    "chunks that are zipped": b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunks that are not last": b"transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunks twice": b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "an endless chunk size": b"transfer-encoding: chunked\r\n\r\nfffffffffffffffff1\r\nx",
    "a chunk size that is none": b"transfer-encoding: chunked\r\n\r\n5x\r\nhello\r\n0\r\n\r\n",
    "a chunk longer than it says": b"transfer-encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
    "a compressed body": b"content-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello",
}


async def exchange(trusted: Trusted, url: str) -> bytes:
    async with trusted.post(url, headers={}, body=b"{}") as reply:
        return await reply.read(10**6)


@pytest.mark.parametrize("rest", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
async def test_an_ambiguous_reply_breaks_and_its_socket_is_never_used_again(rest: bytes) -> None:
    async def play(visit: Visit) -> None:
        await visit.hear()
        await visit.say(b"HTTP/1.1 200 OK\r\n" + rest + NEXT)
        await visit.hung_up()

    async with theatre(play) as house:
        trusted = Trusted(TrustedConfig(patience=HASTY))
        with pytest.raises(UpstreamBroken):
            await exchange(trusted, house.url)
        assert trusted.open_connections(house.url) == 0
        await trusted.aclose()


@pytest.mark.parametrize(
    "line",
    [b"HTTP/2.0 200 OK", b"HTTP/1.1 101 Go", b"HTTP/1.1 99 No", b"HTTP/1.1 999 No", b"ICY 200 OK"],
)
async def test_a_status_line_that_fits_no_request_breaks(line: bytes) -> None:
    async def play(visit: Visit) -> None:
        await visit.hear()
        await visit.say(
            line + b"\r\nupgrade: x\r\nconnection: upgrade\r\ncontent-length: 0\r\n\r\n"
        )
        await visit.hung_up()

    async with theatre(play) as house:
        trusted = Trusted(TrustedConfig(patience=HASTY))
        with pytest.raises(UpstreamBroken):
            await exchange(trusted, house.url)
        await trusted.aclose()


@pytest.mark.parametrize("pause", [0.0, 0.05])
@pytest.mark.parametrize("surplus", [NEXT, b"x", b"HTTP/1.1 200"])
async def test_a_reply_that_nobody_asked_for_is_never_heard(surplus: bytes, pause: float) -> None:
    async def play(visit: Visit) -> None:
        await visit.hear()
        await visit.say(plain(b"first") + (surplus if not pause else b""))
        await asyncio.sleep(pause)
        await visit.say(surplus if pause else b"")
        await visit.hung_up()

    async with theatre(play) as house:
        trusted = Trusted(TrustedConfig(patience=HASTY))
        assert await exchange(trusted, house.url) == b"first"
        await asyncio.sleep(pause * 2)
        assert await exchange(trusted, house.url) == b"first"
        assert len(house.visits) == 2
        await trusted.aclose()


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nconnection: close", b"HTTP/1.0 200 OK", b"HTTP/1.1 200 OK\r\nX: y"],
)
async def test_a_socket_is_kept_only_if_both_sides_keep_it(head: bytes) -> None:
    async def play(visit: Visit) -> None:
        while True:
            await visit.hear()
            await visit.say(head + b"\r\ncontent-length: 2\r\n\r\nok")

    async with theatre(play) as house:
        trusted = Trusted()
        for _ in range(3):
            assert await exchange(trusted, house.url) == b"ok"
        assert len(house.visits) == (1 if b"X" in head else 3)
        await trusted.aclose()


async def test_a_reply_before_the_whole_request_was_sent_ends_the_socket() -> None:
    async def play(visit: Visit) -> None:
        await visit.say(plain(b"too large", "413 No"))
        await asyncio.sleep(0.3)

    async with theatre(play) as house:
        trusted = Trusted()
        async with trusted.post(house.url, headers={}, body=b"x" * 20_000_000) as reply:
            assert (reply.status, await reply.read(100)) == (413, b"too large")
        assert trusted.open_connections(house.url) == 0
        await trusted.aclose()


class Drip:
    """A server that says the given bytes in the given pieces, then closes."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    async def play(self, visit: Visit) -> None:
        await visit.hear()
        for piece in self.pieces:
            await visit.say(piece)
            await asyncio.sleep(0)


async def outcome(pieces: list[bytes]) -> bytes | Fault:
    async with theatre(Drip(pieces).play) as house:
        trusted = Trusted(TrustedConfig(patience=HASTY))
        try:
            return await asyncio.wait_for(exchange(trusted, house.url), 5)
        except Fault as fault:
            return fault
        finally:
            await trusted.aclose()


REPLIES = [
    plain(b"hello world"),
    chunked(b"hel", b"lo wor", b"ld"),
    b"HTTP/1.1 200 OK\r\n\r\nhello world",
    b"HTTP/1.1 100 Continue\r\n\r\n" + plain(b"hello world"),
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    b"b;x=y\r\nhello world\r\n0\r\na: b\r\n\r\n",
]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@given(st.sampled_from(REPLIES), st.lists(st.integers(0, 10**6), max_size=12))
@settings(max_examples=200, deadline=None)
def test_any_cutting_of_a_reply_is_the_same_reply(reply: bytes, places: list[int]) -> None:
    assert asyncio.run(outcome(cut(reply, places))) == b"hello world"


@given(
    st.sampled_from([b"", *REPLIES, b"HTTP/1.1 200 OK\r\n"]),
    st.integers(0, 10**6),
    st.binary(max_size=60),
    st.integers(0, 20),
    st.lists(st.integers(0, 10**6), max_size=4),
)
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_hostile_bytes_are_a_reply_or_a_fault_and_never_anything_else(
    reply: bytes, at: int, noise: bytes, over: int, places: list[int]
) -> None:
    at %= len(reply) + 1
    hostile = reply[:at] + noise + reply[at + over :]
    assert isinstance(asyncio.run(outcome(cut(hostile, places))), bytes | Fault)


@given(st.sampled_from([REPLIES[0], REPLIES[1], REPLIES[4]]), st.integers(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_a_framed_reply_that_was_cut_anywhere_is_a_fault(reply: bytes, at: int) -> None:
    assert isinstance(asyncio.run(outcome([reply[: at % len(reply)]])), UpstreamBroken)


@pytest.mark.long
@given(st.binary(max_size=300), st.lists(st.integers(0, 10**6), max_size=4))
@settings(max_examples=3000, deadline=None)
def test_noise_alone_is_a_fault(noise: bytes, places: list[int]) -> None:
    assert isinstance(asyncio.run(outcome(cut(noise, places))), bytes | Fault)
