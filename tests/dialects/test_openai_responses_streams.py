"""Streamed replies of the Responses dialect, held against the official SDK's own types."""

from typing import cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from manymind.canon.answers import Answer
from manymind.canon.events import (
    Advanced,
    Began,
    Chunk,
    Cited,
    Closed,
    Ended,
    Happened,
    Noted,
    Opened,
    PartClosed,
    PartOpened,
    Spent,
    Stopped,
    Unheard,
    Wrote,
    spoken,
)
from manymind.canon.faults import (
    Overloaded,
    RateLimited,
)
from manymind.canon.items import Called, Hosted, Said, Thought, Unread
from manymind.canon.parts import Citation, Image, Refusal, Text
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.mirror import View
from manymind.dialects.openai_responses import DIALECT
from manymind.dialects.sse import Parser
from tests.dialects.responses_strategies import answers
from tests.dialects.test_openai_responses_laws import events_of
from tests.dialects.test_openai_responses_stream_reader import heard
from tests.golden.responses_stream import ADDED, COMPLETED, CREATED, DONE, delta

A_REQUEST = Request(model="m", dialect="openai_responses")
OFFICIAL: TypeAdapter[object] = TypeAdapter(ResponseStreamEvent)
BEGAN = Began(id="resp_1", model="lab/small", created=7)
USAGE = Usage(input_tokens=5, output_tokens=2, cost=9)
END: tuple[Happened, ...] = (Stopped(reason="stop"), Spent(usage=USAGE), Ended())


def chunks_of(*events: Happened) -> list[Chunk]:
    return [spoken(event) for event in events]


def sent(chunks: list[Chunk], view: View | None = None) -> list[Json]:
    """The events that a caller sees, in order, each with its SSE name checked."""
    writer = DIALECT.writer(A_REQUEST, view or View())
    frames = [frame for chunk in chunks for frame in writer.write(chunk)]
    return decoded(frames)


def decoded(frames: list[bytes]) -> list[Json]:
    events: list[Json] = []
    for frame in frames:
        (message,) = Parser().feed(frame)
        event = msgspec.json.decode(message.data, type=dict[str, object])
        assert event["type"] == message.event
        events.append(event)
    return events


def types(events: list[Json]) -> list[str]:
    return [str(event["type"]).removeprefix("response.") for event in events]


def test_a_message_is_streamed_in_the_order_that_clients_expect() -> None:
    note = Citation(url="https://e.org", title="1", start=0, end=2)
    events = sent(
        chunks_of(
            BEGAN,
            Opened(item="a", value=Said(role="assistant")),
            PartOpened(item="a", part=0, value=Text(text="")),
            Wrote(item="a", text="he"),
            Wrote(item="a", text="llo"),
            Cited(item="a", citation=note),
            PartClosed(item="a", part=0),
            Closed(item="a"),
            *END,
        )
    )
    assert types(events) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.annotation.added",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event["sequence_number"] for event in events] == list(range(11))
    assert cast("Json", events[2]["item"])["content"] == []
    response = cast("Json", events[-1]["response"])
    assert cast("Json", response["usage"])["cost_in_usd_ticks"] == 9


OF_EVERY_KIND: tuple[Happened, ...] = (
    BEGAN,
    Opened(item="t", value=Thought()),
    Wrote(item="t", where="summary", text="hm"),
    Wrote(item="t", where="content", text="so"),
    Closed(item="t", sealed=Thought(encrypted="zz")),
    Opened(item="s", value=Hosted(tool="web_search", action={"query": "q"})),
    Advanced(item="s", state="searching"),
    Advanced(item="s", state="searching"),
    Closed(item="s"),
    Opened(item="f", value=Called(call_id="c1", name="f")),
    Wrote(item="f", where="arguments", text='{"a":'),
    Wrote(item="f", where="arguments", text="1}"),
    Closed(item="f"),
    Opened(item="r", value=Said(role="assistant")),
    PartOpened(item="r", part=0, value=Refusal(text="")),
    Wrote(item="r", text="no"),
    Closed(item="r"),
    *END,
)
TOLD_AS = """
output_item.added reasoning_summary_part.added reasoning_summary_text.delta content_part.added
reasoning_text.delta reasoning_summary_text.done reasoning_summary_part.done reasoning_text.done
content_part.done output_item.done output_item.added web_search_call.in_progress
web_search_call.searching web_search_call.completed output_item.done output_item.added
function_call_arguments.delta function_call_arguments.delta function_call_arguments.done
output_item.done output_item.added content_part.added refusal.delta refusal.done
content_part.done output_item.done
"""


