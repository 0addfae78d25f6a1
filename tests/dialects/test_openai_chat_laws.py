"""Laws of the Chat Completions dialect, for whatever can be said in it."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from manymind.canon.answers import Answer, fold
from manymind.canon.events import Chunk, Ended, spoken
from manymind.canon.faults import BadRequest, Fault
from manymind.canon.items import Called, Said
from manymind.canon.parts import Text
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.mirror import Dialect, Message, View
from manymind.dialects.openai_chat import DIALECT, OpenAIChat
from manymind.dialects.openai_chat.flavour import Flavour
from manymind.dialects.sse import Parser
from tests.dialects import chat_strategies as chat
from tests.dialects.strategies import answers, happenings, json_values, unknown_fields

KINDRED: Dialect = OpenAIChat(Flavour(kindred=True))
ASKED = Request(model="m", dialect="openai_chat", stream=True, stream_usage=True)
VIEWS = st.sampled_from([View(), View(house="openrouter"), View(house="cloudflare")])


def heard(lines: list[bytes]) -> list[Chunk]:
    """What a client of this dialect makes of a stream."""
    parser, reader = Parser(), DIALECT.reader()
    messages = parser.feed(b"".join(lines)) + parser.end()
    return [*(reader.feed(message) for message in messages), reader.end()]


def bare(answer: Answer) -> Answer:
    """An answer without what only the wire knows."""
    return replace(answer, wire=None, aside=None)


def unpriced(answer: Answer) -> Answer:
    usage = answer.usage
    return replace(answer, usage=replace(usage, reported_cost=None) if usage else None)


def reads_the_same(request: Request) -> None:
    written = KINDRED.write_request(request)
    assert written.lost == ()
    assert KINDRED.read_request(written.body) == request


test_a_request_that_is_written_reads_the_same = settings(max_examples=50)(
    given(chat.requests())(reads_the_same)
)
test_any_request_that_is_written_reads_the_same = pytest.mark.long(
    settings(max_examples=3000)(given(chat.requests())(reads_the_same))
)


@settings(max_examples=50)
@given(chat.plain_answers(), VIEWS)
def test_an_answer_that_is_written_whole_reads_the_same(answer: Answer, view: View) -> None:
    view = replace(view, house="openai") if view.house == "openrouter" else view
    read = fold([DIALECT.read_reply(DIALECT.write_reply(answer, ASKED, view))])
    assert read.outputs == answer.outputs
    assert (read.id, read.model, read.created) == (answer.id, answer.model, answer.created)
    assert unpriced(read).usage == answer.usage


def streams_as_whole(data: st.DataObject, answer: Answer, view: View) -> None:
    events = data.draw(happenings(answer))
    writer = DIALECT.writer(ASKED, view)
    streamed = fold(heard([line for event in events for line in writer.write(spoken(event))]))
    whole = fold([DIALECT.read_reply(DIALECT.write_reply(answer, ASKED, view))])
    assert bare(streamed) == bare(whole)


ANSWERED = given(st.data(), chat.plain_answers(), VIEWS)
test_a_stream_and_a_whole_reply_read_the_same = settings(max_examples=50)(
    ANSWERED(streams_as_whole)
)
test_any_stream_and_whole_reply_read_the_same = pytest.mark.long(
    settings(max_examples=3000)(ANSWERED(streams_as_whole))
)


@settings(max_examples=50)
@given(st.data(), answers(), VIEWS)
def test_nothing_said_is_lost_on_the_way_to_a_client(
    data: st.DataObject, answer: Answer, view: View
) -> None:
    """Answers of other dialects: several messages and thoughts in any order, in one choice."""
    events = data.draw(happenings(answer))
    writer = DIALECT.writer(ASKED, view)
    streamed = fold(heard([line for event in events for line in writer.write(spoken(event))]))
    whole = fold([DIALECT.read_reply(DIALECT.write_reply(answer, ASKED, view))])
    for read in (streamed, whole):
        for choice in {stop.choice for stop in answer.stops}:
            assert calls(read, choice) == calls(answer, choice)
            assert said(read, choice) == said(answer, choice)
            assert cited(read, choice) == cited(answer, choice)


def calls(answer: Answer, choice: int) -> list[tuple[str, str, str]]:
    return [
        (output.item.call_id, output.item.name, output.item.arguments)
        for output in answer.outputs
        if output.choice == choice and isinstance(output.item, Called)
    ]


def said(answer: Answer, choice: int) -> str:
    """The words, but for the empty lines that set messages apart."""
    return "".join(text.text for text in texts(answer, choice)).replace("\n", "")


def texts(answer: Answer, choice: int) -> list[Text]:
    return [
        part
        for output in answer.outputs
        if output.choice == choice and isinstance(output.item, Said)
        for part in output.item.parts
        if isinstance(part, Text)
    ]


def cited(answer: Answer, choice: int) -> list[tuple[str | None, str | None, int]]:
    return [
        (note.url, note.quote, note.end - note.start)
        for text in texts(answer, choice)
        for note in text.citations
    ]


def chunks(draw: st.DrawFn, body: Json) -> list[Json]:
    """A whole reply of one choice, cut into the chunks of a stream at random."""
    frame: Json = {**body, "object": "chat.completion.chunk"}
    usage = frame.pop("usage", None)
    choices: Any = frame.pop("choices")
    message: dict[str, Any] = dict(choices[0]["message"])
    deltas: list[dict[str, Any]] = [{"role": message.pop("role"), "content": ""}]
    for name in ("reasoning_content", "content"):
        deltas += [{name: piece} for piece in cut(draw, message.pop(name))]
    calls: Any = message.pop("tool_calls")
    for index, call in enumerate(calls):
        arguments = cut(draw, call["function"]["arguments"])
        first = {**call, "index": index, "function": {**call["function"], "arguments": ""}}
        deltas.append({"tool_calls": [first]})
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            for piece in arguments
        ]
    deltas.append({})
    written = [{**frame, "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    written[-1]["choices"] = [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]
    return [*written, {**frame, "choices": [], "usage": usage}]


def cut(draw: st.DrawFn, text: str) -> list[str]:
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=3)))
    bounds = [0, *cuts, len(text)]
    return [text[start:end] for start, end in pairwise(bounds)]


@st.composite
def streams(draw: st.DrawFn) -> tuple[Json, list[Json]]:
    """A whole reply, and a stream that says the same."""
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "f", "arguments": draw(st.text(max_size=9).filter(str.isprintable))},
        **draw(unknown_fields),
    }
    body: Json = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 7,
        "model": "m",
        **draw(unknown_fields),
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": draw(st.sampled_from(["Hello, world.", "é🙂", "a"])),
                    "reasoning_content": draw(st.sampled_from(["Let me think.", "Hm"])),
                    "tool_calls": [call, {**call, "id": "call_2"}],
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }
    return body, chunks(draw, body)


@settings(max_examples=50)
@given(streams())
def test_any_chunking_of_a_reply_folds_the_same(drawn: tuple[Json, list[Json]]) -> None:
    body, stream = drawn
    reader = DIALECT.reader()
    spoken = [reader.feed(Message(json.dumps(chunk))) for chunk in stream]
    streamed = fold([*spoken, reader.feed(Message("[DONE]")), reader.end()])
    whole = fold([DIALECT.read_reply(json.dumps(body).encode())])
    assert bare(streamed) == bare(whole)


@settings(max_examples=50)
@given(streams(), VIEWS)
def test_a_stream_that_is_passed_on_reads_the_same(
    drawn: tuple[Json, list[Json]], view: View
) -> None:
    _, stream = drawn
    reader, writer = DIALECT.reader(), DIALECT.writer(ASKED, view)
    said = [reader.feed(Message(json.dumps(chunk))) for chunk in stream]
    said.append(reader.feed(Message("[DONE]")))
    again = heard([line for chunk in said for line in writer.write(chunk)])
    assert fold(again) == fold(said)


@settings(max_examples=50)
@given(streams())
def test_a_whole_reply_is_passed_on_as_it_came(drawn: tuple[Json, list[Json]]) -> None:
    body, _ = drawn
    answer = fold([DIALECT.read_reply(json.dumps(body).encode())])
    assert json.loads(DIALECT.write_reply(answer, ASKED, View())) == body


FIELDS = st.sampled_from([field for field in Request.__struct_fields__ if field != "dialect"]) | (
    st.sampled_from(["messages", "response_format", "stream_options", "provider", "max_cost_usd"])
)


@st.composite
def hostile(draw: st.DrawFn) -> Json:
    """A request in which something is wrong."""
    body: Json = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    body[draw(FIELDS)] = draw(json_values)
    keys = st.sampled_from(["role", "content", "tool_calls", "refusal", "name", "tool_call_id"])
    kinds = st.sampled_from(["user", "assistant", "tool", "text", "image_url", "file", "function"])
    deep = st.recursive(
        json_values | kinds,
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(keys | kinds | st.just("type"), inner, max_size=3)
        ),
        max_leaves=8,
    )
    if draw(st.booleans()):
        body["messages"] = [draw(deep), {"role": draw(kinds), "content": draw(deep)}]
        body["tools"] = draw(deep)
    return body


@settings(max_examples=80)
@given(hostile())
def test_a_wrong_request_is_the_callers_fault_or_none(body: Json) -> None:
    try:
        request = DIALECT.read_request(json.dumps(body).encode())
    except BadRequest as fault:
        assert fault.message
    else:
        DIALECT.write_request(request)


@settings(max_examples=60)
@given(st.binary(max_size=60))
def test_bytes_of_any_kind_are_answered(body: bytes) -> None:
    with pytest.raises(BadRequest):
        DIALECT.read_request(body)
    with pytest.raises(Fault):
        DIALECT.read_reply(body)
    assert DIALECT.read_fault(500, body, None).status >= 400


@settings(max_examples=80)
@given(
    st.dictionaries(
        st.sampled_from(["id", "model", "choices", "usage", "error", "created", "object"]),
        json_values | st.lists(st.fixed_dictionaries({"delta": json_values | hostile()})),
    )
)
def test_a_nonsense_chunk_is_a_fault_or_passed_on(chunk: Json) -> None:
    reader, writer = DIALECT.reader(), DIALECT.writer(ASKED, View())
    try:
        said = reader.feed(Message(json.dumps(chunk)))
    except Fault:
        return
    for line in writer.write(said):
        assert line.endswith(b"\n\n")
    assert not any(isinstance(event, Ended) for event in said.events)
