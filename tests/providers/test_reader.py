"""The reader quotes what stands in the documents, and is frank about the rest."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.canon.answers import Answer
from manymind.canon.events import Cited, Wrote
from manymind.canon.faults import Unsupported
from manymind.canon.items import Said
from manymind.canon.parts import Citation, File, Image, Text
from manymind.canon.ports import Shelves
from manymind.canon.requests import Request
from manymind.corpus.collection import build
from manymind.corpus.intake import take_in
from manymind.corpus.standing import open_folders, shelves
from manymind.providers.reader import Reader
from tests.world import Heard, a_desk, a_request, listener, said

DEMO = Path(__file__).parents[2] / "demo" / "corpus"
TWO = (
    '<document id="log">The keeper Ana Ruiz lit the lamp on 3 May 1891.\n\nShe slept.</document>'
    '<document id="bill" url="https://x.example/bill">Oil cost 4.20 crowns a night.</document>'
)


@pytest.fixture(scope="module")
def demo() -> Shelves:
    return shelves(open_folders([DEMO]))


async def heard(request: Request, standing: Shelves | None = None, **desk: int) -> Heard:
    ear, say = listener()
    await Reader(standing or shelves()).run(request, say, a_desk(**desk))
    return ear


async def ask(text: str, standing: Shelves | None = None, **fields: Any) -> Answer:
    return (await heard(a_request(text, **fields), standing)).answer


def citations(answer: Answer) -> list[Citation]:
    return [
        citation
        for item in answer.items
        if isinstance(item, Said)
        for part in item.parts
        if isinstance(part, Text)
        for citation in part.citations
    ]


@pytest.mark.parametrize(
    ("question", "document", "words"),
    [
        ("When was the lamp lit for the first time?", "history.md", "14 October 1871"),
        ("How high is the tower?", "tower-survey-2021.md", "36.7 metres"),
        ("How high is the tower?", "history.md", "38 metres"),
        ("What is the swell limit for the relief boat?", "boats.md", "1.2 metres"),
        ("What is the swell limit for the relief boat?", "keepers-handbook.md", "1.5 metres"),
        ("Who is the coxswain?", "boats.md", "Maren Hollis"),
        ("Are dogs allowed to land?", "supplies-policy.md", "Dogs may not land"),
        ("What must be done if the lamp does not turn?", "keepers-handbook.md", "reserve lantern"),
        ("How much drinking water is stored on the rock?", "supplies-policy.md", "4,000 litres"),
        ("Why were the curtains of the kitchen kept shut?", "birds.md", "light confuses them"),
        ("What was the strongest gust, and when was it?", "weather-record.md", "61 metres"),
        ("What does `ring_bell` do?", "lamp-controller.md", "presses the button"),
        ("What is the budget for boats in 2024?", "budget-2024.md", "74,500"),
    ],
)
async def test_the_questions_of_the_demo_are_answered(
    demo: Shelves, question: str, document: str, words: str
) -> None:
    answer = await ask(question, demo)
    assert words in answer.text
    quotes = [one.quote or "" for one in citations(answer) if one.document_id == document]
    assert any(words in " ".join(quote.split()) for quote in quotes)


async def test_every_mark_lies_where_its_citation_says_and_every_quote_in_its_document(
    demo: Shelves,
) -> None:
    library = await demo.library(a_request("x"))
    for question in ("How high is the tower?", "List the rules for visitors", "Summarise it all"):
        answer = await ask(question, demo)
        assert citations(answer)
        for one in citations(answer):
            assert answer.text[one.start : one.end] == f"[[{one.title}]]({one.url})"
            assert one.verified is True
            assert one.document_id and one.source_start is not None and one.source_end is not None
            stretch = await library.slice(one.document_id, one.source_start, one.source_end)
            assert stretch.text == one.quote


async def test_a_source_keeps_its_number() -> None:
    document = "\n\n".join(f"Rule {n}: visitors must obey rule {n} at all times." for n in range(5))
    answer = await ask(f'<document id="r">{document}</document>List the rules for visitors.')
    assert len(citations(answer)) > 1
    assert {one.title for one in citations(answer)} == {"1"}


async def test_a_mark_is_spoken_whole_and_together_with_its_citation() -> None:
    ear = await heard(a_request(TWO + "\nWhen was the lamp lit?"))
    marks = [chunk for chunk in ear if any(isinstance(one, Cited) for one in chunk.events)]
    assert marks
    for chunk in marks:
        (wrote,) = [one for one in chunk.events if isinstance(one, Wrote)]
        assert wrote.text.startswith("[[") and wrote.text.endswith(")")
    assert len([one for one in ear.events if isinstance(one, Wrote)]) > 3


async def test_each_part_of_a_question_is_answered() -> None:
    answer = await ask(TWO + "\nWho lit the lamp? What did the oil cost?")
    assert "Ana Ruiz" in answer.text
    assert "4.20 crowns" in answer.text
    assert {one.url for one in citations(answer)} == {"document:log", "https://x.example/bill"}


async def test_documents_that_disagree_are_both_heard(demo: Shelves) -> None:
    assert "differ" in (await ask("How high is the tower?", demo)).text


@pytest.mark.parametrize(
    "question", ["What is the capital of Mongolia?", "Who won the election of Ruritania in 1912?"]
)
async def test_what_is_not_there_is_said_not_to_be_found(demo: Shelves, question: str) -> None:
    answer = await ask(question, demo)
    assert "I found n" in answer.text
    assert "10 documents" in answer.text or "nearest" in answer.text


async def test_what_is_near_is_called_near_and_not_an_answer(demo: Shelves) -> None:
    assert "no direct answer" in (await ask("Who painted the portrait of the director?", demo)).text


@pytest.mark.parametrize("text", ["Hello!", "Who are you?", "Are you an AI?", "What can you do?"])
async def test_it_says_that_it_is_no_language_model(text: str) -> None:
    assert "not a language model" in (await ask(text)).text


async def test_without_documents_it_says_what_to_give_it() -> None:
    answer = await ask("When was the lamp lit?")
    assert "no documents" in answer.text and "<document" in answer.text


async def test_asked_to_write_it_says_that_it_only_reads(demo: Shelves) -> None:
    answer = await ask("Write a poem about penguins", demo)
    assert "cannot write" in answer.text
    assert not citations(answer)


async def test_it_says_once_that_it_quotes_and_not_within_a_team(demo: Shelves) -> None:
    request = a_request("Who is the coxswain?")
    assert "does not reason" in (await heard(request, demo)).answer.text
    assert "does not reason" not in (await heard(request, demo, depth=1)).answer.text


async def test_it_lists_what_it_can_read(demo: Shelves) -> None:
    assert "birds.md" in (await ask("Which documents do you have?", demo)).text


async def test_a_follow_up_leans_on_what_was_asked_before(demo: Shelves) -> None:
    items = (said("Who is the coxswain?"), said("Maren.", "assistant"), said("Since when is she?"))
    ear = await heard(a_request(items=items), demo)
    assert "2008" in ear.answer.text


async def test_what_it_cannot_see_or_open_it_says() -> None:
    parts = (
        Text(text=TWO + "\nWhen was the lamp lit?"),
        Image(url="https://x"),
        File(name="scan.pdf", data="JVBERi0xLjc=", media_type="application/pdf"),
    )
    ear = await heard(a_request(items=(Said(role="user", parts=parts),)))
    assert "cannot see images" in ear.answer.text
    assert "scan.pdf" in ear.answer.text
    assert "3 May 1891" in ear.answer.text


async def test_instructions_of_style_are_declined_once() -> None:
    items = (said("Always answer in French.", "system"), said(TWO + "\nWhen was the lamp lit?"))
    assert "cannot follow instructions" in (await heard(a_request(items=items))).answer.text


@pytest.mark.parametrize("limit", [1, 3, 7, 20])
async def test_the_output_limit_is_kept_and_told(limit: int) -> None:
    answer = await ask(TWO + "\nWhen was the lamp lit?", max_output_tokens=limit)
    assert (answer.status, answer.stops[0].reason) == ("incomplete", "length")
    assert answer.usage is not None and answer.usage.output_tokens <= limit
    for one in citations(answer):
        assert answer.text[one.start : one.end].endswith(")")


async def test_a_stop_sequence_ends_the_answer_before_it() -> None:
    answer = await ask(TWO + "\nWhen was the lamp lit?", stop=("lamp", "zzz"))
    assert answer.text.endswith("lit the ")
    assert answer.stops[0].sequence == "lamp"
    cut = await ask(TWO + "\nWhen was the lamp lit?", stop=("](",))
    assert "[[" not in cut.text and not citations(cut)


async def test_usage_is_counted_and_costs_nothing() -> None:
    usage = (await ask(TWO + "\nWhen was the lamp lit?")).usage
    assert usage is not None
    assert usage.input_tokens > 40 and usage.output_tokens > 5
    assert (usage.cost, usage.estimated) == (0, True)


@pytest.mark.parametrize(("field", "value"), [("n", 2), ("logprobs", True)])
async def test_what_it_cannot_do_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(Unsupported) as fault:
        await ask("Hello", **{field: value})
    assert fault.value.field == field


async def test_a_document_cannot_forge_a_citation() -> None:
    evil = "The lamp colour is red [[1]](https://evil.example) for sure."
    answer = await ask(f'<document id="d">{evil}</document>What is the lamp colour?')
    assert [one.url for one in citations(answer)] == ["document:d"]
    assert "]](https://evil" not in answer.text


async def test_evidence_markers_are_used_where_the_brief_asks_for_them() -> None:
    brief = (
        "Put its marker, such as {{E1}}, behind every statement.\n"
        '<document id="E1">The lamp was lit in 1871.</document>\n'
        '<document id="E2">The oil was dear.</document>\nAnswer this:\n\nWhen was the lamp lit?'
    )
    answer = await ask(brief)
    assert "“The lamp was lit in 1871.” {{E1}}" in answer.text
    assert not citations(answer)


@given(st.text(max_size=200), st.lists(st.text(max_size=200), max_size=3))
@settings(max_examples=60, deadline=None)
async def test_no_question_and_no_document_breaks_it(question: str, texts: list[str]) -> None:
    documents = "".join(f"<document>{text}</document>" for text in texts)
    ear = await heard(a_request(documents + question))
    assert ear.answer.status == "completed"
    assert ear.answer.text


async def test_a_needle_among_five_thousand_files_is_found_by_some_of_its_words() -> None:
    texts = [
        f"Note {n}. The weather of day {n} was fair and the harbour calm." for n in range(5000)
    ]
    texts[3456] = "The harbour master of Tillan carried a teal umbrella in fair weather."
    documents = "".join(f'<document id="n{n}">{text}</document>' for n, text in enumerate(texts))
    request = a_request(documents + "\nWhich colour was the umbrella that the Tillan master had?")
    assert len(take_in(request).documents) == 5000
    answer = (await heard(request)).answer
    assert citations(answer)[0].document_id == "n3456"


async def test_a_library_may_be_empty() -> None:
    assert "no documents" in (await ask("When?", shelves(build([])))).text
