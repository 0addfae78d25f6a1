"""However an answer is cut into pieces, what is heard is the whole with its values restored."""

import asyncio
import json
from collections.abc import Iterable
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manymind.canon.answers import fold
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
    Stopped,
    Wire,
    Wrote,
    spoken,
)
from manymind.canon.items import Called, Said, Thought
from manymind.canon.parts import Citation, Text
from manymind.policy.redaction.restoring import Restoring, Strand
from manymind.policy.redaction.vault import PLACEHOLDER, Vault
from tests.world import listener

KEY = bytes(32)
VALUES = ("ann@acme.example", 'a "quoted"\nkey\\', "4111", "ключ🔑", "x" * 300)


def a_vault() -> tuple[Vault, list[str]]:
    vault = Vault()
    return vault, [vault.placeholder(KEY, "EMAIL", value) for value in VALUES]


VAULT, KNOWN = a_vault()
UNKNOWN = Vault().placeholder(b"another conversation's".ljust(32), "EMAIL", VALUES[0])

_PIECES = st.sampled_from(
    [*KNOWN, UNKNOWN, "[", "]", "[[1]](url)", "[E", "[EMAIL", "[EMAIL_", " and ", "é🔑", "\n", "x"]
)
TEXTS = st.lists(_PIECES, max_size=12).map("".join)


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[a:b] for a, b in pairwise(ends)]


def heard(*events: Happened, json_words: bool = False) -> list[Happened]:
    return [event for chunk in chunks(map(spoken, events), json_words) for event in chunk.events]


def chunks(given: Iterable[Chunk], json_words: bool = False) -> list[Chunk]:
    """What is heard of these. Each run has a loop of its own, as Hypothesis wants it."""
    ear, say = listener()

    async def run() -> None:
        restoring = Restoring(VAULT, say, json_words=json_words)
        for chunk in given:
            await restoring(chunk)

    asyncio.run(run())
    return ear


def an_answer(pieces: list[str], *, where: str = "content") -> list[Happened]:
    shell = Called(call_id="c", name="f") if where == "arguments" else Said(role="assistant")
    part = [] if where == "arguments" else [PartOpened(item="i", part=0, value=Text(text=""))]
    return [
        Began(id="a", model="m"),
        Opened(item="i", value=shell),
        *part,
        *(Wrote(item="i", text=piece, where=where) for piece in pieces),
        Closed(item="i"),
        Stopped(reason="stop"),
        Ended(),
    ]


def texts(events: list[Happened]) -> str:
    return "".join(event.text for event in events if isinstance(event, Wrote))


@given(TEXTS, st.lists(st.integers(0, 400), max_size=30))
def test_any_split_restores_as_the_whole_does(text: str, places: list[int]) -> None:
    events = heard(*an_answer(cut(text, places)))
    assert texts(events) == VAULT.restored(text)
    assert fold([spoken(*events)]).text == VAULT.restored(text)


@given(
    st.lists(st.sampled_from([*KNOWN, UNKNOWN, "a", "1"]), max_size=6),
    st.lists(st.integers(0, 400)),
)
def test_arguments_stay_json_however_they_are_split(words: list[str], places: list[int]) -> None:
    written = json.dumps({"a": " ".join(words), "b": words})
    events = heard(*an_answer(cut(written, places), where="arguments"))
    restored = [VAULT.restored(word) for word in words]
    assert json.loads(texts(events)) == {"a": " ".join(restored), "b": restored}


@given(TEXTS, st.lists(st.integers(0, 400), max_size=8))
def test_nothing_is_held_back_that_cannot_be_a_placeholder(text: str, places: list[int]) -> None:
    came, said = "", ""
    strand = Strand(VAULT, in_json=False)
    for piece in cut(text, places):
        came += piece
        said += strand.feed(piece)
        at = came.rfind("[")
        open_end = came[at:] if at >= 0 and VAULT.begins(came[at:]) else ""
        assert said == VAULT.restored(came[: len(came) - len(open_end)])


@given(st.lists(_PIECES, min_size=1, max_size=10), st.data())
def test_citations_point_at_the_same_words(pieces: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(pieces) - 1))
    last = data.draw(st.integers(first, len(pieces) - 1))
    starts = [len("".join(pieces[:n])) for n in range(len(pieces) + 1)]
    text = "".join(pieces)
    citation = Citation(start=starts[first], end=starts[last + 1], title=KNOWN[0])
    early = data.draw(st.booleans())
    cited = Cited(item="i", citation=citation)
    written = [
        Wrote(item="i", text=piece) for piece in cut(text, data.draw(st.lists(st.integers(0, 400))))
    ]
    middle: list[Happened] = [cited, *written] if early else [*written, cited]
    events = heard(
        Opened(item="i", value=Said(role="assistant")),
        PartOpened(item="i", part=0, value=Text(text="")),
        *middle,
        PartClosed(item="i", part=0),
        Closed(item="i"),
        Ended(),
    )
    [moved] = [event.citation for event in events if isinstance(event, Cited)]
    if len(PLACEHOLDER.findall(text)) == sum(p in (*KNOWN, UNKNOWN) for p in pieces):
        words = "".join(map(VAULT.restored, pieces[first : last + 1]))
        assert texts(events)[moved.start : moved.end] == words
    assert moved.title == VALUES[0]


