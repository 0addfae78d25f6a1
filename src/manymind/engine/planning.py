"""The leader's first call: how the work is divided. Whatever comes of it, there is a plan."""

import anyio
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.documents import Passage
from manymind.canon.events import Noted
from manymind.canon.faults import Fault, OverBudget, TimedOut
from manymind.canon.requests import Function
from manymind.engine.briefs import asked, filled, inert
from manymind.engine.calls import Heard
from manymind.engine.conversation import resumed
from manymind.engine.mission import Mission
from manymind.engine.plan import PLAN_FORMAT, Plan, default_plan, fitted, narrowed, read_plan
from manymind.engine.speaking import searched

_QUERY_MAX = 400
_CALLS_MIN = 2


async def planned(mission: Mission) -> Plan:
    """The plan that this team carries out."""
    if resumed(mission.request.items):
        return Plan(mode="solo", reason="the caller's functions have returned")
    if mission.width.agents == 1:
        return Plan(mode="solo", reason="one agent was asked for")
    scouted = await _scouted(mission)
    heard = await _asked(mission, scouted)
    if mission.cards:
        sources = tuple(dict.fromkeys(passage.document_id for passage in scouted))
        await mission.mouth.say(*searched("scout", mission.question[:_QUERY_MAX], sources))
    plan = read_plan(heard.answer.text) if heard.fault is None else None
    if plan is None:
        unsaid = "invalid" if heard.answer.text.strip() else "refused"
        reason = unsaid if heard.fault is None else heard.fault.code
        await mission.mouth.say(Noted(what="plan_failed", data={"reason": reason}))
        plan = default_plan(mission.question, mission.cards, mission.width)
    equipped = bool(mission.shared.specs)
    plan = fitted(plan, mission.question, mission.cards, mission.width, equipped=equipped)
    return plan if mission.width.fixed else _affordable(plan, mission)


def _affordable(plan: Plan, mission: Mission) -> Plan:
    """Not more agents than the caps feed: to shrink is better than to stop. What planning cost
    tells what an agent's call will cost, and nobody gets anywhere in fewer than two."""
    limits, purse = mission.shared.limits, mission.purse
    plan = narrowed(plan, limits.turns_left // _CALLS_MIN, "max_total_turns allows no more")
    if mission.shared.specs:
        plan = narrowed(plan, limits.tool_calls_left, "max_tool_calls allows no more")
    left, price = purse.work.left(), purse.whole.spent
    if left is not None and price > 0:
        plan = narrowed(plan, left // (_CALLS_MIN * price), "the budget pays for no more")
    return plan


async def _scouted(mission: Mission) -> tuple[Passage, ...]:
    """A first look by code: where the question's words stand."""
    if not mission.cards or not mission.question:
        return ()
    mission.tally.count("document_search")
    try:
        query = mission.question[:_QUERY_MAX]
        return await mission.shared.library.search(query, limit=mission.settings.passages)
    except Fault:
        return ()


async def _asked(mission: Mission, scouted: tuple[Passage, ...]) -> Heard:
    brief = filled(
        "plan",
        agents=str(mission.width.agents - 1),
        functions=_functions(mission),
        scouted=_places(scouted),
        question=mission.question,
    )
    request = mission.inner(mission.settings.leader, mission.settings.plan_tokens)
    request = replace(request, items=(*request.items, asked(brief)), output=PLAN_FORMAT)
    scope = anyio.CancelScope()
    heard = Heard(Answer(), TimedOut("The leader did not plan in time."))
    mission.alarms.at(mission.hours.plan, scope.cancel)
    with scope:
        desk = mission.at("plan", mission.purse.work, mission.hours.plan)
        heard = await mission.calls.ask(request, desk, mission.tally)
    if isinstance(heard.fault, OverBudget):
        mission.shared.limits.met("max_cost")
    return heard


def _functions(mission: Mission) -> str:
    names = [
        f"- {tool.name}: {inert(tool.description or '')}"
        for tool in mission.request.tools or ()
        if isinstance(tool, Function)
    ]
    if not names:
        return ""
    return "Functions that you alone can call, when you answer:\n" + "\n".join(names) + "\n\n"


def _places(scouted: tuple[Passage, ...]) -> str:
    if not scouted:
        return ""
    lines = (
        f"- {inert(passage.document_id)}, {passage.start} to {passage.end}: "
        f"{inert(passage.heading or '')}"
        for passage in scouted
    )
    return "Where a first search for the question led:\n" + "\n".join(lines) + "\n\n"
