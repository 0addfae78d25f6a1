"""What holds for every request and every reply of the Gemini dialect."""

import json
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
from manymind.dialects.gemini import DIALECT, Gemini
from manymind.dialects.gemini.flavour import Flavour
from manymind.dialects.mirror import Message, View
from manymind.dialects.sse import Parser
from tests.dialects import strategies
from tests.dialects.gemini_strategies import answers, requests

A_REQUEST = Request(model="m", dialect="gemini")
KINDRED = Gemini(Flavour(kindred=True))


def events_of(answer: Answer) -> list[Happened]:
    """The answer, told item by item."""
    told: list[Happened] = [Began(id=answer.id, model=answer.model, aside=answer.aside)]
    for n, output in enumerate(answer.outputs):
        told += _events(f"run/{n}", output)
    told += answer.stops
    told += [] if answer.usage is None else [Spent(usage=answer.usage)]
    return [*told, Ended(status=answer.status, reason=answer.reason)]


def _events(key: str, output: Output) -> list[Happened]:
    item, choice = output.item, output.choice
    match item:
        case Said():
            (text,) = item.parts
            assert isinstance(text, Text)
            shell = replace(text, text="", citations=(), logprobs=None)
            first = Wrote(item=key, text=text.text[:1], logprobs=text.logprobs)
            return [
                Opened(item=key, value=replace(item, parts=()), choice=choice),
                PartOpened(item=key, part=0, value=shell),
                first,
                *(Wrote(item=key, text=letter) for letter in text.text[1:]),
                *(Cited(item=key, citation=note) for note in text.citations),
                PartClosed(item=key, part=0),
                Closed(item=key),
            ]
        case Thought():
            shell = Thought(aside=item.aside)
            texts = [
                Wrote(item=key, text=letter, where="summary")
                for text in item.summary
                for letter in text.text
            ]
            opened = Opened(item=key, value=shell, choice=choice)
            return [opened, *texts, Closed(item=key, sealed=item)]
        case Called():
            wrote = Wrote(item=key, where="arguments", text=item.arguments)
            opened = Opened(item=key, value=replace(item, arguments=""), choice=choice)
            return [opened, wrote, Closed(item=key)]
        case _:
            return [Opened(item=key, value=item, choice=choice), Closed(item=key)]


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
    """The answer, candidate by candidate: a stream ends them all at once."""
    outputs = sorted(answer.outputs, key=lambda output: output.choice)
    return replace(answer, wire=None, outputs=tuple(outputs))


@given(requests())
@settings(max_examples=30, deadline=None)
def test_a_request_is_read_as_it_was_written(request: Request) -> None:
    sent = KINDRED.write_request(request)
    assert sent.lost == ()
    assert KINDRED.read_request(sent.body) == request


@given(answers())
@settings(max_examples=30, deadline=None)
def test_a_whole_reply_is_read_as_it_was_written(answer: Answer) -> None:
    body = DIALECT.write_reply(answer, A_REQUEST, View())
    assert bare(fold([DIALECT.read_reply(body)])) == answer


@given(answers(), st.lists(st.integers(0, 10**6), max_size=6))
@settings(max_examples=30, deadline=None)
def test_a_streamed_reply_is_read_as_it_was_written_however_it_is_cut(
    answer: Answer, cuts: list[int]
) -> None:
    assert bare(fold(heard(written(events_of(answer)), cuts))) == answer


@given(answers())
@settings(max_examples=30, deadline=None)
def test_a_stream_that_is_passed_on_says_the_same(answer: Answer) -> None:
    stream = written(events_of(answer))
    writer = DIALECT.writer(A_REQUEST, View())
    again = b"".join(frame for chunk in heard(stream) for frame in writer.write(chunk))
    assert _decoded(again) == _decoded(stream)


@given(answers(), st.data())
@settings(max_examples=30, deadline=None)
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
@settings(max_examples=30, deadline=None)
def test_a_whole_reply_that_is_passed_on_stays_as_it_came(answer: Answer) -> None:
    body = DIALECT.write_reply(answer, A_REQUEST, View())
    again = DIALECT.write_reply(fold([DIALECT.read_reply(body)]), A_REQUEST, View())
    assert msgspec.json.decode(again) == msgspec.json.decode(body)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_streamed_and_whole_an_answer_of_any_provider_reads_the_same(data: st.DataObject) -> None:
    drawn = data.draw(strategies.answers())
    outputs = tuple(replace(output, item=_sayable(output.item)) for output in drawn.outputs)
    answer = replace(drawn, outputs=outputs)
    stream = written(data.draw(strategies.happenings(answer)))
    whole = DIALECT.write_reply(answer, A_REQUEST, View())
    assert bare(fold(heard(stream))) == bare(fold([DIALECT.read_reply(whole)]))


