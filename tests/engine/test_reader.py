"""The team from end to end on the built-in reader: real documents, no key, no network."""

import random

import anyio
import pytest

from manymind.canon.events import Noted, Say
from manymind.canon.parts import Text
from manymind.canon.ports import Desk
from manymind.canon.requests import Caps, OutputFormat, Reasoning, Request
from manymind.corpus.standing import shelves
from manymind.engine.settings import TeamSettings
from manymind.engine.team import Team
from manymind.providers.reader import Reader
from tests.engine.laws import assert_grammar, citations_of
from tests.engine.stage import LIBRARY
from tests.world import Heard, a_desk, a_request, listener

NO_CAPS = Caps()
DOCUMENTS = "\n".join(
    f'<document id="{each.id}" url="{each.url or ""}">{each.text}</document>' for each in LIBRARY
)


@pytest.fixture
def anyio_backend() -> str:
    """The corpus indexes in threads, for which virtual time does not wait."""
    return "asyncio"


async def asked(
    question: str,
    *,
    reasoning: Reasoning | None = None,
    output: OutputFormat | None = None,
    caps: Caps = NO_CAPS,
    latency: random.Random | None = None,
) -> Heard:
    shelf = shelves()
    reader = Reader(shelf)

    async def run(request: Request, say: Say, desk: Desk) -> None:
        if latency is not None:
            await anyio.sleep(latency.uniform(0.0, 0.02))
        await reader.run(request, say, desk)

    settings = TeamSettings(leader="manymind/reader", agent="manymind/reader")
    heard, say = listener()
    text = f"{DOCUMENTS}\n\n{question}"
    request = a_request(text, reasoning=reasoning, output=output, caps=caps)
    await Team(run, shelf, None, settings).run(request, say, a_desk())
    assert_grammar(heard.events)
    return heard


@pytest.mark.parametrize("effort", ["none", "medium", "high"])
async def test_a_team_of_readers_answers_from_the_documents(effort: str) -> None:
    heard = await asked("When was the far side first seen?", reasoning=Reasoning(effort=effort))
    answer = heard.answer
    assert "first seen in 1959" in answer.text
    assert answer.status == "completed"
    cited = citations_of(answer)
    texts = {each.id: each.text for each in LIBRARY}
    assert cited
    for each in cited:
        assert answer.text[each.start : each.end] == f"[[{each.title}]]({each.url})"
        assert texts[each.document_id or ""][each.source_start : each.source_end] == each.quote


async def test_readers_of_any_speed_give_the_same_answer() -> None:
    question = "How far is the Moon, and how high are the highest tides, and how old is the Sun?"
    first = (await asked(question, latency=random.Random(0))).answer
    assert all(words in first.text for words in ("384,400", "16 metres", "4.6 billion"))
    for seed in range(1, 9):
        answer = (await asked(question, latency=random.Random(seed))).answer
        assert answer.text.encode() == first.text.encode()
        assert citations_of(answer) == citations_of(first)


async def test_a_team_of_readers_plans_by_the_parts_of_the_question() -> None:
    heard = await asked("How high are the highest tides? When was the far side first seen?")
    facts = [event for event in heard.events if isinstance(event, Noted)]
    briefs = [fact.data["objective"] for fact in facts if fact.what == "brief"]
    assert briefs == ["How high are the highest tides?", "When was the far side first seen?"]
    assert not [fact.what for fact in facts if "failed" in fact.what]


@pytest.mark.parametrize("question", ["Hello!", "Who are you?", "Write a poem about the Moon."])
async def test_where_nothing_has_to_be_looked_up_no_agent_is_sent(question: str) -> None:
    heard = await asked(question)
    assert not [e for e in heard.events if isinstance(e, Noted) and e.what == "brief"]
    assert "not a language model" in heard.answer.text


async def test_a_team_of_readers_fills_a_schema() -> None:
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"year": {"type": "integer", "description": "year the far side was seen"}},
        "required": ["year"],
        "additionalProperties": False,
    }
    output = OutputFormat(form="json_schema", name="seen", schema=schema, strict=True)
    heard = await asked("In which year was the far side of the Moon first seen?", output=output)
    assert heard.answer.text.replace(" ", "") == '{"year":1959}'


async def test_a_team_of_readers_of_any_size_comes_to_an_end() -> None:
    heard = await asked("How high are the highest tides?", caps=Caps(agents=7))
    assert "16 metres" in heard.answer.text
    parts = [part for item in heard.answer.items for part in getattr(item, "parts", ())]
    assert all(isinstance(part, Text) for part in parts)
