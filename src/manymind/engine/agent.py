"""One agent at work: turns of a model and its tools, until there is a report.

An agent does not raise: every fault becomes a report. A bug is not a fault, and passes.
"""

import anyio
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.events import LEADER, Began, Happened, Noted
from manymind.canon.faults import Fault, OverBudget
from manymind.canon.items import Called, Returned
from manymind.canon.parts import Text
from manymind.canon.ports import Allotment, Desk
from manymind.canon.requests import Request, ToolChoice
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.engine.briefs import asked, filled
from manymind.engine.instruments import AGAIN, BAD, FOUND, REFUSED, Instruments
from manymind.engine.mission import Mission
from manymind.engine.purse import Tally, charged
from manymind.engine.speaking import returned
from manymind.engine.testimony import testify
from manymind.engine.trace import Trace

_STALE_TURNS = 2
"""Turns without anything new, after which the tools are withdrawn."""

_STALE = {
    "no_progress": "your last calls brought nothing new",
    AGAIN: "your last calls were the same as before",
    BAD: "no tool could make sense of your last calls",
    REFUSED: "none of your last quotes stands in its document",
}


class Report(Struct, frozen=True, kw_only=True):
    """How an agent ended: done, cut or failed, and why where not done."""

    voice: str
    status: str
    text: str = ""
    reason: str | None = None
    fault: Fault | None = None
    claims: tuple[str, ...] = ()


