"""Streamed replies of the Messages dialect, held against the official SDK's own types."""

from pathlib import Path
from typing import cast

import msgspec
from anthropic.types import Message as Reply
from anthropic.types import RawMessageStreamEvent
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import TypeAdapter

from manymind.canon.answers import fold
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
)
from manymind.canon.items import Called, Hosted, Said, Thought
from manymind.canon.parts import Citation, Text
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.anthropic_messages import DIALECT
from manymind.dialects.mirror import View
from manymind.dialects.sse import Parser
from tests.dialects import strategies
from tests.dialects.test_anthropic_messages_laws import bare, heard

GOLDEN = Path(__file__).parent.parent / "golden"
STREAM = (GOLDEN / "messages_stream.txt").read_bytes()
A_REQUEST = Request(model="m", dialect="anthropic_messages")
OFFICIAL: TypeAdapter[object] = TypeAdapter(RawMessageStreamEvent)

BEGAN = Began(id="msg_1", model="lab/small")
USAGE = Usage(input_tokens=9, cached_tokens=4, output_tokens=2, cost=9)
END: tuple[Happened, ...] = (Stopped(reason="stop"), Spent(usage=USAGE), Ended())


def sent(chunks: list[Chunk]) -> list[Json]:
    """What the writer makes of the chunks; every element is one event with its name."""
    writer = DIALECT.writer(A_REQUEST, View())
    events: list[Json] = []
    for frame in (frame for chunk in chunks for frame in writer.write(chunk)):
        (message,) = Parser().feed(frame)
        data = cast("Json", msgspec.json.decode(message.data))
        assert message.event == data["type"]
        assert frame.endswith(b"\n\n")
        events.append(data)
    return events


def told(*events: Happened) -> list[Json]:
    written = sent([spoken(event) for event in events])
    for event in written:
        OFFICIAL.validate_python(event)
    return written


def brief(events: list[Json]) -> list[str]:
    """Each event in a word: its type, its block, and what it adds."""
    words: list[str] = []
    for event in events:
        block = cast("Json", event.get("content_block") or event.get("delta") or {})
        kind = str(event["type"]).removeprefix("content_block_")
        index = event.get("index")
        words.append(kind if index is None else f"{kind} {index} {block.get('type', '')}".strip())
    return words


def said(key: str, *texts: str) -> list[Happened]:
    return [
        Opened(item=key, value=Said(role="assistant")),
        PartOpened(item=key, part=0, value=Text(text="")),
        *(Wrote(item=key, text=text) for text in texts),
        PartClosed(item=key, part=0),
        Closed(item=key),
    ]


def test_a_stream_is_passed_on_as_it_came() -> None:
    came = [msgspec.json.decode(message.data) for message in Parser().feed(STREAM)]
    assert sent(heard(STREAM)) == came


def test_model_and_cost_are_written_over_what_came() -> None:
    chunks = [
        replace(chunk, events=tuple(_known_better(event) for event in chunk.events))
        for chunk in heard(STREAM)
    ]
    events = sent(chunks)
    assert cast("Json", events[0]["message"])["model"] == "house/sonnet"
    usage = cast("Json", events[-2]["usage"])
    assert (usage["cost_in_usd_ticks"], usage["output_tokens"]) == (77, 85)


def _known_better(event: Happened) -> Happened:
    match event:
        case Began():
            return replace(event, model="house/sonnet")
        case Spent():
            return replace(event, usage=replace(event.usage, cost=77))
        case _:
            return event


def test_a_stream_of_which_every_message_was_changed_says_the_same() -> None:
    changed = [Chunk(chunk.events) for chunk in heard(STREAM)]
    writer = DIALECT.writer(A_REQUEST, View())
    again = b"".join(frame for chunk in changed for frame in writer.write(chunk))
    assert bare(fold(heard(again))) == bare(fold(heard(STREAM)))


