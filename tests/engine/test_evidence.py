"""Claims: what is taken in, what is joined, and what a figure must prove."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manymind.canon.documents import Document
from manymind.engine.claims import QUOTE_MAX, Claim
from manymind.engine.evidence import Accepted, Evidence, Quoted, Rejected
from manymind.engine.figures import stands
from tests.engine.stage import LIBRARY, Shelf

MOON = "Its mean distance is 384,400 kilometres from here."


async def noted(evidence: Evidence, quote: str, text: str = "a fact", voice: str = "a") -> Claim:
    noting = await evidence.note(voice, text, Quoted("moon", quote))
    assert isinstance(noting, Accepted)
    return evidence.claim_of(noting.note)


async def test_claims_on_the_same_words_are_one_and_keep_both_statements() -> None:
    evidence = Evidence(Shelf(*LIBRARY))
    await noted(evidence, "mean distance is 384,400 kilometres", "Far.", "agent-1")
    claim = await noted(evidence, "384,400 kilometres from here.", "Very far.", "agent-2")
    assert len(evidence.claims) == 1
    assert claim.statements == ("Far.", "Very far.")
    assert claim.voices == ("agent-1", "agent-2")
    assert claim.found.text == "mean distance is 384,400 kilometres from here."
    assert LIBRARY[0].text[claim.found.start : claim.found.end] == claim.found.text


async def test_claims_on_other_words_or_documents_stay_apart() -> None:
    evidence = Evidence(Shelf(*LIBRARY, Document(id="copy", text=LIBRARY[0].text)))
    await noted(evidence, "The Moon orbits the Earth.")
    await noted(evidence, MOON)
    await evidence.note("a", "again", Quoted("copy", MOON))
    assert [claim.id for claim in evidence.claims] == ["E1", "E2", "E3"]


async def test_joined_quotes_never_grow_beyond_a_quote() -> None:
    text = "".join(f"word{n} " for n in range(1_000))
    evidence = Evidence(Shelf(Document(id="moon", text=text)))
    for start in range(0, 5_000, 400):
        await noted(evidence, text[start : start + 800])
    for claim in evidence.claims:
        assert len(claim.found.text) <= QUOTE_MAX
        assert text[claim.found.start : claim.found.end] == claim.found.text


@pytest.mark.parametrize("quote", ["", "a", "Moon", "x" * (QUOTE_MAX + 1)])
async def test_a_quote_that_proves_nothing_is_refused(quote: str) -> None:
    evidence = Evidence(Shelf(*LIBRARY))
    assert isinstance(await evidence.note("a", "A fact.", Quoted("moon", quote)), Rejected)


async def test_after_two_repairs_a_claim_stays_unsupported() -> None:
    evidence = Evidence(Shelf(*LIBRARY))
    tries = [
        await evidence.note("a", "A fact.", Quoted("moon", f"no such words {n}")) for n in range(3)
    ]
    assert [noting.final for noting in tries if isinstance(noting, Rejected)] == [
        False,
        False,
        True,
    ]
    assert isinstance(await evidence.note("a", "a  FACT.", Quoted("moon", MOON)), Rejected)
    assert evidence.unsupported == ["A fact."]
    assert isinstance(await evidence.note("b", "A fact.", Quoted("moon", MOON)), Accepted)


@pytest.mark.parametrize(
    ("statement", "quote"),
    [
        ("It costs 1234 dollars.", "The price is 1,234 dollars"),
        ("It costs 1,234.50.", "the price is 1 234.50"),
        ("In 2020 there were 100 people.", "100 people lived here in 2020"),
        ("In 2020 100 came.", "100 came in 2020"),
        ("1'000'000 people", "1,000,000 people"),
        ("3,5 metres", "3.5 metres"),
        ("It is １６ metres.", "16 metres"),
        ("No figures at all.", "nor here"),
    ],
)
def test_a_figure_stands_however_it_is_written(statement: str, quote: str) -> None:
    assert stands(statement, quote)


@pytest.mark.parametrize(
    ("statement", "quote"),
    [
        ("It costs 1235 dollars.", "1,234 dollars"),
        ("16.5 metres", "165 metres"),
        ("12 metres", "12.5 metres"),
        ("3.142", "3142"),
        ("In 1960.", "in the year of 1959"),
        ("99 people", "no figure"),
    ],
)
def test_an_altered_figure_does_not_stand(statement: str, quote: str) -> None:
    assert not stands(statement, quote)


@given(st.text(max_size=60))
def test_what_is_said_in_the_words_of_the_quote_always_stands(text: str) -> None:
    assert stands(text, text)
