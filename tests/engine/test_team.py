"""The team from its first call to its last word, with models that do their best."""

from manymind.canon.events import Noted
from tests.engine.roles import planner
from tests.engine.stage import LIBRARY, Stage, performed
from tests.world import a_request


async def test_a_team_answers_with_quotes_that_stand_in_their_documents() -> None:
    stage = Stage()
    heard = await performed(stage, a_request("How far is the Moon, and how high are tides?"), *LIBRARY)
    answer = heard.answer
    print(answer.text)
    for e in heard.events: print(e)
    assert answer.status == "completed"
