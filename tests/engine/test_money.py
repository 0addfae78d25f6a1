"""What a team spends: never more than it may, every hold settled once, the answer always paid."""

import random

import anyio
import pytest

from manymind.canon.events import Spent
from manymind.canon.faults import Fault, Overloaded, RateLimited, UpstreamBroken
from manymind.canon.items import Said
from manymind.canon.parts import Text
from manymind.canon.requests import Caps, Reasoning, Request
from manymind.ledger.allotments import Purse
from tests.engine.laws import assert_cited, assert_grammar, assert_quoted
from tests.engine.roles import Role, noting, planner, researcher, saying, writer
from tests.engine.stage import (
    LIBRARY,
    Price,
    Shelf,
    Stage,
    a_desk,
    performed,
    role_of,
    team,
)
from tests.world import Heard, a_request, listener

QUESTION = "How far away is the Moon, and how high are the tides?"
SHELF = Shelf(*LIBRARY)


async def test_a_capped_run_still_writes_its_answer_and_says_why_it_is_short() -> None:
    purse = Purse(1_000)
    stage = Stage({"plan": planner(15)}, price=lambda role: Price(100, 100))
    request = a_request(QUESTION, reasoning=Reasoning(effort="high"))
    heard = await performed(stage, request, *LIBRARY, desk=a_desk(purse))
    assert (heard.answer.status, heard.answer.reason) == ("incomplete", "max_cost")
    assert heard.answer.text
    assert stage.asked("write")
    assert purse.spent <= 1_000
    assert purse.open == 0


async def test_the_callers_own_cap_binds_within_a_larger_budget() -> None:
    purse = Purse(1_000_000)
    stage = Stage(price=lambda role: Price(100, 90))
    heard = await performed(
        stage, a_request(QUESTION, caps=Caps(cost=700)), *LIBRARY, desk=a_desk(purse)
    )
    assert purse.spent <= 700
    assert heard.answer.reason == "max_cost"


async def test_only_the_last_call_may_use_what_was_kept_for_it() -> None:
    stage = Stage()
    await performed(stage, a_request(QUESTION), *LIBRARY)
    final = {role_of(desk): desk.final for desk in stage.desks}
    assert final["write"] is True
    assert not any(final[role] for role in final if role != "write")


async def test_most_of_the_budget_spent_means_come_to_an_end() -> None:
    purse = Purse(1_000)
    stage = Stage(price=lambda role: Price(100, 95))
    await performed(stage, a_request(QUESTION), *LIBRARY, desk=a_desk(purse))
    last = stage.asked("agent-1")[-1]
    assert any("most of the budget" in part.text for part in texts_of(last))


async def test_what_a_broken_call_was_charged_is_told_though_no_model_said_it() -> None:
    purse = Purse()
    stage = Stage({"plan": UpstreamBroken("broken"), "agent-1": UpstreamBroken("broken")})
    heard = await performed(stage, a_request(QUESTION), *LIBRARY, desk=a_desk(purse))
    assert heard.answer.usage is not None
    assert heard.answer.usage.cost == purse.spent == 40 * len(stage.requests)


async def test_agents_that_share_a_purse_without_a_bottom_tell_only_their_own_costs() -> None:
    purse = Purse()
    stage = Stage()
    heard = await performed(stage, a_request(QUESTION), *LIBRARY, desk=a_desk(purse))
    own = {e.voice: e.usage.cost or 0 for e in heard.events if isinstance(e, Spent)}
    assert own.pop("leader") == purse.spent
    asked = {voice: 40 * len(stage.asked(voice)) for voice in own}
    assert own == asked
    assert sum(own.values()) == purse.spent - 2 * 40, "planning and writing are the leader's"


def texts_of(request: Request) -> list[Text]:
    return [
        part
        for item in request.items
        if isinstance(item, Said)
        for part in item.parts
        if isinstance(part, Text)
    ]


