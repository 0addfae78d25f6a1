"""Everything that can go wrong with a provider can be asked for in the model's name."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import anyio
import msgspec
import pytest

from manymind.providers.forms import is_list, is_object
from manymind.server.simulated import Simulated, Visit
from manymind.server.simulated.answering import spread
from tests.server.simulating import PATHS, Client, Json, body, simulating, text_of
from tests.world import serving

HOUSES = tuple(PATHS)
END = {"chat": b"[DONE]", "responses": b"response.completed", "messages": b"message_stop"}


async def raw(url: str, house: str, model: str, **fields: Any) -> bytes:
    """All bytes of the reply, until the server closes the socket."""
    sent = msgspec.json.encode(body(house, model, "one two three four") | fields)
    host, _, port = url.removeprefix("http://").partition(":")
    head = (
        f"POST {PATHS[house]} HTTP/1.1\r\nhost: {host}\r\nanthropic-version: 2023-06-01\r\n"
        f"connection: close\r\ncontent-length: {len(sent)}\r\n\r\n"
    )
    async with await anyio.connect_tcp(host, int(port)) as stream:
        await stream.send(head.encode() + sent)
        came = b""
        async for piece in stream:
            came += piece
    return came


@asynccontextmanager
async def hanging_up(url: str, house: str, model: str, after: int) -> AsyncGenerator[None]:
    """A caller that reads so many events of a stream; it leaves when the block ends."""
    sent = body(house, model, "one two three four five") | {"stream": True}
    headers = {"anthropic-version": "2023-06-01"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url + PATHS[house], json=sent) as reply,
    ):
        for _ in range(after):
            await reply.content.readuntil(b"\n\n")
        yield


async def ended(visit: Visit) -> None:
    with anyio.fail_after(5):
        while visit.outcome == "open":
            await anyio.sleep(0.001)


@pytest.mark.parametrize("house", HOUSES)
async def test_a_cut_stream_closes_the_socket_without_an_end(house: str) -> None:
    simulated = Simulated()
    async with serving(simulated) as url:
        came = await raw(url, house, "sim-echo;cut=3", stream=True)
        assert came.count(b"data: ") == 3
        assert not came.endswith(b"0\r\n\r\n")
        assert END[house] not in came
        assert simulated.visits[0].outcome == "cut"


@pytest.mark.parametrize("house", HOUSES)
async def test_an_unfinished_stream_ends_in_good_order_without_its_last_events(house: str) -> None:
    async with serving(Simulated()) as url:
        came = await raw(url, house, "sim-echo;unfinished=3", stream=True)
        assert came.count(b"data: ") == 3
        assert came.endswith(b"0\r\n\r\n")
        assert END[house] not in came


@pytest.mark.parametrize("house", HOUSES)
async def test_a_cut_whole_body_is_shorter_than_it_promised(house: str) -> None:
    async with serving(Simulated()) as url:
        came = await raw(url, house, "sim-echo;cut=25")
        head, _, rest = came.partition(b"\r\n\r\n")
        assert len(rest) == 25
        assert b"content-length: 25\r" not in head


@pytest.mark.parametrize("house", HOUSES)
async def test_a_malformed_event_or_body_is_no_json(house: str) -> None:
    async with simulating() as client:
        whole = await client.ask(house, "sim-echo;malformed=1")
        assert whole.status == 200
        with pytest.raises(msgspec.DecodeError):
            msgspec.json.decode(whole.data)
        streamed = await client.ask(house, "sim-echo;malformed=3", stream=True)
        lines = [line for line in streamed.data.split(b"\n") if line.startswith(b"data: {")]
        msgspec.json.decode(lines[1].removeprefix(b"data: "))
        with pytest.raises(msgspec.DecodeError):
            msgspec.json.decode(lines[2].removeprefix(b"data: "))


@pytest.mark.parametrize("house", HOUSES)
async def test_an_error_event_takes_the_place_of_the_end(house: str) -> None:
    async with simulating() as client:
        came = await client.ask(house, "sim-echo;error=3", stream=True)
        assert len(came.events) == 4
        last = came.events[-1]
        assert last["type"] == "error" if house != "chat" else "error" in last
        assert END[house] not in came.data
    if house == "responses":
        assert [event["sequence_number"] for event in came.events] == [0, 1, 2, 3]


async def test_a_whole_response_can_fail_with_status_200() -> None:
    async with simulating() as client:
        failed = (await client.ask("responses", "sim-echo;error=1")).json
        assert (failed["status"], failed["error"]["code"]) == ("failed", "server_error")
        assert (await client.ask("chat", "sim-echo;error=1")).status == 500


@pytest.mark.parametrize("house", HOUSES)
async def test_usage_can_be_missing(house: str) -> None:
    async with simulating() as client:
        whole = (await client.ask(house, "sim-echo;usage=0")).json
        assert whole.get("usage") is None
        came = await client.ask(house, "sim-echo;usage=0", stream=True)
        assert b"_tokens" not in came.data.replace(b"max_output_tokens", b"")
        assert END[house] in came.data


@pytest.mark.parametrize("house", HOUSES)
async def test_unknown_fields_stand_at_every_level(house: str) -> None:
    async with simulating() as client:
        whole = (await client.ask(house, "sim-echo;unknown=1")).json
        assert bare(whole) == []
        events = (await client.ask(house, "sim-echo;unknown=1", stream=True)).events
        assert [place for event in events for place in bare(event)] == []
        kinds = [str(event.get("type") or event.get("object")) for event in events]
        assert any("surprise" in kind for kind in kinds)


def bare(value: object, path: str = "") -> list[str]:
    """The objects without the planted field, the caller's own data aside."""
    if is_list(value):
        return [place for item in value for place in bare(item, f"{path}[]")]
    if not is_object(value) or path.endswith(("x_unheard_of", "metadata")):
        return []
    own = [] if "x_unheard_of" in value else [path]
    return own + [place for name in value for place in bare(value[name], f"{path}.{name}")]


