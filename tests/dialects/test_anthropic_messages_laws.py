"""What holds for every request and every reply of the Messages dialect."""

from contextlib import suppress
from itertools import pairwise
from typing import cast

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from manymind.canon.answers import Answer, Output, fold
from manymind.canon.events import (
    Began,
    Chunk,
    Cited,
    Closed,
    Ended,
    Happened,
    Opened,
    PartClosed,
    PartOpened,
    Spent,
    Wrote,
    spoken,
)
from manymind.canon.faults import BadRequest, Fault, UpstreamBroken
from manymind.canon.items import Called, Item, Said, Thought
from manymind.canon.parts import Text
from manymind.canon.requests import Request
from manymind.dialects.anthropic_messages import DIALECT, Messages
from manymind.dialects.anthropic_messages.flavour import Flavour
from manymind.dialects.mirror import Message, View
from manymind.dialects.sse import Parser
from tests.dialects import strategies
from tests.dialects.messages_strategies import answers, requests

A_REQUEST = Request(model="m", dialect="anthropic_messages")
KINDRED = Messages(Flavour(kindred=True))


def events_of(answer: Answer) -> list[Happened]:
    """The answer, told item by item."""
    told: list[Happened] = [Began(id=answer.id, model=answer.model, aside=answer.aside)]
    for n, item in enumerate(answer.items):
        told += _events(f"run/{n}", item)
    told += answer.stops
    told += [] if answer.usage is None else [Spent(usage=answer.usage)]
    return [*told, Ended(status=answer.status, reason=answer.reason)]


def _events(key: str, item: Item) -> list[Happened]:
    match item:
        case Said():
            told: list[Happened] = [Opened(item=key, value=replace(item, parts=()))]
            for n, part in enumerate(item.parts):
                assert isinstance(part, Text)
                told.append(
                    PartOpened(item=key, part=n, value=replace(part, text="", citations=()))
                )
                told += [Wrote(item=key, part=n, text=letter) for letter in part.text]
                told += [Cited(item=key, part=n, citation=note) for note in part.citations]
                told.append(PartClosed(item=key, part=n))
            return [*told, Closed(item=key)]
        case Thought():
            shell = Thought(joined=item.joined, digest=item.digest, aside=item.aside)
            texts = [Wrote(item=key, text=text.text) for text in item.content]
            return [Opened(item=key, value=shell), *texts, Closed(item=key, sealed=item)]
        case Called():
            wrote = Wrote(item=key, where="arguments", text=item.arguments)
            return [Opened(item=key, value=replace(item, arguments="")), wrote, Closed(item=key)]
        case _:
            return [Opened(item=key, value=item), Closed(item=key)]


def written(events: list[Happened]) -> bytes:
    writer = DIALECT.writer(A_REQUEST, View())
    return b"".join(frame for event in events for frame in writer.write(spoken(event)))


def heard(stream: bytes, cuts: list[int] | None = None) -> list[Chunk]:
    parser, reader = Parser(), DIALECT.reader()
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts or []), len(stream)]
    messages = [
        message for start, end in pairwise(edges) for message in parser.feed(stream[start:end])
    ]
    chunks = [reader.feed(message) for message in [*messages, *parser.end()]]
    return [*chunks, reader.end()]


def bare(answer: Answer) -> Answer:
    return replace(answer, wire=None)


@given(requests())
@settings(max_examples=60, deadline=None)
def test_a_request_is_read_as_it_was_written(request: Request) -> None:
    sent = KINDRED.write_request(request)
    assert sent.lost == ()
    assert KINDRED.read_request(sent.body) == request


@given(answers())
@settings(max_examples=60, deadline=None)
def test_a_whole_reply_is_read_as_it_was_written(answer: Answer) -> None:
    body = DIALECT.write_reply(answer, A_REQUEST, View())
    assert bare(fold([DIALECT.read_reply(body)])) == answer