@given(strategies.answers())
@settings(max_examples=30, deadline=None)
def test_nothing_said_is_lost_on_the_way_to_a_client(answer: Answer) -> None:
    read = fold([DIALECT.read_reply(DIALECT.write_reply(answer, A_REQUEST, View()))])
    for choice in {stop.choice for stop in answer.stops}:
        assert _said(read, choice) == _said(answer, choice)
        assert _noted(read, choice) == _noted(answer, choice)


def _said(answer: Answer, choice: int) -> str:
    """The words, but for the empty lines that set messages apart."""
    texts = [text.text for text in _texts(answer, choice)]
    return "".join(texts).replace("\n", "")


def _texts(answer: Answer, choice: int) -> list[Text]:
    return [
        part if isinstance(part, Text) else Text(text=getattr(part, "text", ""))
        for output in answer.outputs
        if output.choice == choice and isinstance(output.item, Said)
        for part in output.item.parts
    ]


def _noted(answer: Answer, choice: int) -> list[tuple[object, ...]]:
    notes = [note for text in _texts(answer, choice) for note in text.citations]
    return [(note.url, note.title, note.quote, note.document_id, note.verified) for note in notes]


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
contents role parts text thought thoughtSignature inlineData inline_data mimeType data fileData
fileUri displayName functionCall functionResponse id name args response executableCode code
language codeExecutionResult outcome output toolCall systemInstruction tools functionDeclarations
googleSearch parameters parametersJsonSchema type properties items toolConfig nullable
functionCallingConfig mode allowedFunctionNames generationConfig thinkingConfig thinkingBudget
thinkingLevel includeThoughts responseSchema responseMimeType stopSequences topK max_cost_usd
provider candidates content finishReason index usageMetadata promptTokenCount totalTokenCount
promptFeedback blockReason modelVersion responseId groundingMetadata groundingChunks web uri
groundingSupports segment partIndex startIndex endIndex groundingChunkIndices citationMetadata
citations logprobsResult chosenCandidates topCandidates token error webSearchQueries
toolUsePromptTokenCount status message details
"""
_KINDS = "user model function STOP SAFETY OBJECT AUTO ANY image/png audio/wav application/json"
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
@settings(max_examples=30, deadline=None)
def test_a_hostile_request_is_read_or_refused_with_its_field_named(body: bytes) -> None:
    try:
        request = KINDRED.read_request(body)
    except BadRequest as fault:
        assert fault.field or "must be a JSON object" in fault.message
    else:
        sent = KINDRED.write_request(request)
        if not sent.lost:
            assert KINDRED.read_request(sent.body) == replace(request, model="")


@given(spoilt_replies() | hostile_objects.map(msgspec.json.encode))
@settings(max_examples=30, deadline=None)
def test_a_hostile_reply_is_read_and_passed_on_or_is_a_fault(body: bytes) -> None:
    with suppress(Fault):
        answer = fold([DIALECT.read_reply(body)])
        DIALECT.write_reply(answer, A_REQUEST, View())
        DIALECT.write_reply(bare(answer), A_REQUEST, View())


@given(spoilt_streams(), st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_hostile_stream_is_read_and_written_or_is_a_fault(
    stream: list[str], pass_on: bool
) -> None:
    reader, writer = DIALECT.reader(), DIALECT.writer(A_REQUEST, View())
    with suppress(Fault):
        for data in stream:
            chunk = reader.feed(Message(data))
            writer.write(chunk if pass_on else Chunk(chunk.events))
        reader.end()


@given(st.binary(max_size=40) | st.just(b'{"error":"x"}') | hostile_objects.map(json.dumps))
@settings(max_examples=30, deadline=None)
def test_whatever_came_with_a_refusal_is_a_fault(body: bytes | str) -> None:
    data = body.encode() if isinstance(body, str) else body
    assert DIALECT.read_fault(429, data, None).status >= 400
    for read, kind in ((DIALECT.read_request, BadRequest), (DIALECT.read_reply, UpstreamBroken)):
        with suppress(kind, Fault):
            read(data)


def _decoded(stream: bytes) -> list[tuple[str | None, object]]:
    return [(message.event, msgspec.json.decode(message.data)) for message in Parser().feed(stream)]