async def test_where_money_is_short_fewer_words_are_asked_for() -> None:
    purse = Purse(300)
    stage = Stage()
    request = a_request(QUESTION, caps=Caps(agents=4))
    await performed(stage, request, *LIBRARY, desk=a_desk(purse))
    tokens = {each.max_output_tokens for each in stage.requests if each.tools}
    assert len(tokens) > 1


FAULTS: tuple[Fault, ...] = (
    UpstreamBroken("broken"),
    Overloaded("busy"),
    RateLimited("slow down", retry_after=2.0),
)
ROLES: tuple[Role, ...] = (
    *(researcher,) * 8,
    writer,
    noting("A lie.", "moon", "The Moon is made of green cheese."),
    noting("The highest tides.", "tides", "The highest tides are 16 metres"),
    saying('It says "the Moon was painted by two old men" in moon.'),
    saying(""),
    saying("Just words, {{E1}} and {{E7}}."),
    *(saying("half a", fault) for fault in FAULTS),
    *(saying(fault) for fault in FAULTS),
)


class History:
    """One run of a team in which everything is drawn: who does what, how long, at what price."""

    def __init__(self, seed: int) -> None:
        self.draw = draw = random.Random(seed)
        self.cap = draw.choice((None, draw.randrange(0, 5_000)))
        self.purse = Purse(self.cap)
        agents = draw.randrange(1, 7)
        roles = {f"agent-{n}": draw.choice(ROLES) for n in range(1, agents + 1)}
        roles["plan"] = draw.choice((planner(agents), planner(agents), *ROLES[8:]))
        roles["write"] = draw.choice((*(writer,) * 12, *ROLES))
        roles["leader"] = draw.choice(ROLES)
        self.stage = Stage(roles, latency=draw.choice((0.0, 1.0)), price=self._price)
        for name in roles:
            self.stage.delays[name] = 2_000.0 if draw.random() < 0.05 else draw.uniform(0, 3)
        self.request = a_request(
            QUESTION,
            caps=Caps(
                agents=draw.choice((None, None, agents + 1)),
                cost=draw.choice((None, draw.randrange(0, 5_000))),
                seconds=draw.choice((None, 5.0, 60.0)),
                turns=draw.choice((None, 1, 2)),
                tool_calls=draw.choice((None, 0, 3)),
            ),
        )
        self.hang_up = draw.choice((None, None, draw.uniform(0, 12)))
        self.documents = draw.choice((LIBRARY, LIBRARY, ()))

    async def play(self) -> Heard | None:
        """What was said; None where the caller hung up or nobody could say anything."""
        heard, say = listener()
        player = team(self.stage, *self.documents)
        with anyio.move_on_after(self.hang_up) as scope:
            try:
                await player.run(self.request, say, a_desk(self.purse))
            except Fault:
                return None
        return None if scope.cancelled_caught else heard

    def _price(self, role: str) -> Price:
        worst = self.draw.randrange(1, 600)
        return Price(worst, self.draw.randrange(0, worst + 1))


async def play(seed: int) -> None:
    history = History(seed)
    heard = await history.play()
    purse, cost = history.purse, history.request.caps.cost
    assert history.stage.running == 0, "a call outlived the run"
    assert (purse.open, purse.reserved, purse.exceeded) == (0, 0, 0)
    assert history.cap is None or purse.spent <= history.cap
    assert cost is None or purse.spent <= cost
    if heard is None:
        return
    assert heard.answer.usage is not None
    assert heard.answer.usage.cost == purse.spent, "what is told is what was charged"
    assert_grammar(heard.events)
    shelf = Shelf(*history.documents)
    assert_cited(heard.answer, shelf)
    if history.documents:
        assert_quoted(heard.answer.text, shelf)
    assert heard.answer.status in ("completed", "incomplete")


async def test_no_random_history_spends_beyond_its_allotment() -> None:
    for seed in range(600):
        await play(seed)


@pytest.mark.long
@pytest.mark.parametrize("thousand", range(10))
async def test_ten_thousand_random_histories_never_spend_beyond_their_allotment(
    thousand: int,
) -> None:
    for seed in range(1_000 * (thousand + 1), 1_000 * (thousand + 2)):
        await play(seed)