@given(answers(), st.lists(st.integers(0, 10**6), max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_streamed_reply_is_read_as_it_was_written_however_it_is_cut(
    answer: Answer, cuts: list[int]
) -> None:
    assert bare(fold(heard(written(events_of(answer)), cuts))) == answer


@given(answers())
@settings(max_examples=40, deadline=None)
def test_a_stream_that_is_passed_on_says_the_same(answer: Answer) -> None:
    stream = written(events_of(answer))
    writer = DIALECT.writer(A_REQUEST, View())
    again = b"".join(frame for chunk in heard(stream) for frame in writer.write(chunk))
    assert _decoded(again) == _decoded(stream)


@given(answers(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_stream_of_which_some_messages_were_changed_still_folds_to_the_answer(
    answer: Answer, data: st.DataObject
) -> None:
    writer = DIALECT.writer(A_REQUEST, View())
    passed = b""
    for chunk in heard(written(events_of(answer))):
        changed = bool(chunk.events) and data.draw(st.booleans())
        passed += b"".join(writer.write(Chunk(chunk.events) if changed else chunk))
    assert bare(fold(heard(passed))) == answer


@given(answers())
@settings(max_examples=40, deadline=None)
def test_a_whole_reply_that_is_passed_on_stays_as_it_came(answer: Answer) -> None:
    body = DIALECT.write_reply(answer, A_REQUEST, View())
    again = DIALECT.write_reply(fold([DIALECT.read_reply(body)]), A_REQUEST, View())
    assert msgspec.json.decode(again) == msgspec.json.decode(body)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_streamed_and_whole_an_answer_of_any_provider_reads_the_same(data: st.DataObject) -> None:
    drawn = data.draw(strategies.answers(choices=1))
    outputs = tuple(Output(item=_sayable(output.item)) for output in drawn.outputs)
    answer = replace(drawn, outputs=outputs)
    stream = written(data.draw(strategies.happenings(answer)))
    whole = DIALECT.write_reply(answer, A_REQUEST, View())
    assert bare(fold(heard(stream))) == bare(fold([DIALECT.read_reply(whole)]))


def _sayable(item: Item) -> Item:
    """Arguments that are an object, and reasoning either in the open or in short."""
    match item:
        case Called():
            return replace(item, arguments=msgspec.json.encode({"a": item.arguments}).decode())
        case Thought() if item.content:
            return replace(item, summary=())
        case _:
            return item


_leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_FIELDS = """
model max_tokens messages system role content type text source data media_type url file_id title
citations cache_control thinking signature id name input tool_use_id is_error tools input_schema
tool_choice disable_parallel_tool_use output_config output_format format schema effort
budget_tokens display stop_sequences metadata user_id provider max_cost_usd agent_count include
usage input_tokens cache_creation server_tool_use stop_reason stop_sequence stop_details delta
index message content_block partial_json citation cited_text error
"""
_KINDS = """
text image document thinking redacted_thinking tool_use tool_result server_tool_use base64 content
web_search_tool_result custom web_search_20250305 json_schema enabled adaptive user assistant
system message message_start content_block_start content_block_delta content_block_stop
message_delta message_stop ping error text_delta input_json_delta thinking_delta signature_delta
citations_delta char_location web_search_result_location
"""
_fields = st.sampled_from(_FIELDS.split())
_hostile = st.recursive(
    _leaves | st.sampled_from(_KINDS.split()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_fields, inner, max_size=6),
    max_leaves=25,
)
hostile_objects = st.dictionaries(_fields, _hostile, max_size=8)


def spoil(value: object, draw: st.DrawFn) -> object:
    """The same JSON with one node of it, deep or not, replaced by something hostile."""
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        fields = cast("dict[str, object]", value)
        name = draw(st.sampled_from(sorted(fields)))
        return {**fields, name: spoil(fields[name], draw)}
    if isinstance(value, list) and value and draw(st.integers(0, 4)):
        nodes = cast("list[object]", value)
        n = draw(st.integers(0, len(nodes) - 1))
        return [*nodes[:n], spoil(nodes[n], draw), *nodes[n + 1 :]]
    return draw(_hostile)


@st.composite
def spoilt_requests(draw: st.DrawFn) -> bytes:
    body = KINDRED.write_request(draw(requests())).body
    return msgspec.json.encode(spoil(msgspec.json.decode(body), draw))


@st.composite
def spoilt_replies(draw: st.DrawFn) -> bytes:
    body = DIALECT.write_reply(draw(answers()), A_REQUEST, View())
    return msgspec.json.encode(spoil(msgspec.json.decode(body), draw))


@st.composite
def spoilt_streams(draw: st.DrawFn) -> list[str]:
    """Messages of which one is spoilt, or missing, or comes twice."""
    messages = [message.data for message in Parser().feed(written(events_of(draw(answers()))))]
    n = draw(st.integers(0, len(messages) - 1))
    spoilt = msgspec.json.encode(spoil(msgspec.json.decode(messages[n]), draw)).decode()
    middle = draw(st.sampled_from([[spoilt], [], [messages[n]] * 2]))
    return [*messages[:n], *middle, *messages[n + 1 :]]


@given(spoilt_requests() | hostile_objects.map(msgspec.json.encode))
@settings(max_examples=60, deadline=None)
def test_a_hostile_request_is_read_or_refused_with_its_field_named(body: bytes) -> None:
    try:
        request = KINDRED.read_request(body)
    except BadRequest as fault:
        assert fault.field or "must be a JSON object" in fault.message
    else:
        sent = KINDRED.write_request(request)
        if not sent.lost:
            assert KINDRED.read_request(sent.body) == request


@given(spoilt_replies() | hostile_objects.map(msgspec.json.encode))
@settings(max_examples=80, deadline=None)
def test_a_hostile_reply_is_read_and_passed_on_or_is_a_fault(body: bytes) -> None:
    with suppress(Fault):
        answer = fold([DIALECT.read_reply(body)])
        DIALECT.write_reply(answer, A_REQUEST, View())
        DIALECT.write_reply(bare(answer), A_REQUEST, View())


@given(spoilt_streams(), st.booleans())
@settings(max_examples=80, deadline=None)
def test_a_hostile_stream_is_read_and_written_or_is_a_fault(
    stream: list[str], pass_on: bool
) -> None:
    reader, writer = DIALECT.reader(), DIALECT.writer(A_REQUEST, View())
    with suppress(Fault):
        for data in stream:
            chunk = reader.feed(Message(data))
            writer.write(chunk if pass_on else Chunk(chunk.events))
        reader.end()


@given(st.binary(max_size=40))
@settings(max_examples=40, deadline=None)
def test_bytes_that_are_no_json_are_refused(body: bytes) -> None:
    for read, kind in ((DIALECT.read_request, BadRequest), (DIALECT.read_reply, UpstreamBroken)):
        with suppress(kind):
            read(body)


def _decoded(stream: bytes) -> list[tuple[str | None, object]]:
    return [(message.event, msgspec.json.decode(message.data)) for message in Parser().feed(stream)]
