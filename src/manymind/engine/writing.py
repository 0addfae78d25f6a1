"""The leader's last call, and what code makes of it: nothing leaves here that was not checked."""

import anyio
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.events import LEADER, Noted
from manymind.canon.faults import Fault, OverBudget, TimedOut
from manymind.canon.items import Called, Item, Said
from manymind.canon.parts import Refusal, Text
from manymind.canon.requests import Function, OutputFormat, Request
from manymind.canon.values import Json
from manymind.engine.agent import Report
from manymind.engine.briefs import asked, filled
from manymind.engine.calls import Heard
from manymind.engine.dossier import closing, findings
from manymind.engine.draft import Draft
from manymind.engine.marks import MARKER, marked, named, scrubbed
from manymind.engine.mission import Mission
from manymind.engine.quotations import Quotations
from manymind.engine.rendering import rendered
from manymind.engine.sentences import doubted, without
from manymind.engine.speaking import dropped
from manymind.engine.structured import cleaned, problem, wanted
from manymind.engine.verdicts import Rulings


class Writing:
    """Writes one answer. `rounds` numbers the leader's calls."""

    def __init__(self, mission: Mission, reports: tuple[Report, ...], rulings: Rulings) -> None:
        self._mission = mission
        self._reports = reports
        self._rulings = rulings
        self._evidence = mission.shared.evidence
        self._quotations = Quotations(mission.shared.library, self._evidence)
        self._round = 0

    async def draft(self) -> Draft:
        """The answer, checked and ready to be spoken."""
        request = self._request()
        heard = await self._ask(request)
        output = self._mission.request.output
        calls = self._calls(heard.answer)
        if heard.fault is None and not calls and output is not None and wanted(output):
            draft = await self._structured(request, heard, output)
        else:
            draft = await self._prose(heard, calls)
        draft = replace(draft, unmarked=self._quotations.refused)
        await self._tell(heard, draft)
        return draft

    async def _tell(self, heard: Heard, draft: Draft) -> None:
        """What was lost or left out on the way to this answer."""
        notes = [dropped(heard.dropped)] if heard.dropped else []
        if self._quotations.refused:
            data: Json = {"rounds": self._quotations.refused}
            notes.append(Noted(what="quotation_refused", data=data))
        if draft.doubted:
            figures: Json = {"sentences": draft.doubted, "dropped": draft.cut}
            notes.append(Noted(what="figures_unproved", data=figures))
        await self._mission.mouth.say(*notes)

    async def prose(self, text: str) -> str:
        """A string of a structured answer: no place for markers, so they go."""
        clean = scrubbed(text, self._evidence)
        return "" if not clean else await self._guarded(_unmarked(clean))

    async def verbatim(self, text: str) -> bool:
        return not self._mission.cards or await self._quotations.verbatim(text)

    def _request(self) -> Request:
        mission = self._mission
        asked_for = mission.request
        functions = tuple(tool for tool in asked_for.tools or () if isinstance(tool, Function))
        tokens = asked_for.max_output_tokens or mission.settings.answer_tokens
        conversation: tuple[Item, ...] = mission.native if functions else mission.prefix.items
        words = closing(mission, self._reports, self._rulings)
        steers = (asked(filled("steer", text=text)) for text in mission.post.collect(LEADER))
        last = (*steers, asked(words)) if words else tuple(steers)
        return replace(
            mission.inner(mission.settings.leader, tokens),
            instructions=mission.prefix.instructions if words else asked_for.instructions,
            items=(*conversation, *last),
            tools=functions or None,
            tool_choice=asked_for.tool_choice if functions else None,
            parallel_tool_calls=asked_for.parallel_tool_calls if functions else None,
            output=asked_for.output,
            verbosity=asked_for.verbosity,
            stop=asked_for.stop,
            seed=asked_for.seed,
            presence_penalty=asked_for.presence_penalty,
            frequency_penalty=asked_for.frequency_penalty,
        )

    async def _ask(self, request: Request) -> Heard:
        """The call that the reserve was kept for; cut where the time is over."""
        mission = self._mission
        self._round += 1
        now = mission.desk.clock.now()
        moment = mission.hours.write
        moment = now + mission.settings.write_seconds if moment is None else moment
        desk = mission.at(f"write/{self._round}", mission.purse.whole, moment, final=True)
        scope = anyio.CancelScope()
        mission.alarms.at(moment, scope.cancel)
        with scope:
            return await mission.calls.ask(request, desk, mission.tally)
        return Heard(Answer(), TimedOut("The leader did not finish in time."))

    def _calls(self, answer: Answer) -> tuple[Called, ...]:
        """The leader's calls of the caller's own functions; no others are passed on."""
        tools = self._mission.request.tools or ()
        names = {tool.name for tool in tools if isinstance(tool, Function)}
        called = (item for item in answer.items if isinstance(item, Called))
        return tuple(item for item in called if item.name in names)

    async def _prose(self, heard: Heard, calls: tuple[Called, ...]) -> Draft:
        answer = heard.answer
        if heard.fault is not None:
            return await self._without_leader(heard.fault)
        if refusal := _refusal(answer):
            return Draft(refusal=refusal, stop="refusal")
        text = await self._checked(marked(answer, self._evidence))
        stop, reason = _stop(answer)
        if not calls:
            text = await self._proved(text)
        if not text.strip() and not calls:
            return await self._without_leader(None)
        draft = await self._drafted(text)
        stop = "tool_calls" if calls else stop
        return replace(draft, calls=calls, stop=stop, reason=reason)

    async def _drafted(self, text: str) -> Draft:
        """The text as it goes out: without what may not be said, or with what is said of it."""
        doubts = doubted(text, self._evidence)
        cut = doubts if self._mission.unsupported == "drop" else ()
        if cut:
            text = await self._checked(without(text, cut))
        refuted = tuple(claim.id for claim in self._evidence.claims if self._rulings.fails(claim))
        return Draft(
            pieces=rendered(text, self._evidence, refuted),
            doubted=len(doubts),
            cut=len(cut),
            cited=tuple(dict.fromkeys(named(text))),
        )

    async def _structured(self, request: Request, heard: Heard, output: OutputFormat) -> Draft:
        if refusal := _refusal(heard.answer):
            return Draft(refusal=refusal, stop="refusal")
        text = heard.answer.text
        wrong = problem(text, output)
        if wrong is not None and _stop(heard.answer)[1] is None:
            more = (Said(role="assistant", parts=(Text(text=text),)),) if text.strip() else ()
            words = asked(filled("repair", problem=wrong))
            heard = await self._ask(replace(request, items=(*request.items, *more, words)))
            text = heard.answer.text
            wrong = "fault" if heard.fault is not None else problem(text, output)
        if wrong is not None:
            reason = _stop(heard.answer)[1] or "invalid_output"
            return Draft(stop="other", reason=reason, fault=heard.fault)
        return Draft(pieces=rendered(await cleaned(text, self), self._evidence))

    async def _without_leader(self, fault: Fault | None) -> Draft:
        """The answer that code writes: from the claims, else from what the agents reported."""
        reason = "no_answer" if fault is None else _why(fault)
        output = self._mission.request.output
        if output is not None and wanted(output):
            return Draft(stop="other", reason=reason, fault=fault)
        text = await self._checked(findings(self._evidence.claims, self._reports))
        return replace(await self._drafted(text), stop="other", reason=reason, fault=fault)

    async def _proved(self, text: str) -> str:
        """An answer that cites nothing, though there is evidence, gets it appended."""
        if not self._evidence.claims or named(text):
            return text
        return f"{text.rstrip()}\n\n{await self._checked(findings(self._evidence.claims, ()))}"

    async def _checked(self, text: str) -> str:
        clean = await self._guarded(scrubbed(text, self._evidence))
        return scrubbed(clean, self._evidence)

    async def _guarded(self, text: str) -> str:
        """Without documents nothing is quoted from, and quotation marks are style."""
        return await self._quotations.guarded(text) if self._mission.cards else text


def _unmarked(text: str) -> str:
    return MARKER.sub("", text)


def _refusal(answer: Answer) -> str:
    if answer.text.strip():
        return ""
    return "".join(
        part.text
        for item in answer.items
        if isinstance(item, Said)
        for part in item.parts
        if isinstance(part, Refusal)
    )


def _stop(answer: Answer) -> tuple[str, str | None]:
    """Why the leader stopped, and what that makes the answer lack."""
    stop = answer.stops[0].reason if answer.stops else "stop"
    if stop == "length":
        return stop, "max_output_tokens"
    if stop == "content_filter":
        return stop, "content_filter"
    return ("stop" if stop == "tool_calls" else stop), answer.reason


def _why(fault: Fault) -> str:
    if isinstance(fault, OverBudget):
        return "max_cost"
    return "deadline" if isinstance(fault, TimedOut) else fault.code
