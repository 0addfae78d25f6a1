"""Words from outside: steers reach whom they are for, once; tools of the house are at hand."""

from collections.abc import Sequence

import pytest

from manymind.canon.events import LEADER, Began, Say, Spent, spoken
from manymind.canon.faults import OverBudget, UpstreamBroken
from manymind.canon.items import Called, Returned
from manymind.canon.parts import Text
from manymind.canon.ports import Computing, Desk, Steer, Toolbox
from manymind.canon.requests import Caps, Function, Reasoning, Request
from manymind.canon.usage import Usage
from manymind.engine.team import Team
from manymind.providers.scripted import Line
from tests.engine.laws import assert_grammar, citations_of
from tests.engine.roles import call, encoded, may_call, planner, returned, saying
from tests.engine.stage import (
    LIBRARY,
    SETTINGS,
    Letterbox,
    OneShelf,
    Shelf,
    Stage,
    a_desk,
    performed,
    role_of,
)
from tests.world import a_request, listener

QUESTION = "How far away is the Moon, and how high are the tides?"


async def test_a_steer_reaches_whom_it_is_for_and_only_once() -> None:
    box = Letterbox()
    box.letters = [Steer(text="Use metres."), Steer(text="Look at 1959.", to="agent-2")]
    box.letters.append(Steer(text="Be brief.", to=LEADER))
    stage = Stage()
    await performed(stage, a_request(QUESTION), *LIBRARY, desk=a_desk(inbox=box))
    last = {role: encoded(stage.asked(role)[-1].items) for role in ("agent-1", "agent-2", "write")}
    assert [last[role].count("Use metres.") for role in last] == [1, 1, 1]
    assert [last[role].count("Look at 1959.") for role in last] == [0, 1, 0]
    assert [last[role].count("Be brief.") for role in last] == [0, 0, 1]
    assert all(desk.inbox is None for desk in stage.desks)


class Weather(Toolbox):
    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.calls: list[str] = []

    def specs(self) -> tuple[Function, ...]:
        return (Function(name="weather"), Function(name="search", description="never seen"))

    async def call(self, called: Called, say: Say, desk: Desk) -> Returned:
        self.calls.append(desk.key)
        if self.fault is not None:
            raise self.fault
        hold = await desk.allotment.reserve(9)
        await say(
            spoken(Began(id="w", model="w"), Spent(usage=Usage(tools={"weather": 1}, cost=7)))
        )
        await hold.settle(7)
        return Returned(call_id="", parts=(Text(text="sunny"),))


def asking_weather(request: Request) -> Sequence[Line]:
    if may_call(request) and not returned(request):
        return (call("weather", 1, at="sea"), call("weather", 2, at="home"))
    return (f"It is {' and '.join(returned(request))}.",)


async def test_an_agent_uses_the_tools_of_the_house_and_they_are_counted() -> None:
    box = Weather()
    stage = Stage({"plan": planner(2), "agent": asking_weather, "write": saying("Sunny.")})
    heard = await performed(stage, a_request("How is the weather?"), toolbox=box)
    assert sorted(box.calls) == [
        f"run/agent-{agent}/turn-1/call-{number}" for agent in (1, 2) for number in (1, 2)
    ]
    assert returned(stage.asked("agent-1")[1]) == ["sunny", "sunny"]
    assert heard.answer.usage is not None
    assert heard.answer.usage.tools == {"weather": 4}
    assert heard.answer.usage.cost == 4 * 7 + 40 * len(stage.requests)
    assert_grammar(heard.events)


async def test_our_own_tools_come_before_those_of_the_house() -> None:
    stage = Stage()
    await performed(stage, a_request(QUESTION), *LIBRARY, toolbox=Weather())
    tools = stage.asked("agent-1")[0].tools or ()
    names = [tool.name for tool in tools if isinstance(tool, Function)]
    assert names == ["search", "grep", "read", "note_claim", "recall", "weather"]


async def test_a_tool_that_fails_is_a_result_and_no_end() -> None:
    for fault in (UpstreamBroken("The tool broke."), OverBudget("Too dear.")):
        stage = Stage({"plan": planner(1), "agent": asking_weather, "write": saying("Unknown.")})
        heard = await performed(stage, a_request("How is it?"), toolbox=Weather(fault))
        assert fault.message in returned(stage.asked("agent-1")[1])[0]
        assert heard.answer.text == "Unknown."


class Sums(Weather, Computing):
    """A toolbox whose one tool runs code, and prints what comes of it."""

    def specs(self) -> tuple[Function, ...]:
        return (Function(name="run_code"),)

    def computes(self, tool: str) -> bool:
        return tool == "run_code"

    async def call(self, called: Called, say: Say, desk: Desk) -> Returned:
        return Returned(call_id="", parts=(Text(text="384400 / 16 = 24025"),))


@pytest.mark.parametrize("box", [Sums(), None])
async def test_a_figure_that_code_has_computed_needs_no_quote(box: Sums | None) -> None:
    evidence = [{"document_id": "tides", "quote": "The highest tides are 16 metres"}]

    def reckon(request: Request) -> Sequence[Line]:
        done = len(returned(request))
        if done == 0 and box is not None:
            return (call("run_code", code="384400 / 16"),)
        if done < 2 and may_call(request):
            return (call("note_claim", text="The Moon is 24025 tides away.", evidence=evidence),)
        return ("Done.",)

    roles = {"plan": planner(1), "agent": reckon, "write": saying("It is 24025 tides off {{E1}}.")}
    heard = await performed(Stage(roles), a_request(QUESTION), *LIBRARY, toolbox=box)
    cited = citations_of(heard.answer)
    assert [each.verified for each in cited] == ([True] if box is not None else [])


async def test_a_team_may_be_a_member_of_a_team() -> None:
    inner_stage = Stage(latency=0.1)
    inner = Team(inner_stage.run, OneShelf(Shelf()), None, SETTINGS)
    stage = Nesting(inner)
    heard, say = listener()
    outer = Team(stage.run, OneShelf(Shelf(*LIBRARY)), None, SETTINGS)
    await outer.run(a_request(QUESTION, caps=Caps(agents=3)), say, a_desk())
    assert_grammar(heard.events)
    voices = {event.voice for event in heard.events}
    assert "agent-1" in voices and any(voice.startswith("agent-1/turn-1/") for voice in voices)
    assert heard.answer.status == "completed"
    assert {desk.depth for desk in inner_stage.desks} == {2}


class Nesting(Stage):
    """A stage whose agents are teams."""

    def __init__(self, inner: Team) -> None:
        super().__init__()
        self._inner = inner

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        if role_of(desk).startswith("agent-"):
            inner = Request(model="t", items=request.items, reasoning=Reasoning(effort="low"))
            await self._inner.run(inner, say, desk)
        else:
            await super().run(request, say, desk)