def test_a_citation_that_comes_after_its_part_is_moved_too() -> None:
    text = f"See {KNOWN[0]} here"
    events = heard(
        Opened(item="i", value=Said(role="assistant")),
        Wrote(item="i", text=text),
        PartClosed(item="i", part=0),
        Cited(item="i", citation=Citation(start=len(text) - 4, end=len(text))),
        Ended(),
    )
    [moved] = [event.citation for event in events if isinstance(event, Cited)]
    assert texts(events)[moved.start : moved.end] == "here"


def test_what_only_the_end_knew_is_restored() -> None:
    sealed = Called(call_id="c", name="f", arguments=json.dumps({"to": KNOWN[1]}))
    thought = Thought(content=(Text(text=KNOWN[0]),), signature=KNOWN[0])
    part = Text(text=KNOWN[0], citations=(Citation(start=0, end=len(KNOWN[0])),))
    events = heard(
        Opened(item="a", value=thought),
        PartClosed(item="a", part=0, value=part),
        Closed(item="b", sealed=sealed),
    )
    opened, closed_part, closed = events
    assert isinstance(opened, Opened)
    assert opened.value == Thought(content=(Text(text=VALUES[0]),), signature=KNOWN[0])
    assert isinstance(closed_part, PartClosed)
    assert closed_part.value == Text(
        text=VALUES[0], citations=(Citation(start=0, end=len(VALUES[0])),)
    )
    assert isinstance(closed, Closed)
    assert isinstance(closed.sealed, Called)
    assert json.loads(closed.sealed.arguments) == {"to": VALUES[1]}


def test_words_that_are_json_stay_json() -> None:
    written = json.dumps({"key": KNOWN[1]})
    events = heard(*an_answer(cut(written, [7, 15, 20])), json_words=True)
    assert json.loads(texts(events)) == {"key": VALUES[1]}


def test_several_texts_at_once_do_not_mix() -> None:
    half, rest = KNOWN[0][:9], KNOWN[0][9:]
    events = heard(
        Opened(item="a", value=Said(role="assistant")),
        Opened(item="b", value=Said(role="assistant"), choice=1),
        Wrote(item="a", text=half),
        Wrote(item="b", text=half),
        Wrote(item="a", text="", where="summary"),
        Wrote(item="b", text=rest),
        Stopped(reason="stop", choice=1),
        Wrote(item="a", text=rest),
        Ended(),
    )
    said = {name: "" for name in "ab"}
    for event in events:
        if isinstance(event, Wrote):
            said[event.item] += event.text
    assert said == {"a": VALUES[0], "b": VALUES[0]}


def test_an_unfinished_placeholder_is_said_at_the_end() -> None:
    cut_off = KNOWN[0][:-3]
    for last in (Closed(item="i"), Stopped(reason="length"), Ended()):
        events = heard(
            Opened(item="i", value=Said(role="assistant")), Wrote(item="i", text=cut_off), last
        )
        assert texts(events) == cut_off
        assert events[-1] == last


def test_what_the_provider_sent_does_not_go_on_as_it_came() -> None:
    wire = Wire("openai_chat", {"text": KNOWN[0]})
    ear = chunks([Chunk((Wrote(item="i", text="plain"),), wire)])
    assert ear == [Chunk((Wrote(item="i", text="plain"),))]


def test_another_conversations_placeholder_says_nothing() -> None:
    assert VAULT.restored(f"It is {UNKNOWN}.") == f"It is {UNKNOWN}."
    assert UNKNOWN not in KNOWN


def test_placeholders_cannot_be_guessed_from_each_other() -> None:
    chance = Random(1)
    vault = Vault()
    made = {vault.placeholder(KEY, "CARD", str(n)) for n in range(5000)}
    assert len(made) == 5000
    tried = f"[CARD_{''.join(chance.choices('abcdefghijklmnopqrstuvwxyz234567', k=10))}]"
    assert vault.restored(tried) == tried


@pytest.mark.parametrize("label", ["EMAIL", "OPENAI_KEY", "R8"])
def test_a_value_has_the_same_placeholder_each_time(label: str) -> None:
    first, second = (Vault().placeholder(KEY, label, "v") for _ in range(2))
    assert first == second
    assert PLACEHOLDER.fullmatch(first)
    assert Vault().placeholder(bytes(31) + b"x", label, "v") != first
