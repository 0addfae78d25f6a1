"""How wide a team becomes: never wider than its caps feed, and it says why it shrank."""

import pytest
from msgspec.structs import replace

from manymind.canon.requests import Caps, Reasoning
from manymind.ledger.allotments import Purse
from tests.engine.laws import assert_grammar
from tests.engine.roles import planner
from tests.engine.stage import LIBRARY, SETTINGS, Stage, a_desk, noted, performed
from tests.world import a_request

QUESTION = "How far away is the Moon, and how high are the tides?"
HIGH = Reasoning(effort="high")


@pytest.mark.parametrize(
    ("caps", "agents", "why"),
    [
        (Caps(total_turns=7), 3, "max_total_turns allows no more"),
        (Caps(tool_calls=5), 5, "max_tool_calls allows no more"),
        (Caps(cost=1_000), 9, "the budget pays for no more"),
        (Caps(cost=300), 2, "the budget pays for no more"),
        (Caps(), 15, None),
    ],
)
async def test_a_team_shrinks_to_what_its_caps_feed(
    caps: Caps, agents: int, why: str | None
) -> None:
    stage = Stage({"plan": planner(15)})
    heard = await performed(stage, a_request(QUESTION, reasoning=HIGH, caps=caps), *LIBRARY)
    spawned = noted(heard, "spawned")[0]
    assert (spawned["agents_used"], spawned.get("narrowed")) == (agents + 1, why)
    assert_grammar(heard.events)


async def test_a_number_that_the_caller_names_is_kept_whatever_it_costs() -> None:
    request = a_request(QUESTION, caps=Caps(agents=9, cost=400))
    heard = await performed(Stage(), request, *LIBRARY, desk=a_desk(Purse(10_000)))
    assert noted(heard, "spawned")[0]["agents_used"] == 9


@pytest.mark.parametrize("most", [1, 2, 3, 5, 8])
async def test_all_agents_together_take_no_more_turns_than_the_caller_allows(most: int) -> None:
    stage = Stage({"plan": planner(3)})
    request = a_request(QUESTION, caps=Caps(agents=4, total_turns=most))
    heard = await performed(stage, request, *LIBRARY)
    turns = sum(len(stage.asked(f"agent-{n}")) for n in (1, 2, 3))
    assert turns <= most
    assert heard.answer.text
    assert heard.answer.reason == ("max_total_turns" if most < 3 else None)
    assert_grammar(heard.events)


async def test_whoever_reads_documents_through_may_have_a_model_of_its_own() -> None:
    settings = replace(SETTINGS, reader="a/reader")
    for mode, model in (("read", "a/reader"), ("research", "an/agent")):
        stage = Stage({"plan": planner(2, mode)})
        await performed(stage, a_request(QUESTION), *LIBRARY, settings=settings)
        assert {each.model for each in stage.asked("agent-1")} == {model}