class Agent:
    """`scope` is cut from outside where time is up; what was noted until then stands."""

    def __init__(
        self, mission: Mission, voice: str, model: str, brief: str, within: tuple[str, ...] = ()
    ) -> None:
        self.scope = anyio.CancelScope()
        self.cut_for: str | None = None
        self._mission = mission
        self._voice = voice
        self._model = model
        self._tally = Tally(mission.tally)
        self._share: Allotment | None = None
        self._trace = Trace(asked(brief), mission.settings.memory_characters)
        self._hands = Instruments(voice, mission.shared, self._tally, self._trace, within)
        self._heads = 1
        self._kinds: list[str] = []
        self._stopped: str | None = None
        self._turn = 0
        self._stale = 0
        self._text = ""
        self._wanted_more = False

    def cut(self, reason: str) -> None:
        """Time is up for this agent."""
        if self.cut_for is None:
            self.cut_for = reason
            self.scope.cancel()

    async def work(self, heads: int) -> Report:
        mission = self._mission
        await self._tell(Began(voice=self._voice, id=self._key, model=self._model))
        fault: Fault | None = None
        with self.scope:
            try:
                self._share = await mission.purse.share(heads)
                self._heads = heads
                fault = await self._turns(self._share)
                await testify(mission.shared, self._voice, self._text)
            except Fault as raised:
                fault = raised
        return await self._report(fault)

    @property
    def _key(self) -> str:
        return f"{self._mission.desk.key}/{self._voice}"

    async def _turns(self, share: Allotment) -> Fault | None:
        """Model and tools in turn, until a report is written or a fault ends it."""
        while True:
            if not self._mission.shared.limits.take_turn():
                self._wanted_more = True
                return None
            self._turn += 1
            self._heed()
            why = self._why_stop()
            if why is not None:
                self._trace.say(asked(filled("finish", reason=why)))
            desk = self._mission.at(
                f"{self._voice}/turn-{self._turn}", share, self._mission.hours.work
            )
            heard = await self._mission.calls.ask(
                self._request(last=why is not None), desk, self._tally, self._told
            )
            self._text = heard.answer.text or self._text
            if heard.fault is not None:
                return heard.fault
            calls = tuple(item for item in heard.answer.items if isinstance(item, Called))
            if not calls or why is not None:
                self._wanted_more = bool(calls) and not heard.answer.text
                if any(stop.reason == "length" for stop in heard.answer.stops):
                    self._stopped = self._stopped or "max_output_tokens"
                return None
            await self._use(heard.answer, calls, desk)

    async def _use(self, answer: Answer, calls: tuple[Called, ...], desk: Desk) -> None:
        """The calls of a turn, side by side; the results in the order of the calls."""
        most = self._mission.settings.tool_calls_a_turn
        done = await self._hands.use_all(calls[:most], desk)
        results = [outcome.returned for outcome in done]
        results += [_too_many(called, most) for called in calls[most:]]
        self._stale = 0 if any(outcome.fresh for outcome in done) else self._stale + 1
        self._kinds = [outcome.kind for outcome in done]
        self._trace.say(*answer.items)
        self._trace.keep(
            (called.name, result) for called, result in zip(calls, results, strict=True)
        )
        facts = [fact for outcome in done for fact in outcome.facts]
        if self._told is not None:
            for number, result in enumerate(results):
                facts += returned(self._voice, f"{desk.key}:result-{number + 1}", result)
        await self._mission.mouth.say(*facts)

    def _why_stop(self) -> str | None:
        """Why this turn must be the last, if it must."""
        mission = self._mission
        turns = mission.request.caps.turns or mission.settings.turns
        if self._turn >= turns:
            return "this is your last turn"
        if self._stale >= _STALE_TURNS:
            self._stopped = self._stale_for()
            return _STALE[self._stopped]
        if mission.shared.limits.turns_left < self._heads:
            return "the team's turns are used up"
        if mission.shared.limits.tool_calls_left <= 0:
            return "the team's tool calls are used up"
        if mission.purse.pressed():
            return "most of the budget is spent"
        if mission.desk.clock.now() >= mission.hours.near:
            return "most of the time is over"
        return None

    def _request(self, *, last: bool) -> Request:
        mission = self._mission
        request = mission.inner(self._model, mission.settings.agent_tokens)
        tools = mission.shared.specs
        return replace(
            request,
            items=(*request.items, *self._trace.items),
            tools=tools or None,
            tool_choice=ToolChoice(mode="none" if last else "auto") if tools else None,
        )

    def _heed(self) -> None:
        for text in self._mission.post.collect(self._voice):
            self._trace.say(asked(filled("steer", text=text)))

    def _stale_for(self) -> str:
        """Why nothing new came: the last calls were all of one bad kind, or of several."""
        kinds = set(self._kinds)
        return kinds.pop() if len(kinds) == 1 and FOUND not in kinds else "no_progress"

    async def _report(self, fault: Fault | None) -> Report:
        mission = self._mission
        limits = mission.shared.limits
        status, reason = "done", None
        if fault is not None:
            status, reason = "failed", fault.code
        elif self.scope.cancelled_caught:
            status, reason = "cut", self.cut_for
        elif self._stopped is not None:
            status, reason = "cut", self._stopped
        elif self._wanted_more:
            total = limits.turns_left < self._heads
            status, reason = "cut", "max_total_turns" if total else "max_turns"
        elif self._brought_nothing():
            status, reason = "failed", REFUSED
        if isinstance(fault, OverBudget):
            limits.met("max_cost")
        caps = mission.request.caps
        if (reason, caps.turns is None) == ("max_turns", False):
            limits.met("max_turns")
        if (reason, caps.total_turns is None) == ("max_total_turns", False):
            limits.met("max_total_turns")
        mine = tuple(note.name for note in mission.shared.evidence.noted_by(self._voice))
        data: Json = {"status": status, "reason": reason, "claims": list(mine), "turns": self._turn}
        what = "failed" if status == "failed" else "report"
        await self._tell(Noted(voice=self._voice, what=what, data=data))
        if self._told is not None:
            ended = "completed" if status == "done" else "incomplete"
            await mission.mouth.hush(self._voice, ended, reason, self._usage())
        text = self._text[: mission.settings.report_characters]
        return Report(
            voice=self._voice, status=status, text=text, reason=reason, fault=fault, claims=mine
        )

    def _brought_nothing(self) -> bool:
        """Whether it claimed something, and no word of it stands."""
        evidence = self._mission.shared.evidence
        lost = any(lost.voice == self._voice for lost in evidence.lost)
        return lost and not evidence.noted_by(self._voice)

    def _usage(self) -> Usage:
        used = self._tally.usage
        return used if self._share is None else charged(used, self._share)

    @property
    def _told(self) -> str | None:
        """The leader's own research stays inside; only what it searched is shown."""
        return None if self._voice == LEADER else self._voice

    async def _tell(self, event: Happened) -> None:
        if self._told is not None or not isinstance(event, Began):
            await self._mission.mouth.say(event)


def _too_many(called: Called, most: int) -> Returned:
    error = {
        "error": f"At most {most} calls at once.",
        "advice": "Call it again in your next turn.",
    }
    text = msgspec.json.encode(error).decode()
    return Returned(call_id=called.call_id, parts=(Text(text=text),), failed=True)
