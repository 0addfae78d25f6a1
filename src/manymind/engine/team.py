"""The team as a provider: a leader plans, agents look things up, code checks, the leader writes.

What it says as the leader is spoken only when it has been checked to the last word. The agents'
own words go out as they come, each in its voice, for those who want to watch.
"""

import anyio
from msgspec.structs import replace

from manymind.canon.events import LEADER, Began, Ended, Happened, Noted, Say, Spent, Stopped
from manymind.canon.faults import BadRequest, Fault, Unsupported
from manymind.canon.ports import Desk, Provider, Shelves, Toolbox
from manymind.canon.requests import Function, Request
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.canon.verification import Verification
from manymind.engine.accounting import account
from manymind.engine.agent import Report
from manymind.engine.blackboard import Coverage, Limits, Post, Queries
from manymind.engine.briefs import prefix, versions
from manymind.engine.calls import Calls, Run
from manymind.engine.claims import oppositions
from manymind.engine.conversation import abridged, in_words, question
from manymind.engine.crew import Crew, alone, budget, size
from manymind.engine.declared import TOOLS_VERSION
from manymind.engine.draft import Draft
from manymind.engine.evidence import Evidence
from manymind.engine.instruments import Shared, offered
from manymind.engine.judging import Judging
from manymind.engine.mission import Mission
from manymind.engine.mouth import Mouth
from manymind.engine.plan import Plan
from manymind.engine.planning import planned
from manymind.engine.purse import Tally, charged, open_purse
from manymind.engine.settings import TeamSettings, width
from manymind.engine.speaking import called, dropped, facts, message, refused
from manymind.engine.timing import Alarms, timetable, unwrapped
from manymind.engine.verdicts import Rulings
from manymind.engine.writing import Writing


class Team(Provider):
    """`run` is the router's: it finds, pays and calls the models behind the roles."""

    def __init__(
        self, run: Run, shelves: Shelves, toolbox: Toolbox | None, settings: TeamSettings
    ) -> None:
        self._run = run
        self._shelves = shelves
        self._toolbox = toolbox
        self._settings = settings

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        """Answer one request. Every task ends with it; a fault is raised only where nobody in
        the team could say anything."""
        self._accept(request, desk)
        with unwrapped(), Mouth(say, self._opening(request, desk)) as mouth:
            async with anyio.create_task_group() as group:
                group.start_soon(mouth.pump)
                alarms = Alarms(group, desk.clock)
                mission = await self._mission(request, desk, mouth, alarms)
                await _answer(mission)
                alarms.stop()
                mouth.close()

    def _opening(self, request: Request, desk: Desk) -> tuple[Happened, ...]:
        """That the team has begun, and what of the request it cannot carry."""
        began = Began(id="", model=self._settings.name, created=int(desk.clock.today()))
        lost = ignored(request, self._toolbox)
        told = (dropped(lost),) if lost else ()
        prompts: Json = {"prompts": list(versions()), "tools": TOOLS_VERSION}
        return (began, *told, Noted(what="prompts", data=prompts))

    def _accept(self, request: Request, desk: Desk) -> None:
        width(request)
        if desk.depth >= self._settings.depth_max:
            raise BadRequest(
                f"Teams within teams end at a depth of {self._settings.depth_max}.",
                advice="Give the team's roles models that are not teams themselves.",
                field="model",
            )
        if request.n is not None and request.n != 1:
            raise Unsupported(
                "A team gives one answer.", advice="Leave out n, or ask several times.", field="n"
            )
        lost = ignored(request, self._toolbox)
        if lost and request.require_parameters:
            raise Unsupported(
                f"A team cannot honour {', '.join(lost)}.",
                advice="Leave it out, or do not set require_parameters.",
                field=lost[0],
            )

    async def _mission(self, request: Request, desk: Desk, mouth: Mouth, alarms: Alarms) -> Mission:
        settings = self._settings
        library = await self._shelves.library(request)
        cards = library.cards()
        caps = request.caps
        start = desk.clock.now()
        ends = [desk.deadline] if desk.deadline is not None else []
        ends += [start + caps.seconds] if caps.seconds is not None else []
        native = abridged(request.items, cards)
        calls = Calls(self._run, mouth, desk.key, settings.retries)
        tool_calls = settings.tool_calls if caps.tool_calls is None else caps.tool_calls
        turns = settings.total_turns if caps.total_turns is None else caps.total_turns
        shared = Shared(
            library=library,
            toolbox=self._toolbox,
            specs=offered(bool(cards), self._toolbox),
            evidence=Evidence(library),
            queries=Queries(),
            coverage=Coverage(),
            limits=Limits(tool_calls, turns),
            calls=calls,
            settings=settings,
        )
        return Mission(
            request=request,
            desk=desk,
            settings=settings,
            width=width(request),
            question=question(native),
            cards=cards,
            native=native,
            prefix=prefix(request, in_words(native), cards, settings.manifest_cards),
            mouth=mouth,
            calls=calls,
            shared=shared,
            purse=await open_purse(desk.allotment, caps.cost, settings),
            tally=Tally(),
            post=Post(desk.inbox),
            alarms=alarms,
            hours=timetable(start, min(ends, default=None), settings),
        )


