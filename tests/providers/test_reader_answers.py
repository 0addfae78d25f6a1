"""How well the reader answers, alone and as a team, over questions whose answers are known."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from manymind.canon.answers import Answer
from manymind.canon.events import Noted, Say
from manymind.canon.items import Said
from manymind.canon.parts import Citation, Text
from manymind.canon.ports import Desk, Provider, Shelves
from manymind.canon.requests import Request
from manymind.corpus.standing import open_folders, shelves
from manymind.engine.settings import TeamSettings
from manymind.engine.team import Team
from manymind.providers.reader import Reader
from tests.providers.graded import DEMO, GRADED, OFFICE, Graded
from tests.world import Heard, a_desk, a_request, listener, said

RIGHT_LEAST = 0.9
QUOTES_MOST = 3
Ask: TypeAlias = Callable[[Graded], Awaitable[Heard]]

_LINK = re.compile(r"\[\[\d+\]\]\([^)]*\)")


def a_team(standing: Shelves) -> Provider:
    reader = Reader(standing)

    async def run(request: Request, say: Say, desk: Desk) -> None:
        await reader.run(request, say, desk)

    settings = TeamSettings(leader="manymind/reader", agent="manymind/reader")
    return Team(run, standing, None, settings)


@pytest.fixture(scope="module", params=["reader", "team"])
def ask(request: pytest.FixtureRequest) -> Ask:
    make: Callable[[Shelves], Provider] = a_team if request.param == "team" else Reader
    providers = {folder: make(shelves(open_folders([folder]))) for folder in (DEMO, OFFICE)}

    async def asked(graded: Graded) -> Heard:
        roles = ("user", "assistant") * len(graded.turns)
        items = tuple(map(said, graded.turns, roles))
        ear, say = listener()
        await providers[graded.folder].run(a_request(items=items), say, a_desk())
        return ear

    return asked


def citations(answer: Answer) -> list[Citation]:
    return [
        citation
        for item in answer.items
        if isinstance(item, Said)
        for part in item.parts
        if isinstance(part, Text)
        for citation in part.citations
    ]


def is_right(graded: Graded, answer: Answer) -> bool:
    text = " ".join(answer.text.split())
    found = "I found no" not in text
    if not graded.document:
        return not found
    cited = {one.document_id for one in citations(answer)}
    return found and graded.document in cited and all(word in text for word in graded.words)


async def test_nine_of_ten_answers_are_right_and_none_is_made_up(ask: Ask) -> None:
    wrong: list[str] = []
    for graded in GRADED:
        answer = (await ask(graded)).answer
        if not is_right(graded, answer):
            wrong.append(f"{graded.question}\n    {answer.text[:300]}")
            assert graded.document, f"an answer to what has none: {wrong[-1]}"
    assert len(GRADED) > 100
    assert len(wrong) <= (1 - RIGHT_LEAST) * len(GRADED), "\n".join(wrong)


async def test_every_quote_stands_in_its_document(ask: Ask) -> None:
    for graded in GRADED:
        answer = (await ask(graded)).answer
        cited = citations(answer)
        assert len(_LINK.findall(answer.text)) == len({(one.start, one.end) for one in cited})
        for one in cited:
            assert one.verified and one.document_id
            assert one.quote == source(graded.folder, one), graded.question
            assert answer.text[one.start : one.end] == f"[[{one.title}]]({one.url})"
        documents = [" ".join(path.read_text().split()) for path in graded.folder.iterdir()]
        for quote in re.findall(r"“([^”]*)” (?:\([^)]*\) )?\[\[", answer.text):
            assert any(quote in document for document in documents), graded.question


def source(folder: Path, cited: Citation) -> str:
    text = (folder / (cited.document_id or "")).read_text()
    return text[cited.source_start : cited.source_end]


async def test_a_plain_question_gets_few_quotes_and_none_of_them_twice(ask: Ask) -> None:
    for graded in GRADED:
        answer = (await ask(graded)).answer
        quotes = re.findall(r"“[^”]*”", answer.text)
        assert len(quotes) == len(set(quotes)), graded.question
        if len(graded.words) == 1:
            assert len(citations(answer)) <= QUOTES_MOST, answer.text


async def test_the_same_question_gets_the_same_answer(ask: Ask) -> None:
    for graded in GRADED[::7]:
        first, second = await ask(graded), await ask(graded)
        assert first.answer.text == second.answer.text
        assert citations(first.answer) == citations(second.answer)


async def test_nothing_of_an_ordinary_run_is_called_failed(ask: Ask) -> None:
    for graded in GRADED[::5]:
        for event in (await ask(graded)).events:
            if isinstance(event, Noted):
                assert "failed" not in event.what, (graded.question, event.data)
                assert event.data.get("status") in (None, "done"), (graded.question, event.data)
