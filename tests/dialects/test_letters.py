"""What is passed on unopened says the same as if it had been read, in every dialect."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.answers import Answer, fold
from manymind.canon.events import Chunk, Happened, Spent, spoken
from manymind.canon.faults import Fault, Overloaded
from manymind.canon.letters import Letter
from manymind.canon.requests import Caps, Request
from manymind.canon.values import Json
from manymind.catalog.sizes import bound, most
from manymind.dialects import anthropic_messages, openai_chat, openai_responses
from manymind.dialects.mirror import Dialect, Sealing, View, Writer
from manymind.dialects.sealing import asked
from manymind.dialects.sse import Parser
from tests.dialects import chat_strategies as chat
from tests.dialects import messages_strategies as messages
from tests.dialects import responses_strategies as responses
from tests.dialects import strategies
from tests.dialects.letter_bodies import CHAT_BODIES, MESSAGES_BODIES, RESPONSES_BODIES, flags
from tests.dialects.test_anthropic_messages_laws import events_of as messages_events
from tests.dialects.test_openai_responses_laws import events_of as responses_events

VIEW = View(created=7)


class Side(Struct, frozen=True):
    """A dialect, and what can be said in it."""

    dialect: Dialect
    requests: st.SearchStrategy[Request]
    answers: st.SearchStrategy[Answer]
    bodies: st.SearchStrategy[Json]

    @property
    def sealing(self) -> Sealing:
        assert isinstance(self.dialect, Sealing)
        return self.dialect


SIDES = {
    "chat": Side(openai_chat.DIALECT, chat.requests(), chat.plain_answers(), CHAT_BODIES),
    "responses": Side(
        openai_responses.DIALECT, responses.requests, responses.answers(), RESPONSES_BODIES
    ),
    "messages": Side(
        anthropic_messages.DIALECT, messages.requests(), messages.answers(), MESSAGES_BODIES
    ),
}

each_side = pytest.mark.parametrize("name", SIDES)


def plain(request: Request) -> Request:
    """The request without what the gateway itself acts upon."""
    return replace(
        request,
        store=False if request.dialect == "openai_responses" else None,
        background=None,
        previous_response_id=None,
        conversation=None,
        require_parameters=None,
        include=None,
        cache=None,
        metadata=None,
        caps=Caps(),
        aside=None,
    )


def same(request: Request) -> Request:
    """The request, but for what every way asks of an upstream beside it."""
    return replace(request, stream_usage=None, store=None)


def check_passed_on(side: Side, body: bytes) -> None:
    letter = side.sealing.read_letter(body)
    if letter is None:
        return
    read = side.dialect.read_request(body)
    sent = side.dialect.write_request(replace(read, model="theirs"))
    passed = side.sealing.write_letter(letter, "theirs")
    heard = side.dialect.read_request(passed)
    assert same(heard) == same(replace(read, model="theirs"))
    assert same(heard) == same(side.dialect.read_request(sent.body))
    if read.stream and read.dialect == "openai_chat":
        assert heard.stream_usage is True


@each_side
@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_letter_asks_what_the_long_way_asks(name: str, data: st.DataObject) -> None:
    side = SIDES[name]
    request = plain(data.draw(side.requests))
    check_passed_on(side, side.dialect.write_request(request).body)


@each_side
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_plain_body_is_passed_on_and_bounded_unopened(name: str, data: st.DataObject) -> None:
    side = SIDES[name]
    said = data.draw(side.bodies)
    body = json.dumps(said, ensure_ascii=data.draw(flags), indent=data.draw(st.none() | st.just(1)))
    letter = side.sealing.read_letter(body.encode("utf-8", "replace"))
    assert letter is not None
    weight = letter.weigh()
    assert weight is not None
    check_passed_on(side, body.encode("utf-8", "replace"))
    size, weighed = bound(weight), most(letter.opener())
    assert size.most >= weighed.most
    assert size.long_cache >= weighed.long_cache
    assert not weighed.opaque
    opened, outline = letter.opener(), letter.outline
    assert outline.stream == opened.stream
    assert outline.max_output_tokens == opened.max_output_tokens
    assert (outline.n, outline.service_tier) == (opened.n, opened.service_tier)
    assert outline.user == opened.user
    if side.dialect.name != "openai_responses":
        assert outline.stream_usage == opened.stream_usage
    effort = opened.reasoning.effort if opened.reasoning is not None else None
    assert (outline.reasoning.effort if outline.reasoning is not None else None) == effort


@each_side
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_whatever_can_be_asked_is_bounded_or_opened(name: str, data: st.DataObject) -> None:
    side = SIDES[name]
    body = side.dialect.write_request(plain(data.draw(side.requests))).body
    letter = side.sealing.read_letter(body)
    weight = None if letter is None else letter.weigh()
    if letter is None or weight is None:
        return
    size, weighed = bound(weight), most(letter.opener())
    assert size.most >= weighed.most
    assert size.long_cache >= weighed.long_cache
    assert not weighed.opaque
    assert all(type(tool).__name__ == "Function" for tool in letter.opener().tools or ())


@each_side
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_whole_reply_that_is_skimmed_comes_as_one_that_is_read(
    name: str, data: st.DataObject
) -> None:
    side = SIDES[name]
    letter = a_letter(side)
    answer = data.draw(side.answers)
    body = side.dialect.write_reply(answer, asked(letter), VIEW)
    cost = data.draw(st.none() | st.integers(0, 10**15))
    check_reply(side, letter, body, cost, data.draw(st.sampled_from(("", "better"))))


def stopped(answer: Answer) -> tuple[str, str] | None:
    """Why the first choice stopped, in our word and in its provider's, as the ledger has it."""
    stop = next((stop for stop in answer.stops if stop.choice == 0), None)
    return None if stop is None else (stop.reason, stop.native or stop.reason)


