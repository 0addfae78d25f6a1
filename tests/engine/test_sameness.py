"""The same question over the same documents gets the same answer, whoever of the team is faster."""

import random
import re
from collections.abc import Sequence

import anyio
import msgspec

from manymind.canon.documents import Checked
from manymind.canon.requests import Caps, Request
from manymind.engine.team import Team
from manymind.providers.acts import texts
from manymind.providers.scripted import Line
from tests.engine.laws import assert_cited, citations_of
from tests.engine.roles import Role, call, planner, returned
from tests.engine.stage import LIBRARY, SETTINGS, OneShelf, Shelf, Stage, a_desk
from tests.world import Heard, a_request, listener

QUESTION = "How far away is the Moon, how high are the tides, and how old is the Sun?"
QUOTES = (
    ("moon", "Its mean distance is 384,400 kilometres from here."),
    ("tides", "The highest tides are 16 metres at the Bay of Fundy."),
    ("moon", "distance is 384,400 kilometres from here. The far side was first seen in 1959"),
    ("sun", "It is 4.6 billion years old."),
    ("tides", "A spring tide comes twice a month. The highest tides are 16 metres"),
    ("sun", "no such words in any document"),
)
SEEDS = range(12)


class Jitter(dict[str, float]):
    """Every call takes another time."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._draw = random.Random(seed)

    def get(self, *_: object) -> float:
        return self._draw.uniform(0.0, 3.0)


class Restless(Shelf):
    """A shelf whose checks are now quick and now slow."""

    def __init__(self, seed: int) -> None:
        super().__init__(*LIBRARY)
        self._draw = random.Random(seed)

    async def check(self, document_id: str, quote: str) -> Checked:
        await anyio.sleep(self._draw.uniform(0.0, 1.0))
        return await super().check(document_id, quote)


class _Noted(msgspec.Struct):
    evidence: str = "refused"


def noting(first: int) -> Role:
    """Notes several claims at once, some of them the other agents' too, and reports their ids."""

    def work(request: Request) -> Sequence[Line]:
        results = returned(request)
        if not results:
            chosen = [QUOTES[(first + n) % len(QUOTES)] for n in range(3)]
            return tuple(
                call("note_claim", n, text=quote, document_id=document, quote=quote)
                for n, (document, quote) in enumerate(chosen)
            )
        ids = [msgspec.json.decode(result, type=_Noted).evidence for result in results]
        return (f"What I found stands in {', '.join(ids)}.",)

    return work


def writing(request: Request) -> Sequence[Line]:
    """All that the leader was given, in its order."""
    brief = list(texts(request))[-1]
    names = re.findall(r'<document id="(E\d+)"', brief)
    reports = re.findall(r"stands in ([^.]*)\.", brief)
    return (" ".join([*(f"Known {{{{{name}}}}}." for name in names), *reports]),)


async def played(seed: int) -> tuple[Heard, list[str]]:
    """One run, and the texts of the leader's last call."""
    agents = {f"agent-{n}": noting(n) for n in range(1, 6)}
    stage = Stage({"plan": planner(5), "write": writing, **agents})
    stage.delays = Jitter(seed)
    shelf = Restless(seed)
    heard, say = listener()
    request = a_request(QUESTION, caps=Caps(agents=6))
    await Team(stage.run, OneShelf(shelf), None, SETTINGS).run(request, say, a_desk())
    assert_cited(heard.answer, shelf)
    return heard, list(texts(stage.asked("write")[0]))


async def test_what_the_leader_sees_does_not_depend_on_who_came_first() -> None:
    first, brief = await played(0)
    assert len(citations_of(first.answer)) == 3, "quotes that overlap are one claim"
    for seed in SEEDS:
        heard, told = await played(seed)
        assert told == brief
        assert heard.answer.text.encode() == first.answer.text.encode()
        assert citations_of(heard.answer) == citations_of(first.answer)


async def test_reports_speak_of_evidence_under_the_names_that_the_leader_knows() -> None:
    heard, brief = await played(1)
    known = set(re.findall(r'<document id="(E\d+)"', brief[-1]))
    named = set(re.findall(r"\bE\d+\b", heard.answer.text))
    assert named and named <= known
    assert not re.search(r"\bC\d+-\d+\b", brief[-1])


async def test_agents_are_not_made_to_wait_for_each_other() -> None:
    stage = Stage({"plan": planner(5), **{f"agent-{n}": noting(n) for n in range(1, 6)}})
    heard, say = listener()
    request = a_request(QUESTION, caps=Caps(agents=6))
    await Team(stage.run, OneShelf(Shelf(*LIBRARY)), None, SETTINGS).run(request, say, a_desk())
    assert heard.answer.status == "completed"
    assert stage.now < 5, "one call to plan, two of all agents at once, one to write"
