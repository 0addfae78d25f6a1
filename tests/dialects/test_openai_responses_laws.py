"""What holds for every request and every reply of the Responses dialect."""

from contextlib import suppress
from itertools import pairwise
from typing import cast

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from manymind.canon.answers import Answer, fold
from manymind.canon.events import Began, Chunk, Ended, Happened, Spent, spoken
from manymind.canon.faults import BadRequest, Fault, UpstreamBroken
from manymind.canon.requests import Request
from manymind.dialects.mirror import Message, View
from manymind.dialects.openai_responses import Flavour, Responses
from manymind.dialects.openai_responses.telling import tell
from manymind.dialects.sse import Parser
from tests.dialects import strategies
from tests.dialects.responses_strategies import answers, requests

A_REQUEST = Request(model="m", dialect="openai_responses")
DIALECT = Responses(Flavour(kindred=True))


def events_of(answer: Answer) -> list[Happened]:
    told: list[Happened] = [
        Began(id=answer.id, model=answer.model, created=answer.created, aside=answer.aside)
    ]
    for n, item in enumerate(answer.items):
        told.extend(tell(str(n), item))
    told.extend(answer.stops)
    told.extend([] if answer.usage is None else [Spent(usage=answer.usage)])
    return [*told, Ended(status=answer.status, reason=answer.reason)]


def written(events: list[Happened], view: View | None = None) -> bytes:
    writer = DIALECT.writer(A_REQUEST, view or View())
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


@given(requests)
@settings(max_examples=200, deadline=None)
def test_a_request_is_read_as_it_was_written(request: Request) -> None:
    sent = DIALECT.write_request(request)
    assert sent.lost == ()
    assert DIALECT.read_request(sent.body) == request


@given(answers())
@settings(max_examples=150, deadline=None)
def test_a_whole_reply_is_read_as_it_was_written(answer: Answer) -> None:
    body = DIALECT.write_reply(answer, A_REQUEST, View())
    assert bare(fold([DIALECT.read_reply(body)])) == answer


@given(answers(), st.lists(st.integers(0, 10**6), max_size=6))
@settings(max_examples=150, deadline=None)
def test_a_streamed_reply_is_read_as_it_was_written_however_it_is_cut(
    answer: Answer, cuts: list[int]
) -> None:
    assert bare(fold(heard(written(events_of(answer)), cuts))) == answer


@given(answers())
@settings(max_examples=100, deadline=None)
def test_a_stream_that_is_passed_on_says_the_same_bytes_but_for_nothing(answer: Answer) -> None:
    stream = written(events_of(answer))
    writer = DIALECT.writer(A_REQUEST, View())
    again = [frame for chunk in heard(stream) for frame in writer.write(chunk)]
    messages = Parser().feed(b"".join(again))
    assert [_decoded(message) for message in messages] == [
        _decoded(message) for message in Parser().feed(stream)
    ]


@given(answers())
@settings(max_examples=100, deadline=None)
def test_a_whole_reply_that_is_passed_on_stays_as_it_came(answer: Answer) -> None:
    body = DIALECT.write_reply(answer, A_REQUEST, View())
    again = DIALECT.write_reply(fold([DIALECT.read_reply(body)]), A_REQUEST, View())
    assert msgspec.json.decode(again) == msgspec.json.decode(body)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_streamed_and_whole_an_answer_of_any_provider_reads_the_same(data: st.DataObject) -> None:
    answer = data.draw(strategies.answers())
    stream = written(data.draw(strategies.happenings(answer)))
    whole = DIALECT.write_reply(answer, A_REQUEST, View())
    assert bare(fold(heard(stream))) == bare(fold([DIALECT.read_reply(whole)]))


_leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_FIELDS = """
model input type role content text output tools name id tool_choice format schema summary
call_id arguments reasoning effort include stop provider action annotations logprobs metadata
image_url file_data input_audio data status usage input_tokens_details error response item part
delta output_index content_index summary_index created_at stream max_cost_usd strict parameters
incomplete_details max_output_tokens instructions
"""
_KINDS = """
message function_call function_call_output reasoning input_text output_text input_image input_file
input_audio refusal function web_search json_schema web_search_call response.created
response.output_item.added response.content_part.added response.output_text.delta
response.output_item.done response.completed error response.failed
response.web_search_call.searching user assistant completed failed
"""
_fields = st.sampled_from(_FIELDS.split())
_kinds = st.sampled_from(_KINDS.split())
_hostile = st.recursive(
    _leaves | _kinds,
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
    body = DIALECT.write_request(draw(requests)).body
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
@settings(max_examples=500, deadline=None)
def test_a_hostile_request_is_read_or_refused_with_its_field_named(body: bytes) -> None:
    try:
        request = DIALECT.read_request(body)
    except BadRequest as fault:
        assert fault.field or "must be a JSON object" in fault.message
    else:
        sent = DIALECT.write_request(request)
        assert DIALECT.read_request(sent.body) == request


@given(spoilt_replies() | hostile_objects.map(msgspec.json.encode))
@settings(max_examples=300, deadline=None)
def test_a_hostile_reply_is_read_and_passed_on_or_is_a_fault(body: bytes) -> None:
    with suppress(Fault):
        answer = fold([DIALECT.read_reply(body)])
        DIALECT.write_reply(answer, A_REQUEST, View())
        DIALECT.write_reply(bare(answer), A_REQUEST, View())


@given(spoilt_streams(), st.booleans())
@settings(max_examples=300, deadline=None)
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
@settings(max_examples=100, deadline=None)
def test_bytes_that_are_no_json_are_refused(body: bytes) -> None:
    for read, kind in ((DIALECT.read_request, BadRequest), (DIALECT.read_reply, UpstreamBroken)):
        with suppress(kind):
            read(body)


def _decoded(message: Message) -> tuple[str | None, object]:
    return message.event, msgspec.json.decode(message.data)