async def test_a_fault_goes_away_after_so_many_times() -> None:
    async with simulating() as client:
        model = "sim-echo;fault=503;retry_after=0.5;times=2"
        came = [await client.ask("chat", model) for _ in range(3)]
        assert [reply.status for reply in came] == [503, 503, 200]
        assert [reply.headers.get("retry-after") for reply in came] == ["0.5", "0.5", None]
        other = await client.ask("chat", "sim-echo;fault=503;times=1")
        assert other.status == 503


@pytest.mark.parametrize("house", HOUSES)
async def test_a_small_window_refuses_what_is_too_long(house: str) -> None:
    async with simulating() as client:
        assert (await client.ask(house, "sim-echo;window=3", "one two three")).status == 200
        long = await client.ask(house, "sim-echo;window=3", "one two three four")
        assert long.status == 400
        if house == "messages":
            assert long.json["error"]["message"] == "prompt is too long: 4 tokens > 3 maximum"
        else:
            assert long.json["error"]["code"] == "context_length_exceeded"


async def test_pages_and_redirects_come_instead_of_answers() -> None:
    simulated = Simulated()
    async with simulating(simulated) as client:
        page = await client.ask("chat", "sim-echo;html=1")
        assert page.headers["content-type"].startswith("text/html")
        assert page.data.startswith(b"<!doctype html>")
        moved = await client.ask("chat", "sim-echo;redirect=/v1/trap")
        assert (moved.status, moved.headers["location"]) == (307, "/v1/trap")
        assert simulated.visited == 2


async def test_latency_and_pace_take_their_time() -> None:
    async with simulating() as client:
        began = time.monotonic()
        await client.ask("chat", "sim-echo;latency=0.15", "a b c")
        assert time.monotonic() - began >= 0.15
        began = time.monotonic()
        await client.ask("chat", "sim-echo;tps=20", "a b c", stream=True)
        assert time.monotonic() - began >= 0.15
        began = time.monotonic()
        await client.ask("chat", "sim-echo;tps=20", "a b c")
        assert time.monotonic() - began >= 0.15


async def test_jitter_is_the_same_for_the_same_seed() -> None:
    first = [spread(7, number) for number in range(50)]
    assert first == [spread(7, number) for number in range(50)]
    assert first != [spread(8, number) for number in range(50)]
    assert 0 <= min(first) < 0.2 and 0.8 < max(first) < 1


async def test_a_dripping_head_arrives_byte_by_byte_and_whole() -> None:
    async with serving(Simulated()) as url:
        began = time.monotonic()
        came = await raw(url, "chat", "sim-echo;drip=0.005")
        assert time.monotonic() - began >= 0.09  # Nineteen bytes, less what clocks round off.
        head, _, rest = came.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 Slow\r\ncontent-type: application/json")
        assert f"content-length: {len(rest)}".encode() in head
        assert text_of("chat", msgspec.json.decode(rest)) == "one two three four"


