"""A provider on the network: what it sends, what it makes of replies, what it keeps to itself."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from manymind.canon.answers import fold
from manymind.canon.events import Chunk, Noted
from manymind.canon.faults import (
    CutShort,
    Fault,
    OverBudget,
    RateLimited,
    TimedOut,
    Unsupported,
    UpstreamBroken,
)
from manymind.egress.trusted import Trusted
from manymind.providers.remote import Door, Remote, wait
from manymind.providers.upstream import Only
from tests.egress.stage import Play, Theatre, Visit, always, chunked, once, plain, theatre
from tests.providers.toy import Toy
from tests.world import FakeClock, Heard, a_desk, a_request, listener

KEY = "sk-canary-4242424242"
STREAM = b'data: {"t":"Hel"}\n\ndata: {"t":"lo"}\n\ndata: [DONE]\n\n'


def sse(body: bytes) -> bytes:
    return plain(body, "200 OK", "content-type: text/event-stream")


@asynccontextmanager
async def remote(play: Play) -> AsyncGenerator[tuple[Remote, Theatre]]:
    async with theatre(play) as house:
        client = Trusted()
        doors = (Door(Toy(), f"{house.url}/toy"), Door(Toy("twin"), f"{house.url}/twin"))
        headers = {"authorization": f"Bearer {KEY}"}
        try:
            yield Remote("acme", doors, client, headers=headers, secrets=(KEY,)), house
        finally:
            await client.aclose()


async def run(provider: Remote, **fields: Any) -> Heard:
    heard, say = listener()
    await provider.run(a_request(**fields), say, a_desk())
    return heard


@pytest.mark.parametrize(
    ("reply", "stream"),
    [
        (sse(STREAM), True),
        (chunked(*(STREAM[n : n + 1] for n in range(len(STREAM)))), True),
        (b"HTTP/1.1 200 OK\r\n\r\n" + STREAM, True),
        (sse(STREAM.rstrip(b"\n")), True),
        (plain(b'\xef\xbb\xbf\n {"t":"Hello"}', "200 OK", "content-type: application/json"), False),
        (plain(b'{"t":"Hello"}', "200 OK", "content-type: application/json"), True),
        (sse(STREAM), False),
        (plain(STREAM, "200 OK", "content-type: application/json"), True),
    ],
)
async def test_an_answer_is_the_same_however_it_comes(reply: bytes, stream: bool) -> None:
    async with remote(once(reply)) as (provider, _):
        assert (await run(provider, stream=stream)).answer.text == "Hello"


async def test_the_key_stands_in_its_header_and_nowhere_else() -> None:
    async with remote(always(sse(STREAM))) as (provider, house):
        await run(provider, stream=True)
        head, body = house.visits[0].heads[0], house.visits[0].bodies[0]
        assert f"authorization: Bearer {KEY}\r\n" in head
        assert "accept: text/event-stream\r\n" in head
        assert head.count(KEY) == 1
        assert KEY.encode() not in body


async def test_a_request_goes_out_in_its_own_dialect_if_it_can() -> None:
    async with remote(always(sse(STREAM))) as (provider, house):
        for dialect in ("twin", "toy", "other", None):
            await run(provider, dialect=dialect, stream=True)
        paths = [head.split()[1] for head in house.visits[0].heads]
        assert paths == ["/twin", "/toy", "/toy", "/toy"]


async def test_a_model_that_answers_in_one_dialect_alone_is_asked_in_it() -> None:
    async with theatre(always(sse(STREAM))) as house:
        client = Trusted()
        doors = (Door(Toy(), f"{house.url}/toy"), Door(Toy("twin"), f"{house.url}/twin"))
        only = (Only("multi-agent", "twin"),)
        provider = Remote("acme", doors, client, headers={}, only=only)
        await run(provider, model="grok-multi-agent-0309", dialect="toy")
        assert house.visits[0].heads[0].startswith("POST /twin ")
        await client.aclose()


async def test_what_was_lost_is_told_before_the_answer() -> None:
    async with remote(always(sse(STREAM))) as (provider, _):
        heard = await run(provider, seed=1, stream=True)
        assert heard[0] == Chunk((Noted(what="dropped", data={"parameters": ["seed"]}),))
        assert heard.answer.text == "Hello"
        assert not any(isinstance(event, Noted) for event in (await run(provider)).events)


async def test_a_failed_attempt_says_nothing_of_what_it_would_have_lost() -> None:
    async with remote(once(plain(b"busy", "429 Too Many"))) as (provider, _):
        heard, say = listener()
        with pytest.raises(RateLimited):
            await provider.run(a_request(seed=1), say, a_desk())
        assert heard == []


async def test_required_parameters_are_refused_before_anything_is_sent() -> None:
    async with remote(always(sse(STREAM))) as (provider, house):
        with pytest.raises(Unsupported, match="acme cannot take seed in toy") as caught:
            await run(provider, seed=1, require_parameters=True)
        assert caught.value.field == "seed"
        assert house.visits == []


@pytest.mark.parametrize(
    ("reply", "stream", "kind"),
    [
        (sse(b'data: {"t":"Hel"}\n\n'), True, CutShort),
        (sse(b'data: {"t":"Hel"}\n\ndata: {"t":'), True, CutShort),
        (sse(b'data: {"t":}\n\n'), True, UpstreamBroken),
        (sse(b""), True, CutShort),
        (plain(b"  \n "), False, UpstreamBroken),
        (plain(b'{"t":'), False, UpstreamBroken),
        (plain(b"[]"), False, UpstreamBroken),
        (plain(b"<html>login</html>"), False, UpstreamBroken),
        (plain(b"Welcome", "200 OK", "content-type: text/html; charset=x"), True, UpstreamBroken),
        (chunked(STREAM)[:60], True, CutShort),
        (plain(b"", "302 Found", "location: http://elsewhere/"), False, UpstreamBroken),
        (b"\x16\x03\x01\x00", True, UpstreamBroken),
    ],
)
async def test_nonsense_never_passes_for_an_answer(
    reply: bytes, stream: bool, kind: type[Fault]
) -> None:
    async with remote(once(reply)) as (provider, _):
        with pytest.raises(kind) as caught:
            await run(provider, stream=stream)
        assert caught.value.upstream == "acme"


async def test_what_came_before_a_cut_was_spoken() -> None:
    heard, say = listener()
    async with remote(once(sse(b'data: {"t":"Hel"}\n\n'))) as (provider, _):
        with pytest.raises(CutShort):
            await provider.run(a_request(stream=True), say, a_desk())
    assert (fold(heard).text, fold(heard).status) == ("Hel", "in_progress")


async def test_a_refusal_keeps_its_wait_and_its_request_id() -> None:
    reply = plain(b"slow down", "429 Too Many", "retry-after: 7", "x-request-id: req_1")
    async with remote(once(reply)) as (provider, _):
        with pytest.raises(RateLimited) as caught:
            await run(provider)
    fault = caught.value
    assert (fault.retry_after, fault.upstream) == (7.0, "acme")
    assert fault.full.startswith("acme: slow down. ")
    assert fault.full.endswith(" The provider's request id is req_1.")


async def test_a_forged_request_id_is_not_repeated() -> None:
    reply = plain(b"no", "500 Oops", 'x-request-id: <script>"')
    async with remote(once(reply)) as (provider, _):
        with pytest.raises(UpstreamBroken) as caught:
            await run(provider)
    assert caught.value.full == f"acme: no. {UpstreamBroken.remedy}"


def test_a_wait_is_read_in_seconds_milliseconds_and_dates() -> None:
    clock = FakeClock(today=1_800_000_000.0)
    later = format_datetime(datetime.fromtimestamp(1_800_000_090, UTC), usegmt=True)
    assert wait({"retry-after": "2.5"}, clock) == 2.5
    assert wait({"retry-after-ms": "1500", "retry-after": "9"}, clock) == 1.5
    assert wait({"retry-after": later}, clock) == 90.0
    assert wait({"retry-after": "-3"}, clock) == 0.0
    for nonsense in ("", "soon", "nan", "inf", "Mon, 99 Foo 0000 99:99:99 GMT", "1 Jan 999999999"):
        assert wait({"retry-after": nonsense}, clock) is None


@pytest.mark.parametrize(
    "reply",
    [
        plain(f"Incorrect API key: {KEY}".encode(), "401 No"),
        plain(f"{KEY}".encode(), "500 No", f"x-request-id: {KEY}"),
        plain(KEY.encode(), "429 No"),
        plain(f"<{KEY}>".encode()),
        b"HTTP/1.1 200 OK\r\n" + KEY.encode() + b"\r\n\r\n",
        sse(f"data: {KEY}\n\n".encode()),
    ],
)
async def test_no_fault_holds_the_key(reply: bytes) -> None:
    async with remote(once(reply)) as (provider, _):
        with pytest.raises(Fault) as caught:
            await run(provider)
    fault = caught.value
    assert KEY not in f"{fault.full} {fault!r} {fault.field} {fault.upstream}"


async def test_a_fault_of_the_listener_is_not_laid_at_the_upstream() -> None:
    async def say(chunk: Chunk) -> None:
        raise OverBudget("The purse is empty.")

    async with remote(once(sse(STREAM))) as (provider, _):
        with pytest.raises(OverBudget) as caught:
            await provider.run(a_request(stream=True), say, a_desk())
    assert caught.value.upstream is None


async def hangs(visit: Visit) -> None:
    await visit.hear()
    await visit.say(b'HTTP/1.1 200 OK\r\n\r\ndata: {"t":"Hel"}\n\n')
    await visit.hung_up()


async def test_hanging_up_reaches_the_upstream_within_100_ms() -> None:
    gone, begun = asyncio.Event(), asyncio.Event()

    async def play(visit: Visit) -> None:
        await hangs(visit)
        gone.set()

    async def say(chunk: Chunk) -> None:
        begun.set()

    async with remote(play) as (provider, _):
        task = asyncio.create_task(provider.run(a_request(stream=True), say, a_desk()))
        await begun.wait()
        task.cancel()
        await asyncio.wait_for(gone.wait(), 0.1)


async def test_the_deadline_of_the_desk_holds() -> None:
    async with remote(hangs) as (provider, _):
        clock = FakeClock()
        _, say = listener()
        start = time.perf_counter()
        with pytest.raises(TimedOut):
            await provider.run(
                a_request(stream=True), say, a_desk(clock=clock, deadline=clock.now() + 0.1)
            )
        assert time.perf_counter() - start < 0.5
        with pytest.raises(TimedOut, match="has run out"):
            await provider.run(a_request(), say, a_desk(clock=clock, deadline=clock.now()))


async def test_an_answer_that_ended_needs_no_clean_goodbye() -> None:
    async def cut(visit: Visit) -> None:
        await visit.hear()
        await visit.say(chunked(STREAM)[:-5])

    async def open_end(visit: Visit) -> None:
        await visit.hear()
        await visit.say(chunked(STREAM)[:-5])
        await visit.hung_up()

    for play in (cut, open_end):
        async with remote(play) as (provider, _):
            start = time.perf_counter()
            assert (await run(provider, stream=True)).answer.text == "Hello"
            assert time.perf_counter() - start < 2


async def test_streams_one_after_another_share_a_socket() -> None:
    async with remote(always(chunked(STREAM))) as (provider, house):
        for _ in range(50):
            await run(provider, stream=True)
        assert len(house.visits) == 1