def test_thoughts_calls_searches_and_refusals_each_have_their_events() -> None:
    events = sent(chunks_of(*OF_EVERY_KIND))
    assert types(events)[2:-1] == TOLD_AS.split()
    by_type = {str(event["type"]): event for event in events}
    assert by_type["response.function_call_arguments.done"]["arguments"] == '{"a":1}'
    assert cast("Json", events[11]["item"])["encrypted_content"] == "zz"
    for event in events:
        OFFICIAL.validate_python(event)


@given(answers(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_every_event_is_one_that_the_official_types_know(answer: Answer, fails: bool) -> None:
    events = events_of(answer)
    writer = DIALECT.writer(A_REQUEST, View())
    frames = [frame for chunk in chunks_of(*events[:-1]) for frame in writer.write(chunk)]
    frames += writer.fail(Overloaded("Busy.")) if fails else writer.write(spoken(events[-1]))
    seen = decoded(frames)
    assert [event["sequence_number"] for event in seen] == list(range(len(seen)))
    for event in seen:
        OFFICIAL.validate_python(event)


def test_items_that_are_open_at_once_keep_their_places() -> None:
    events = sent(
        chunks_of(
            BEGAN,
            Opened(item="s1", value=Hosted(tool="web_search", action={"query": "a"})),
            Opened(item="s2", value=Hosted(tool="web_search", action={"query": "b"})),
            Closed(item="s2"),
            Closed(item="s1"),
            *END,
        )
    )
    places = [(e["item_id"], e["output_index"]) for e in events if "item_id" in e]
    assert set(places) == {("ws_1_0", 0), ("ws_1_1", 1)}
    output = cast("list[Json]", cast("Json", events[-1]["response"])["output"])
    assert [item["id"] for item in output] == ["ws_1_0", "ws_1_1"]


def test_what_the_dialect_has_no_item_for_is_not_shown() -> None:
    events = sent(
        chunks_of(
            BEGAN,
            Opened(item="u", value=Unread(dialect="elsewhere", data={"type": "odd"})),
            Closed(item="u"),
            Opened(item="n", value=Said(role="assistant"), choice=1),
            Wrote(item="n", text="another choice"),
            Closed(item="n"),
            Opened(item="a", value=Said(role="assistant")),
            PartOpened(item="a", part=0, value=Image(url="https://e.org/a.png")),
            PartOpened(item="a", part=1, value=Text(text="")),
            Wrote(item="a", part=1, text="seen"),
            Closed(item="a"),
            *END,
        )
    )
    assert "another choice" not in str(events)
    assert {e["output_index"] for e in events if "output_index" in e} == {0}
    assert {e["content_index"] for e in events if "content_index" in e} == {0}
    part = next(e for e in events if e["type"] == "response.content_part.done")["part"]
    assert cast("Json", part)["text"] == "seen"


def test_other_voices_are_heard_only_where_they_were_asked_for() -> None:
    chunks = chunks_of(
        BEGAN,
        Noted(what="spawned", data={"agents": 2}),
        Opened(item="x", voice="agent-1", value=Said(role="assistant")),
        Wrote(item="x", voice="agent-1", text="aside"),
        Closed(item="x", voice="agent-1"),
        *END,
    )
    strict, open_ = sent(chunks), sent(chunks, View(agents=True))
    assert types(strict) == ["created", "in_progress", "completed"]
    assert [event["sequence_number"] for event in open_] == list(range(7))
    told = [event for event in open_ if event["type"] == "manymind.agent.event"]
    assert [event["voice"] for event in told] == ["leader", *["agent-1"] * 3]
    assert told[2]["event"] == {
        "kind": "wrote",
        "item": "x",
        "text": "aside",
        "part": 0,
        "where": "content",
    }
    assert [e["type"] for e in open_ if e not in told] == [e["type"] for e in strict]


def test_a_message_of_an_upstream_is_sent_as_it_came_with_our_numbers() -> None:
    upstream: list[Json] = [
        {**CREATED, "sequence_number": 40},
        {**ADDED, "sequence_number": 41},
        delta("hello", obfuscation="zzzz", vendor={"a": [1]}),
        {"type": "response.rumour", "vendor": 1},
        DONE,
        COMPLETED,
    ]
    events = sent(heard(*upstream))
    assert [event["sequence_number"] for event in events] == list(range(6))
    assert events[2] == {**upstream[2], "sequence_number": 2}
    assert events[3] == {**upstream[3], "sequence_number": 3}


def test_model_and_cost_are_written_over_a_message_that_is_sent_on() -> None:
    chunks = heard(CREATED, ADDED, DONE, COMPLETED)
    priced: list[Chunk] = []
    for chunk in chunks:
        events = tuple(
            replace(event, model="lab/small")
            if isinstance(event, Began)
            else replace(event, usage=replace(event.usage, cost=77))
            if isinstance(event, Spent)
            else event
            for event in chunk.events
        )
        priced.append(Chunk(events, chunk.wire))
    first, *_, last = sent(priced)
    assert cast("Json", first["response"])["model"] == "lab/small"
    response = cast("Json", last["response"])
    assert response["model"] == "lab/small"
    assert response["usage"] == {"input_tokens": 3, "output_tokens": 1, "cost_in_usd_ticks": 77}
    (cloudflare, *_) = sent(priced, View(house="cloudflare"))
    assert cast("Json", cloudflare["response"])["model"] == "small"


def test_once_something_was_changed_no_summary_of_the_upstream_slips_through() -> None:
    chunks = heard(CREATED, ADDED, delta("hel"), delta("lo"), DONE, COMPLETED)
    changed = [
        spoken(*(replace(e, text="***") if isinstance(e, Wrote) else e for e in chunk.events))
        if n == 3
        else chunk
        for n, chunk in enumerate(chunks)
    ]
    events = sent(changed)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert "hello" not in str(events)
    output = cast("list[Json]", cast("Json", events[-1]["response"])["output"])
    assert cast("list[Json]", output[0]["content"])[0]["text"] == "hel***"
    assert {event["item_id"] for event in events if "item_id" in event} <= {"msg_1", None}


def test_a_whole_reply_can_be_streamed_to_who_asked_for_a_stream() -> None:
    chunk = DIALECT.read_reply(msgspec.json.encode(COMPLETED["response"]))
    events = sent([chunk])
    assert types(events)[0] == "created"
    assert types(events)[-1] == "completed"
    assert "output_text.delta" in types(events)


def test_an_item_left_open_is_closed_as_incomplete() -> None:
    opened = Opened(item="a", value=Said(role="assistant"))
    events = sent(
        chunks_of(BEGAN, opened, Wrote(item="a", text="half"), Ended(status="incomplete"))
    )
    assert types(events)[-2:] == ["output_item.done", "incomplete"]
    assert cast("Json", events[-2]["item"])["status"] == "incomplete"


def test_nothing_is_written_after_the_end() -> None:
    writer = DIALECT.writer(A_REQUEST, View())
    for event in (BEGAN, Ended()):
        writer.write(spoken(event))
    assert writer.write(spoken(Ended())) == []
    assert writer.fail(Overloaded("Busy.")) == []


@pytest.mark.parametrize("began", [True, False])
def test_a_stream_that_breaks_ends_as_failed(began: bool) -> None:
    writer = DIALECT.writer(A_REQUEST, View())
    before = writer.write(spoken(BEGAN)) if began else []
    (event,) = decoded(writer.fail(RateLimited("Too fast.", advice="Wait.")))
    OFFICIAL.validate_python(event)
    assert event["type"] == "response.failed"
    assert event["sequence_number"] == len(before)
    response = cast("Json", event["response"])
    assert response["status"] == "failed"
    error = cast("Json", response["error"])
    assert error["code"] == "rate_limit_exceeded"
    assert error["message"] == "Too fast. Wait."


def test_events_of_another_dialect_are_not_written() -> None:
    foreign = spoken(Unheard(dialect="elsewhere", data={"type": "ping"}))
    assert types(sent([spoken(BEGAN), foreign])) == ["created", "in_progress"]
