"""No quotation reaches the caller that is not in its document, whatever the leader writes."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.canon.answers import Answer, Output
from manymind.canon.documents import Document
from manymind.canon.items import Said
from manymind.canon.parts import Citation, Text
from manymind.engine.evidence import Accepted, Evidence, Quoted
from manymind.engine.marks import marked, scrubbed
from manymind.engine.quotations import Quotations
from manymind.engine.rendering import rendered
from tests.engine.laws import assert_cited, assert_quoted
from tests.engine.stage import LIBRARY, Shelf, VirtualLoop

T = TypeVar("T")
SHELF = Shelf(
    *LIBRARY,
    Document(id="emoji", text="The 🌊🌊 wave 🌊 came in at noon that day.", url="https://e.org/🌊"),
)
TRUE = "The highest tides are 16 metres at the Bay of Fundy."
FALSE = "the tides were made by the council of elders"


async def proven() -> Evidence:
    """E1 in moon, E2 and E3 in tides, E4 in a document with signs beyond the first plane."""
    evidence = Evidence(SHELF)
    quotes = (
        ("moon", "The Moon orbits the Earth."),
        ("tides", TRUE),
        ("tides", "A spring tide comes twice a month."),
        ("emoji", "The 🌊🌊 wave 🌊 came in at noon"),
    )
    for document, quote in quotes:
        assert isinstance(await evidence.note("agent-1", quote, Quoted(document, quote)), Accepted)
    return evidence


async def guarded(text: str) -> str:
    return await Quotations(SHELF, await proven()).guarded(text)


MARKS = ["“{}”", '"{}"', "«{}»", "„{}“", "»{}«", "「{}」", "‘{}’", "'{}'", "> {}"]


@pytest.mark.parametrize("mark", MARKS)
async def test_a_quotation_that_stands_in_a_document_keeps_its_marks(mark: str) -> None:
    text = mark.format(TRUE) + " {{E2}}"
    assert await guarded(text) == text


@pytest.mark.parametrize("mark", MARKS)
async def test_an_invented_quotation_loses_its_marks_and_keeps_its_words(mark: str) -> None:
    clean = await guarded(f"They say\n{mark.format(FALSE)}\nand so on.")
    assert clean == f"They say\n{FALSE}\nand so on."


async def test_a_quotation_must_stand_in_the_document_that_its_marker_names() -> None:
    assert await guarded(f"“{TRUE}” {{{{E1}}}}") == f"{TRUE} {{{{E1}}}}"
    assert await guarded(f"“{TRUE}” {{{{E1, E3}}}}") == f"“{TRUE}” {{{{E1, E3}}}}"


async def test_a_few_words_in_quotation_marks_are_no_quotation() -> None:
    text = 'The so-called "sea of tranquility" is dry, and a 5" pipe is "5 inches" wide.'
    assert await guarded(text) == text


async def test_quotation_marks_in_code_are_code() -> None:
    text = f'Run this:\n\n```\nprint("{FALSE}")\n```\n\nThen wait.'
    assert await guarded(text) == text


async def test_a_mark_that_stands_alone_does_not_hide_a_lie() -> None:
    assert await guarded(f'A 5" pipe, "{FALSE}".') == f'A 5" pipe, {FALSE}.'
    assert '"' not in await guarded(f'said"{FALSE}"by all')


async def test_a_quotation_with_an_ellipsis_is_not_word_for_word() -> None:
    assert await guarded("“The highest tides are … at the Bay of Fundy”") == (
        "The highest tides are … at the Bay of Fundy"
    )


async def test_a_comma_inside_the_marks_does_not_make_a_quotation_false() -> None:
    text = (
        "“The Moon orbits the Earth,” says one. “The Sun is a star of the main sequence,” says it."
    )
    assert await guarded(text) == text


PIECES = st.sampled_from(
    (
        *(mark.format(words) for mark in MARKS for words in (TRUE, FALSE)),
        *('"', "“", "”", "«", "»", "„", "'", "\n\n", "\n", " ", ", ", ". ", "> ", "```\n"),
        *("{{E1}}", "{{E2, E4}}", "{{E9}}", "{{E", "}}", "[[1]](http://x)", "[[", "]](", "[E3]"),
        *("A plain word", "🌊", "of the sea and of all who go there in ships", FALSE, TRUE),
    )
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)


def run(coroutine: Coroutine[None, None, T]) -> T:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


@settings(max_examples=300)
@given(TEXTS)
def test_whatever_the_leader_writes_no_false_quotation_is_emitted(text: str) -> None:
    async def law() -> None:
        evidence = await proven()
        clean = await Quotations(SHELF, evidence).guarded(scrubbed(text, evidence))
        said = "".join(piece.text for piece in rendered(scrubbed(clean, evidence), evidence))
        if "```" not in said:
            assert_quoted(said, SHELF)

    run(law())


@settings(max_examples=300)
@given(TEXTS)
def test_whatever_the_leader_writes_every_link_slices_to_its_citation(text: str) -> None:
    async def law() -> None:
        evidence = await proven()
        pieces = rendered(scrubbed(text, evidence), evidence)
        said = "".join(piece.text for piece in pieces)
        parts = (Text(text=said, citations=tuple(c for p in pieces for c in p.citations)),)
        output = Output(item=Said(role="assistant", parts=parts))
        assert_cited(Answer(outputs=(output,)), SHELF)

    run(law())


async def test_links_count_code_points_and_sources_keep_their_number() -> None:
    evidence = await proven()
    text = "🌊🌊 First {{E4}}, then {{E2}}{{E3}}, and {{E4}} again."
    pieces = rendered(text, evidence)
    said = "".join(piece.text for piece in pieces)
    assert said == (
        "🌊🌊 First [[1]](https://e.org/🌊), then [[2]](https://example.org/tides?a=%28b%29), "
        "and [[1]](https://e.org/🌊) again."
    )
    cited = [citation for piece in pieces for citation in piece.citations]
    assert [each.title for each in cited] == ["1", "2", "2", "1"]
    assert all(said[each.start : each.end] == f"[[{each.title}]]({each.url})" for each in cited)
    assert [each.quote for each in cited][1:3] == [TRUE, "A spring tide comes twice a month."]


async def test_a_leader_that_cites_in_its_own_dialect_is_understood() -> None:
    text = "Tides are high [[1]](document:E2). The Moon orbits."
    start = text.index("[[")
    citations = (
        Citation(document_id="E2", start=start, end=text.index(")") + 1),
        Citation(document_id="E1"),
        Citation(document_id="other", start=0, end=5),
    )
    said = Said(role="assistant", parts=(Text(text=text, citations=citations),))
    answer = Answer(outputs=(Output(item=said),))
    assert marked(answer, await proven()) == "Tides are high {{E2}}. The Moon orbits.{{E1}}"