def ignored(request: Request, toolbox: Toolbox | None) -> tuple[str, ...]:
    """The fields of a request that a team cannot carry."""
    known = {spec.name for spec in toolbox.specs()} if toolbox is not None else set[str]()
    lost = [
        f"tools[{number}]"
        for number, tool in enumerate(request.tools or ())
        if not isinstance(tool, Function) and getattr(tool, "tool", None) not in known
    ]
    lost += ["logprobs"] if request.logprobs else []
    return tuple(lost)


async def _answer(mission: Mission) -> None:
    plan = await planned(mission)
    reports = await _worked(mission, plan)
    rulings = await _judged(mission)
    draft = await Writing(mission, reports, rulings).draft()
    if draft.empty:
        _raise_if_nothing(mission, draft, reports)
    verification = account(mission, plan, reports, rulings, draft)
    reason = draft.reason or mission.shared.limits.reason or _all_failed(reports)
    await _speak(mission, replace(draft, reason=reason), verification)


def _all_failed(reports: tuple[Report, ...]) -> str | None:
    """Why the answer is a partial one, where no agent came to its end by itself."""
    reasons = [report.reason for report in reports if report.status != "done" and report.reason]
    if len(reasons) < len(reports) or not reasons or reports[0].voice == LEADER:
        return None
    return max(reasons, key=reasons.count)


async def _judged(mission: Mission) -> Rulings:
    """What a verifier says of the claims, if there is one. What is not supported is withdrawn
    where the policy drops it."""
    evidence, model = mission.shared.evidence, mission.settings.verifier
    if model is None:
        return Rulings(reason=mission.settings.unjudged)
    claims = evidence.claims
    if not claims:
        return Rulings(reason="there was nothing to judge")
    rulings = await Judging(mission, model).rule(claims, oppositions(claims))
    if mission.unsupported == "drop":
        evidence.withdraw(claim.id for claim in claims if rulings.fails(claim))
    return rulings


async def _worked(mission: Mission, plan: Plan) -> tuple[Report, ...]:
    if plan.mode == "solo":
        return (await alone(mission),) if mission.shared.specs else ()
    await mission.mouth.say(size(plan, mission))
    reports = await Crew(mission, plan).work()
    await mission.mouth.say(budget(mission))
    return reports


def _raise_if_nothing(mission: Mission, draft: Draft, reports: tuple[Report, ...]) -> None:
    """Nobody could say anything: then the caller hears why."""
    faults = (draft.fault, *(report.fault for report in reports))
    fault = next((fault for fault in faults if isinstance(fault, Fault)), None)
    if fault is not None and not mission.shared.evidence.claims:
        raise fault


async def _speak(mission: Mission, draft: Draft, verification: Verification | None) -> None:
    """The leader's whole answer, from its first item to its end."""
    mouth, reason = mission.mouth, draft.reason
    if draft.refusal:
        await mouth.say(*refused("refusal", draft.refusal))
    if draft.pieces:
        for events in message("answer", draft.pieces, "incomplete" if reason else "completed"):
            await mouth.say(*events)
    for number, call in enumerate(draft.calls, 1):
        await mouth.say(*called(f"call-{number}", call))
    urls = {citation.url for piece in draft.pieces for citation in piece.citations}
    mission.tally.add(Usage(sources=len(urls)))
    ended = Ended(
        status="incomplete" if reason else "completed", reason=reason, verification=verification
    )
    if verification is not None:
        await mouth.say(*facts(verification))
    spent = Spent(usage=charged(mission.tally.usage, mission.purse.whole))
    await mouth.say(Stopped(reason=draft.stop), spent, ended)
