"""What is known at a glance says the same as what is read field by field."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manymind.canon.events import Began, Chunk
from manymind.canon.faults import Fault
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.mirror import Message, View
from manymind.dialects.openai_chat.replies import StreamReader
from manymind.dialects.openai_chat.writer import StreamWriter

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_calls = [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]
_NOTE = {"url": "https://a.example", "title": "1", "start_index": 0, "end_index": 2}
_notes = [{"type": "url_citation", "url_citation": _NOTE}]

_UNUSUAL: dict[str, dict[str, list[object]]] = {
    "message": {
        "id": ["s", None, 1],
        "model": ["n", "", None, 1],
        "created": [2, None, 1.5, True, "1"],
        "usage": [{}, {"prompt_tokens": 1, "completion_tokens": 2}, 1],
        "error": ["", {}, False, {"message": "Broken."}],
        "choices": [None, [], {}],
    },
    "choice": {
        "index": [1, None, 0.0, -1, "0", 2**70],
        "finish_reason": ["", "stop", "error", 1],
        "logprobs": [{}, {"content": [{"token": "a"}]}, 1],
        "error": ["", {}, False, {"message": "Broken."}],
        "native_finish_reason": ["stop", 1],
        "delta": [None, {}, 1],
        "message": [{"content": "Whole."}],
    },
    "delta": {
        "content": ["", None, [], [{"type": "text", "text": "x"}], 1],
        "role": ["assistant", None, 1],
        "refusal": ["No.", "", 1],
        "reasoning_content": ["Hm.", ""],
        "reasoning": ["Hm.", 1],
        "reasoning_details": [[], [{"type": "reasoning.text", "text": "x"}]],
        "tool_calls": [[], _calls, 1],
        "annotations": [[], _notes, 1],
        "images": [[], [{"image_url": {"url": "https://a.example"}}]],
    },
}
"""What a message may say beside, or instead of, the next words."""

_CHANGES = [
    (level, name, value)
    for level, fields in _UNUSUAL.items()
    for name in (*fields, "novel")
    for value in fields.get(name, [None, 0, "odd", {"a": [None]}])
]


def _ordinary(text: str) -> Json:
    delta: Json = {"content": text}
    choice: Json = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
    return {"id": "r", "created": 1, "model": "m", "choices": [choice], "novel": {"a": [text]}}


def _changed(text: str, change: tuple[str, str, object]) -> Json:
    level, name, value = change
    delta: Json = {"content": text}
    choice: Json = {"index": 0, "delta": delta}
    message: Json = {"id": "r", "created": 1, "model": "m", "choices": [choice]}
    {"message": message, "choice": choice, "delta": delta}[level][name] = value
    return message


_messages = st.builds(_changed, _texts, st.sampled_from(_CHANGES))


def _heard(messages: Sequence[Json], after: str) -> tuple[list[Chunk], tuple[str, ...]]:
    """The chunks of a stream, and the fault that ended it, if any. An upstream may well break the
    line within a message; then it is no longer one that can be passed on as it lies."""
    reader, chunks = StreamReader(), list[Chunk]()
    try:
        for each in messages:
            chunks.append(reader.feed(Message(msgspec.json.encode(each).decode() + after)))
        chunks.append(reader.end())
    except Fault as fault:
        return chunks, (fault.code, fault.message)
    return chunks, ()


def _told(chunks: Sequence[Chunk], house: str, model: str, cut: int) -> list[object]:
    """What is written of a stream whose chunks lose their wire at `cut`, and whose model may have
    another name here."""
    writer = StreamWriter(Request(model="m", stream_usage=True), View(house=house))
    frames: list[bytes] = []
    for number, chunk in enumerate(chunks):
        events = tuple(
            msgspec.structs.replace(each, model=model) if isinstance(each, Began) else each
            for each in chunk.events
        )
        frames += writer.write(Chunk(events, chunk.wire if number < cut else None))
    sent = (each.removeprefix(b"data: ").strip() for each in frames)
    return [each if each == b"[DONE]" else msgspec.json.decode(each) for each in sent]


def _compare(stream: list[Json], house: str, model: str, cut: int) -> None:
    seen, fault = _heard(stream, "")
    read, same = _heard(stream, "\n")
    assert fault == same
    assert [chunk.events for chunk in seen] == [chunk.events for chunk in read]
    assert _told(seen, house, model, cut) == _told(read, house, model, cut)


@given(
    st.lists(st.one_of(_texts.map(_ordinary), _messages), max_size=8),
    st.sampled_from(["openai", "openrouter"]),
    st.sampled_from(["m", "other", ""]),
    st.integers(0, 12),
)
def test_a_glance_says_what_reading_field_by_field_does(
    messages: list[Json], house: str, model: str, cut: int
) -> None:
    _compare([_ordinary(""), _ordinary("One"), *messages], house, model, cut)


@pytest.mark.parametrize("change", _CHANGES, ids=str)
def test_whatever_is_unusual_is_seen(change: tuple[str, str, object]) -> None:
    stream = [_ordinary("One"), _ordinary("two"), _changed("three", change), _ordinary("four")]
    _compare(stream, "openai", "m", 4)


def test_what_follows_counts_from_the_end_of_words_that_went_by() -> None:
    refused = _changed("", ("delta", "refusal", "No."))
    cited = _changed("", ("delta", "annotations", _notes))
    stream = [_ordinary("One"), _ordinary("two"), refused, _ordinary("three"), cited]
    _compare(stream, "openrouter", "m", 4)


def test_the_next_words_go_on_as_they_lie() -> None:
    stream = [_ordinary(""), _ordinary("One"), _ordinary(" t\u2028wo")]
    said = msgspec.json.encode(stream[-1]).replace(b",", b" , ").decode()
    reader = StreamReader()
    writer = StreamWriter(Request(model="m"), View())
    for each in stream[:-1]:
        writer.write(reader.feed(Message(msgspec.json.encode(each).decode())))
    assert writer.write(reader.feed(Message(said))) == [
        b"data: " + said.replace("\u2028", "\\u2028").encode() + b"\n\n"
    ]


def test_a_deep_or_long_message_is_not_believed_at_a_glance() -> None:
    deep: Json = {"a": 1}
    for _ in range(200):
        deep = {"a": deep}
    _, fault = _heard([_ordinary("One"), _ordinary("two") | {"novel": deep}], "")
    assert "nested" in fault[1]
    chunks, fault = _heard([_ordinary("One"), _ordinary("two" * 10_000)], "")
    assert "CutShort" not in fault
    assert chunks[-1].wire is not None
    assert not chunks[-1].wire.sealed