async def test_a_provider_that_hangs_says_nothing_and_sees_the_caller_leave() -> None:
    simulated = Simulated()
    async with simulating(simulated) as client:
        with anyio.move_on_after(0.1) as scope:
            await client.ask("chat", "sim-echo;hang=1")
        assert scope.cancelled_caught
        await ended(simulated.visits[0])
    assert [visit.status for visit in simulated.hangups] == [None]


@pytest.mark.parametrize("house", HOUSES)
async def test_it_knows_within_milliseconds_that_a_caller_hung_up(house: str) -> None:
    simulated = Simulated()
    async with serving(simulated) as url:
        async with hanging_up(url, house, "sim-echo;stall=4", after=4):
            assert [visit.sent for visit in simulated.open] == [4]
            left = time.monotonic()
        visit = simulated.visits[0]
        await ended(visit)
    assert visit.outcome == "hung_up" and visit.ended is not None
    assert visit.ended - left < 0.1
    assert simulated.open == []


async def test_a_caller_that_leaves_between_tokens_is_seen_too() -> None:
    simulated = Simulated()
    async with serving(simulated) as url:
        async with hanging_up(url, "chat", "sim-echo;tps=2", after=1):
            pass
        await ended(simulated.visits[0])
    assert simulated.hangups == [simulated.visits[0]]


async def test_visits_tell_connections_apart() -> None:
    simulated = Simulated()
    async with serving(simulated) as url, aiohttp.ClientSession() as session:
        for _ in range(2):
            await Client(url, session).ask("chat", "sim-echo")
        await raw(url, "chat", "sim-echo")
    first, second, third = simulated.visits
    assert first.client == second.client != third.client
    assert (first.model, first.outcome, first.status) == ("sim-echo", "answered", 200)
    assert first.body == body("chat", "sim-echo", "Hello there")


async def test_a_reply_that_is_given_is_sent_as_it_stands_and_told_in_proper_events() -> None:
    search = {"id": "ws_1", "type": "web_search_call", "status": "completed"}
    search |= {"action": {"type": "search", "query": "q", "sources": []}}
    thought: Json = {"id": "tco_1", "type": "reasoning", "status": "completed", "summary": []}
    cited: Json = {"type": "url_citation", "title": "1", "start_index": 3, "end_index": 9}
    cited["url"] = "https://a.example/"
    part = {"type": "output_text", "text": "So [[1]](…).", "annotations": [cited], "logprobs": []}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
    output: list[Json] = [search, thought, thought, message | {"content": [part]}]
    told: Json = {"id": "r", "object": "response", "status": "completed", "output": output}
    told |= {"created_at": 0, "usage": {"cost_in_usd_ticks": 1}, "gatewayMetadata": {"k": "v"}}
    async with simulating(Simulated(replies={"sim-fixed": told})) as client:
        assert (await client.ask("responses", "sim-fixed")).json == told
        events = (await client.ask("responses", "sim-fixed", stream=True)).events
        assert events[-1]["response"] == told
        assert [e["item"] for e in events if e["type"] == "response.output_item.done"] == output
        kinds = [event["type"].removeprefix("response.") for event in events]
        assert kinds[2:8] == [
            "output_item.added",
            "web_search_call.in_progress",
            "web_search_call.searching",
            "web_search_call.completed",
            "output_item.done",
            "output_item.added",
        ]
        assert "output_text.annotation.added" in kinds
        assert (await client.ask("chat", "sim-fixed")).status == 400


async def test_acts_of_ones_own_can_be_served() -> None:
    simulated = Simulated(acts={"mine": lambda request: [request.model.upper()]})
    async with simulating(simulated) as client:
        assert text_of("chat", (await client.ask("chat", "mine")).json) == "MINE"
        assert "mine" in simulated.models


@pytest.mark.parametrize("model", ["sim-echo;colour=red", "sim-echo;tps=-1", "sim-echo;cut=x"])
async def test_a_knob_that_does_not_exist_or_fit_is_refused(model: str) -> None:
    async with simulating() as client:
        refused = await client.ask("chat", model)
        assert refused.status == 400
        assert refused.json["error"]["param"] == "model"
