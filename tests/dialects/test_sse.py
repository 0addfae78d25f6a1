"""Server-sent events: the same messages, however the bytes are cut."""

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.canon.faults import UpstreamBroken
from manymind.dialects.mirror import Message
from manymind.dialects.sse import DONE, HEARTBEAT, Parser, frame

LINE_ENDS = ["\n", "\r\n", "\r"]


def parse(data: bytes, cuts: tuple[int, ...] = ()) -> list[Message]:
    parser = Parser()
    bounds = [0, *sorted({min(cut, len(data)) for cut in cuts}), len(data)]
    messages = [m for start, end in pairwise(bounds) for m in parser.feed(data[start:end])]
    return messages + parser.end()


@pytest.mark.parametrize("end", LINE_ENDS)
def test_events_end_with_any_line_end(end: str) -> None:
    stream = f"event: ping{end}data: one{end}{end}data: two{end}{end}".encode()
    assert parse(stream) == [Message("one", "ping"), Message("two")]


def test_lines_of_data_are_joined() -> None:
    assert parse(b"data: one\ndata:two\ndata\n\n") == [Message("one\ntwo\n")]


def test_only_one_space_after_the_colon_is_dropped() -> None:
    assert parse(b"data:  two spaces\n\n") == [Message(" two spaces")]


def test_comments_ids_and_unknown_fields_are_passed_over() -> None:
    stream = HEARTBEAT + b": note\nid: 7\nretry: 10\nnews: x\ndata: here\n\n" + HEARTBEAT
    assert parse(stream) == [Message("here")]


def test_an_event_without_data_is_none() -> None:
    assert parse(b"event: lonely\n\ndata: next\n\n") == [Message("next")]


def test_an_empty_event_name_is_no_name() -> None:
    assert parse(b"event:\ndata: x\n\n") == [Message("x")]


def test_a_byte_order_mark_counts_only_at_the_beginning() -> None:
    mark = b"\xef\xbb\xbf"
    stream = mark + b"data: one\n\n" + mark + b"data: lost\n\ndata: two\n\n"
    for cut in range(len(stream)):
        assert parse(stream, (cut,)) == [Message("one"), Message("two")]


@pytest.mark.parametrize("tail", [b"", b"\n", b"\r", b"\r\n", b"\n\n"])
def test_the_last_event_needs_no_blank_line(tail: bytes) -> None:
    assert parse(b"data: first\n\ndata: [DONE]" + tail) == [Message("first"), Message("[DONE]")]


def test_bytes_that_are_no_text_do_not_stop_the_stream() -> None:
    assert parse(b"data: \xff\n\ndata: ok\n\n") == [Message("\ufffd"), Message("ok")]


@settings(max_examples=300)
@given(data=st.data())
def test_any_chunking_gives_the_same_messages(data: st.DataObject) -> None:
    lines = st.sampled_from(["data: é", "data", "event: e", ": c", "", "x: y", "data:🙂z", "id"])
    ends = st.sampled_from(LINE_ENDS)
    drawn = data.draw(st.lists(st.tuples(lines, ends), max_size=20))
    stream = "".join(line + end for line, end in drawn).encode()
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12))
    assert parse(stream, tuple(cuts)) == parse(stream)
    assert parse(stream, tuple(range(len(stream)))) == parse(stream)


@given(st.lists(st.tuples(st.text(), st.sampled_from([None, "a", "b.c"])), max_size=5))
def test_what_is_framed_is_parsed(drawn: list[tuple[str, str | None]]) -> None:
    sent = [Message(repr(text), event) for text, event in drawn]
    stream = b"".join(frame(m.data.encode(), m.event) for m in sent)
    assert parse(stream + DONE) == [*sent, Message("[DONE]")]


def test_an_event_without_end_is_refused_before_it_fills_the_memory() -> None:
    for piece in (b"data: " + b"x" * 90 + b"\n", b"data\n", b"y" * 60):
        parser = Parser(bytes_max=1000)
        with pytest.raises(UpstreamBroken):
            for _ in range(1000):
                parser.feed(piece)


def test_comments_without_end_are_no_event() -> None:
    parser = Parser(bytes_max=1000)
    for _ in range(1000):
        assert parser.feed(b": still here\n") == []


def test_a_large_event_in_small_pieces_costs_no_more_than_its_size() -> None:
    parser, piece = Parser(), b"x" * 1024
    parser.feed(b"data: ")
    started = time.perf_counter()
    for _ in range(16 * 1024):
        parser.feed(piece)
    (message,) = parser.feed(b"\n\n")
    assert len(message.data) == 16 * 1024 * 1024
    assert time.perf_counter() - started < 2