def test_a_plain_answer_is_told_in_the_order_that_clients_expect() -> None:
    events = told(BEGAN, *said("a", "Hel", "lo"), *END)
    assert brief(events) == [
        "message_start",
        "start 0 text",
        "delta 0 text_delta",
        "delta 0 text_delta",
        "stop 0",
        "message_delta",
        "message_stop",
    ]
    start = cast("Json", events[0]["message"])
    assert (start["content"], start["stop_reason"]) == ([], None)
    assert events[-2]["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}
    usage = cast("Json", events[-2]["usage"])
    assert (usage["input_tokens"], usage["cache_read_input_tokens"]) == (5, 4)
    assert usage["cost_in_usd_ticks"] == 9


def test_input_tokens_that_are_known_stand_at_the_start() -> None:
    start = sent([spoken(BEGAN, Spent(usage=USAGE))])[0]
    assert cast("Json", cast("Json", start["message"])["usage"])["input_tokens"] == 5


def test_items_that_interleave_are_told_one_after_another() -> None:
    call = Called(call_id="c", name="f")
    events = told(
        BEGAN,
        Opened(item="a", value=Said(role="assistant")),
        Wrote(item="a", text="One "),
        Opened(item="b", value=call),
        Wrote(item="b", where="arguments", text='{"x":'),
        Opened(item="c", value=replace(call, call_id="d")),
        Wrote(item="a", text="two"),
        Wrote(item="c", where="arguments", text="{}"),
        Closed(item="c"),
        Closed(item="a"),
        Wrote(item="b", where="arguments", text="1}"),
        Closed(item="b"),
        *END,
    )
    assert brief(events)[1:-2] == [
        "start 0 text",
        "delta 0 text_delta",
        "delta 0 text_delta",
        "stop 0",
        "start 1 tool_use",
        "delta 1 input_json_delta",
        "delta 1 input_json_delta",
        "stop 1",
        "start 2 tool_use",
        "delta 2 input_json_delta",
        "stop 2",
    ]


def test_an_item_that_nobody_closed_is_closed_at_the_end() -> None:
    opened: list[Happened] = [
        Opened(item="a", value=Said(role="assistant")),
        Wrote(item="a", text="Hi"),
        Opened(item="b", value=Called(call_id="c", name="f")),
    ]
    assert brief(told(BEGAN, *opened, *END))[-5:] == [
        "stop 0",
        "start 1 tool_use",
        "stop 1",
        "message_delta",
        "message_stop",
    ]


def test_reasoning_is_told_with_its_signature_at_the_end() -> None:
    sealed = Thought(signature="s")
    events = told(
        BEGAN,
        Opened(item="a", value=Thought()),
        Wrote(item="a", where="summary", text="First."),
        Wrote(item="a", where="summary", part=1, text="Then."),
        Closed(item="a", sealed=sealed),
        *END,
    )
    deltas = [cast("Json", event["delta"]) for event in events[2:5]]
    assert deltas == [
        {"type": "thinking_delta", "thinking": "First."},
        {"type": "thinking_delta", "thinking": "\n\nThen."},
        {"type": "signature_delta", "signature": "s"},
    ]


def test_citations_are_told_when_their_text_is_whole() -> None:
    citation = Citation(url="https://a.example", title="1", start=0, end=2, quote="q")
    events = told(
        BEGAN,
        Opened(item="a", value=Said(role="assistant")),
        PartOpened(item="a", part=0, value=Text(text="")),
        Wrote(item="a", text="Hi"),
        Cited(item="a", citation=citation),
        Wrote(item="a", text=" there"),
        PartClosed(item="a", part=0),
        Closed(item="a"),
        *END,
    )
    assert brief(events)[2:5] == ["delta 0 text_delta"] * 2 + ["delta 0 citations_delta"]
    note = cast("Json", cast("Json", events[4]["delta"])["citation"])
    assert (note["start_index"], note["end_index"], note["cited_text"]) == (0, 2, "q")


def test_a_search_is_told_with_what_it_found() -> None:
    action: Json = {"type": "search", "query": "q", "sources": [{"url": "https://a.example"}]}
    call = Hosted(tool="web_search", id="ws_1")
    events = told(
        BEGAN,
        Opened(item="a", value=call),
        Advanced(item="a", state="searching"),
        Closed(item="a", sealed=replace(call, action=action)),
        *END,
    )
    assert brief(events)[1:-2] == [
        "start 0 server_tool_use",
        "delta 0 input_json_delta",
        "stop 0",
        "start 1 web_search_tool_result",
        "stop 1",
    ]


def test_other_voices_and_other_choices_are_not_heard() -> None:
    agent = Opened(voice="agent-1", item="x", value=Said(role="assistant"))
    second = Opened(item="y", value=Said(role="assistant"), choice=1)
    note = Noted(what="claim", data={})
    foreign = Unheard(dialect="openai_chat", data={"type": "x"})
    events = told(
        BEGAN,
        agent,
        second,
        Wrote(item="y", text="no"),
        note,
        foreign,
        Ended(voice="agent-1"),
        *said("a", "Hi"),
        *END,
    )
    assert brief(events) == brief(told(BEGAN, *said("a", "Hi"), *END))


def test_other_voices_are_told_to_callers_who_ask() -> None:
    writer = DIALECT.writer(A_REQUEST, View(agents=True))
    (frame,) = writer.write(spoken(Wrote(voice="agent-1", item="x", text="Hm.")))
    (message,) = Parser().feed(frame)
    assert message.event == "manymind.agent.event"
    assert msgspec.json.decode(message.data)["voice"] == "agent-1"


def test_an_event_that_nobody_knows_passes_through() -> None:
    data: Json = {"type": "content_block_hint", "index": 0}
    assert sent([spoken(Unheard(dialect="anthropic_messages", data=data))]) == [data]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_every_event_is_one_that_the_official_sdk_takes(data: st.DataObject) -> None:
    answer = data.draw(strategies.answers())
    events = told(*data.draw(strategies.happenings(answer)))
    assert [event["type"] for event in events][-1] == "message_stop"
    open_block: object = None
    count = 0
    for event in events:
        match event["type"]:
            case "content_block_start":
                assert open_block is None
                assert event["index"] == count
                open_block, count = count, count + 1
            case "content_block_delta":
                assert event["index"] == open_block
            case "content_block_stop":
                assert event["index"] == open_block
                open_block = None
            case _:
                assert open_block is None
    Reply.model_validate(cast("Json", events[0]["message"]))


def test_a_broken_stream_ends_in_an_error_and_never_in_a_stop() -> None:
    writer = DIALECT.writer(A_REQUEST, View())
    writer.write(spoken(BEGAN))
    (frame,) = writer.fail(Overloaded("Too much at once.", advice="Try again."))
    (message,) = Parser().feed(frame)
    assert message.event == "error"
    assert msgspec.json.decode(message.data) == {
        "type": "error",
        "error": {"type": "overloaded_error", "message": "Too much at once. Try again."},
    }