def check_reply(side: Side, letter: Letter, body: bytes, cost: int | None, model: str) -> None:
    try:
        skimmed = side.sealing.skim_reply(body)
        read = fold([side.dialect.read_reply(body)])
    except Fault:
        with pytest.raises(Fault):
            side.dialect.read_reply(body)
        return
    if skimmed is None:
        return  # It is then read.
    assert (skimmed.id, skimmed.model, skimmed.usage) == (read.id, read.model, read.usage)
    assert (skimmed.status, skimmed.reason) == (read.status, read.reason)
    assert skimmed.created == read.created
    assert stopped(skimmed) == stopped(read)

    def written(answer: Answer, request: Request) -> object:
        usage = answer.usage and replace(answer.usage, cost=cost)
        told = replace(answer, usage=usage, model=model or answer.model or "native")
        return msgspec.json.decode(side.dialect.write_reply(told, request, VIEW))

    short = written(skimmed, letter.outline)
    assert short == written(read, letter.opener())


@each_side
@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_streamed_reply_to_a_letter_comes_as_one_to_what_was_read(
    name: str, data: st.DataObject
) -> None:
    """With a usage or without, whole or broken off, in whatever pieces."""
    side = SIDES[name]
    letter = a_letter(side, stream=True)
    stream = b"".join(spoken_by(side, letter, data.draw(side.answers), data))
    cuts = data.draw(st.lists(st.integers(0, max(len(stream), 1)), max_size=5))
    chunks = heard(side, stream, cuts)
    changed = data.draw(st.sampled_from((0, 1, 2)))
    if changed:
        chunks = [_without_usage(chunk) if changed == 1 else _unwired(chunk) for chunk in chunks]
    if data.draw(flags):
        chunks = chunks[: len(chunks) // 2]
    opened = letter.opener()
    ways: tuple[Callable[[], Writer], ...] = (
        partial(side.sealing.letter_writer, a_letter(side, stream=True), VIEW),
        partial(side.dialect.writer, opened, VIEW),
    )
    short, long = (b"".join(told(make(), chunks)) for make in ways)
    assert short == long


def told(writer: Writer, chunks: list[Chunk]) -> Iterator[bytes]:
    for chunk in chunks:
        yield from writer.write(chunk)
    yield from writer.fail(Overloaded("Too busy."))


def _without_usage(chunk: Chunk) -> Chunk:
    events = tuple(event for event in chunk.events if not isinstance(event, Spent))
    return Chunk(events, chunk.wire if len(events) == len(chunk.events) else None)


def _unwired(chunk: Chunk) -> Chunk:
    return Chunk(chunk.events)


def spoken_by(side: Side, letter: Letter, answer: Answer, data: st.DataObject) -> Iterator[bytes]:
    """A server's stream in this dialect."""
    writer = side.dialect.writer(replace(letter.opener(), stream_usage=True), VIEW)
    for event in events_of(side, answer, data):
        yield from writer.write(spoken(event))


def events_of(side: Side, answer: Answer, data: st.DataObject) -> list[Happened]:
    match side.dialect.name:
        case "openai_responses":
            return responses_events(answer)
        case "anthropic_messages":
            return messages_events(answer)
        case _:
            return data.draw(strategies.happenings(answer))


def heard(side: Side, stream: bytes, cuts: list[int]) -> list[Chunk]:
    parser, reader = Parser(), side.dialect.reader()
    edges = [0, *sorted(cuts), len(stream)]
    pieces = [message for a, b in pairwise(edges) for message in parser.feed(stream[a:b])]
    return [*(reader.feed(message) for message in [*pieces, *parser.end()]), reader.end()]


def a_letter(side: Side, *, stream: bool = False) -> Letter:
    said: Json = {"model": "a/m", "stream": stream}
    match side.dialect.name:
        case "openai_responses":
            said |= {"input": "hi", "store": False, "instructions": "be", "temperature": 0.5}
        case "anthropic_messages":
            said |= {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}
        case _:
            said |= {"messages": [{"role": "user", "content": "hi"}]}
    letter = side.sealing.read_letter(json.dumps(said).encode())
    assert letter is not None
    return letter


_ASKING = {
    "chat": {"messages": [{"role": "user", "content": "hi"}]},
    "responses": {"input": "hi", "store": False},
    "messages": {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9},
}


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("chat", {"n": 0}),
        ("chat", {"max_tokens": 5, "max_completion_tokens": 9}),
        ("chat", {"store": True}),
        ("chat", {"stream": "yes"}),
        ("chat", {"max_cost_usd": 1}),
        ("chat", {"user": 5}),
        ("responses", {"previous_response_id": "resp_1"}),
        ("responses", {"conversation": "conv_1"}),
        ("responses", {"background": True}),
        ("responses", {"include": ["agents"]}),
        ("responses", {"input": [{"type": "item_reference", "id": "msg_1"}]}),
        ("responses", {"input": [{"id": "msg_1"}]}),
        ("responses", {"input": [{"type": "compaction", "encrypted_content": "manymind1.x"}]}),
        ("responses", {"input": [{"type": "reasoning", "encrypted_content": "gemini:x"}]}),
        ("responses", {"input": []}),
        ("messages", {"max_tokens": None}),
        ("messages", {"messages": [{"role": "assistant", "content": [{"type": "thinking"}]}]}),
        (
            "messages",
            {
                "messages": [
                    {
                        "role": "assistant",
                        "content": [
                            {"type": "thinking", "thinking": "", "signature": "manymind:content::x"}
                        ],
                    }
                ]
            },
        ),
        ("messages", {"max_turns": 3}),
    ],
)
def test_what_someone_here_must_act_upon_is_opened(name: str, fields: Json) -> None:
    body = {"model": "a/m", **_ASKING[name]}
    assert SIDES[name].sealing.read_letter(json.dumps(body).encode()) is not None
    assert SIDES[name].sealing.read_letter(json.dumps({**body, **fields}).encode()) is None


