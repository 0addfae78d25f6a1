"""All agents of a run at work side by side, until each has reported or its time is up."""

import unicodedata
from collections import Counter

import anyio

from manymind.canon.events import LEADER, Noted
from manymind.canon.values import Json
from manymind.engine.agent import Agent, Report
from manymind.engine.briefs import filled
from manymind.engine.mission import Mission
from manymind.engine.plan import Mode, Plan, Work

_ANSWER = "ANSWER:"


class Crew:
    def __init__(self, mission: Mission, plan: Plan) -> None:
        self._mission = mission
        self._plan = plan
        self._reports: dict[int, Report] = {}
        count = len(plan.work)
        settings = mission.settings
        model = settings.reader or settings.agent if plan.mode == "read" else settings.agent
        self._agents = tuple(
            Agent(
                mission,
                f"agent-{number}",
                model,
                brief(mission, plan.mode, work, f"agent-{number}", count),
                work.within,
            )
            for number, work in enumerate(plan.work, 1)
        )

    async def work(self) -> tuple[Report, ...]:
        """Every agent's report, in the order of the plan."""
        mission = self._mission
        await self._brief_all()
        mission.alarms.at(mission.hours.work, self._time_is_up)
        async with anyio.create_task_group() as group:
            for number, agent in enumerate(self._agents):
                group.start_soon(self._run, number, agent)
        return tuple(self._reports[number] for number in range(len(self._agents)))

    async def _brief_all(self) -> None:
        facts = (
            Noted(
                what="brief",
                data={
                    "agent": f"agent-{number}",
                    "objective": work.objective,
                    "boundaries": work.boundaries,
                },
            )
            for number, work in enumerate(self._plan.work, 1)
        )
        await self._mission.mouth.say(*facts)

    async def _run(self, number: int, agent: Agent) -> None:
        self._reports[number] = await agent.work(len(self._agents))
        if self._plan.mode == "deliberate" and agreed(tuple(self._reports.values()), self._count):
            self._cut("agreed")
        elif 2 * len(self._reports) >= self._count > len(self._reports):
            self._hurry()

    @property
    def _count(self) -> int:
        return len(self._agents)

    def _hurry(self) -> None:
        """Half of the agents are done: the others get as long again, and some grace."""
        mission = self._mission
        now = mission.desk.clock.now()
        grace = max(mission.settings.grace_seconds, now - mission.hours.start)
        mission.alarms.at(now + grace, lambda: self._cut("slow"))

    def _time_is_up(self) -> None:
        if len(self._reports) < self._count and self._mission.hours.capped:
            self._mission.shared.limits.met("deadline")
        self._cut("deadline")

    def _cut(self, reason: str) -> None:
        for number, agent in enumerate(self._agents):
            if number not in self._reports:
                agent.cut(reason)


async def alone(mission: Mission) -> Report:
    """The leader's own research, where there is no team."""
    work = Work(mission.question)
    agent = Agent(
        mission, LEADER, mission.settings.leader, brief(mission, "research", work, LEADER, 1)
    )
    mission.alarms.at(mission.hours.work, lambda: _late(mission, agent))
    return await agent.work(1)


def brief(mission: Mission, mode: Mode, work: Work, voice: str, count: int) -> str:
    """What one agent in particular is to do."""
    name = "research" if mode == "solo" else mode
    turns = mission.request.caps.turns or mission.settings.turns
    words = {"turns": str(turns)} if name != "deliberate" else {}
    return filled(
        name,
        voice=voice,
        count=str(count),
        boundaries=work.boundaries or "none",
        objective=work.objective,
        **words,
    )


def agreed(reports: tuple[Report, ...], count: int) -> bool:
    """Whether more than half of all agents have given the same answer."""
    answers = Counter(
        answer for report in reports if report.status == "done" and (answer := last_word(report))
    )
    return bool(answers) and 2 * max(answers.values()) > count


def last_word(report: Report) -> str:
    """The answer that a report ends with, however it is spelled."""
    _, found, answer = report.text.rpartition(_ANSWER)
    plain = unicodedata.normalize("NFKC", answer).casefold() if found else ""
    return " ".join(plain.split()).strip(" .*`'\"")


def size(plan: Plan, mission: Mission) -> Noted:
    """How large the team is, and why."""
    data: Json = {
        "mode": plan.mode,
        "agents_used": len(plan.work) + 1,
        "agents_allowed": mission.width.agents,
        "reason": plan.reason,
    }
    if plan.narrowed is not None:
        data["narrowed"] = plan.narrowed
    return Noted(what="spawned", data=data)


def budget(mission: Mission) -> Noted:
    """What the agents have used, in ticks, and what the work could still have used."""
    data: Json = {
        "spent": mission.purse.whole.spent,
        "left": mission.purse.work.left(),
        "tool_calls_left": mission.shared.limits.tool_calls_left,
    }
    return Noted(what="budget", data=data)


def _late(mission: Mission, agent: Agent) -> None:
    if mission.hours.capped:
        mission.shared.limits.met("deadline")
    agent.cut("deadline")
