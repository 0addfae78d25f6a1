"""Which sentence a marker belongs to, so that no figure slips past its evidence."""

import pytest

from manymind.engine.evidence import Accepted, Evidence, Quoted
from manymind.engine.sentences import doubted, sentences, without
from tests.engine.stage import LIBRARY, Shelf

HIGH = "The highest tides are 16 metres"


async def proven() -> Evidence:
    evidence = Evidence(Shelf(*LIBRARY))
    noting = await evidence.note("agent-1", "High.", Quoted("tides", HIGH))
    assert isinstance(noting, Accepted)
    return evidence


@pytest.mark.parametrize(
    "text",
    [
        "They are 61 metres {{E1}}.",
        "They are 61 metres. {{E1}}",
        "They are 61 metres.{{E1}}",
        "They are 61 metres.\n{{E1}}",
        "They are 61 metres. . {{E1}}",
        "They are 61 metres.) — {{E1}} Really.",
        "“They are 61 metres.” {{E1}} It is so.",
        "They are 61 metres approx. at most {{E1}}.",
        "2. They are 61 metres {{E1}}.",
        "# They are 61 metres {{E1}}",
        "它们高61米。{{E1}}",
    ],
)
async def test_a_figure_that_the_evidence_lacks_is_seen(text: str) -> None:
    assert len(doubted(text, await proven())) == 1


@pytest.mark.parametrize(
    "text",
    [
        "They are 16 metres {{E1}}.",
        "1. They are 16 metres {{E1}}.\n2. They are high {{E1}}.",
        "In 1999 I saw it. They are 16 metres {{E1}}.",
        "They are 16 metres {{E1}}. I counted 99 ships.",
        "They are 61 metres.",
        "They are 61 metres {{E9}}.",
    ],
)
async def test_a_figure_that_stands_there_or_is_not_cited_is_no_doubt(text: str) -> None:
    assert not doubted(text, await proven())


async def test_sentences_are_the_whole_text_and_can_be_taken_out() -> None:
    text = "One. They are 61 metres. {{E1}} Three!\n\n- They are 62 metres {{E1}}\n- Five {{E1}}"
    found = list(sentences(text))
    assert "".join(text[each.start : each.end] for each in found) == text
    assert without(text, doubted(text, await proven())) == "One. Three!\n\n\n- Five {{E1}}"