_PICTURE = {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("chat", b'{"model":"m","messages":[{"role":"user","content":[%b]}]}'),
        ("chat", b'{"model":"m","messages":[{"role":"user","content":[%b],"content":"hi"}]}'),
        ("chat", b'{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[%b]}'),
        ("responses", b'{"model":"m","store":false,"input":[{"role":"user","content":[%b]}]}'),
        ("responses", b'{"model":"m","store":false,"input":"hi","tools":[{"type":"web_search"}]}'),
        ("messages", b'{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[%b]}]}'),
        (
            "messages",
            b'{"model":"m","max_tokens":1,"system":[{"type":"text","text":"",'
            b'"cache_control":{"type":"ephemeral","ttl":"1h"}}],'
            b'"messages":[{"role":"user","content":"hi"}]}',
        ),
        (
            "messages",
            b'{"model":"m","max_tokens":1,"tools":[{"type":"web_search_20250305","name":"w"}],'
            b'"messages":[{"role":"user","content":"hi"}]}',
        ),
    ],
)
def test_what_bytes_do_not_bound_is_not_weighed_unopened(name: str, body: bytes) -> None:
    if b"%b" in body:
        body %= json.dumps(_PICTURE).encode()
    letter = SIDES[name].sealing.read_letter(body)
    assert letter is not None
    assert letter.weigh() is None


def test_a_letter_is_read_once() -> None:
    letter = a_letter(SIDES["chat"])
    assert letter.opener() is letter.opener()
    assert letter.weigh() is None
