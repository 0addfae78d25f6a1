"""One call of a model from within the team: told on to its voice, counted, and never raised."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import Struct, convert
from msgspec.structs import replace

from manymind.canon.answers import Answer, Folding
from manymind.canon.events import (
    LEADER,
    Advanced,
    Began,
    Chunk,
    Closed,
    Ended,
    Happened,
    Noted,
    Opened,
    PartClosed,
    PartOpened,
    Say,
    Spent,
    Stopped,
    Wrote,
)
from manymind.canon.faults import CutShort, Fault, OverBudget, UpstreamBroken
from manymind.canon.items import Called, Returned, Said
from manymind.canon.parts import Part, Text
from manymind.canon.ports import Desk, Toolbox
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.engine.grammar import Grammar
from manymind.engine.mouth import Mouth
from manymind.engine.purse import Tally

Run: TypeAlias = Callable[[Request, Say, Desk], Awaitable[None]]
"""How the router answers a request."""

_CHARACTERS_A_TOKEN = 32
"""More than any model writes to a token: who says more ignores the limit it was given."""

_RETRY_SECONDS_MAX = 30.0
_LEAN_MAX, _LEANER, _LEAN_TOKENS_MIN = 2, 4, 256


class Overlong(UpstreamBroken):
    """The model ignores the limit it was given. It would again."""

    code, retryable = "output_too_long", False


class Heard(Struct, frozen=True):
    """What a call brought. After a fault, `answer` holds what was said before it. `dropped`
    names what the model's dialect could not carry."""

    answer: Answer
    fault: Fault | None = None
    dropped: tuple[str, ...] = ()


class Calls:
    """Makes the calls of one run."""

    def __init__(self, run: Run, mouth: Mouth, root: str, retries: int) -> None:
        self._run = run
        self._mouth = mouth
        self._root = f"{root}/"
        self._retries = retries

    async def ask(
        self, request: Request, desk: Desk, tally: Tally, voice: str | None = None
    ) -> Heard:
        """Ask; with fewer words allowed where money is short, and once more where a fault says
        that it may pass. Without a `voice` what is said stays inside the team."""
        heard = await self._once(request, desk, tally, voice)
        for lean in range(1, _LEAN_MAX + 1):
            tokens = request.max_output_tokens or 0
            if not isinstance(heard.fault, OverBudget) or tokens < _LEAN_TOKENS_MIN * _LEANER:
                break
            request = replace(request, max_output_tokens=tokens // _LEANER)
            heard = await self._once(request, desk.at(f"lean-{lean}"), tally, voice)
        for again in range(1, self._retries + 1):
            fault = heard.fault
            if fault is None or not fault.retryable:
                break
            pause = min(fault.retry_after or float(again), _RETRY_SECONDS_MAX)
            if desk.deadline is not None and desk.clock.now() + pause >= desk.deadline:
                break
            await desk.clock.sleep(pause)
            heard = await self._once(request, desk.at(f"again-{again}"), tally, voice)
        return heard

    async def use(
        self, toolbox: Toolbox, called: Called, desk: Desk, tally: Tally, voice: str | None
    ) -> Returned:
        """Call a tool of the house; raises its fault."""
        step = desk.key.removeprefix(self._root)
        ear = _Ear(self._mouth, step, voice, None)
        try:
            return await toolbox.call(called, ear.hear, desk)
        finally:
            tally.add(ear.usage)

    async def _once(self, request: Request, desk: Desk, tally: Tally, voice: str | None) -> Heard:
        step = desk.key.removeprefix(self._root)
        ear = _Ear(self._mouth, step, voice, request.max_output_tokens)
        fault: Fault | None = None
        try:
            await self._run(request, ear.hear, desk)
        except Fault as raised:
            fault = raised
        finally:
            tally.add(ear.usage)
        await self._mouth.loose(step)
        answer = ear.folding.answer()
        if fault is None and answer.status == "in_progress":
            fault = CutShort("The model's answer stopped before its end.")
        return Heard(answer, fault, tuple(ear.dropped))


class _Ear:
    """Folds what the model says, and tells it on under the agent's name."""

    def __init__(self, mouth: Mouth, step: str, voice: str | None, tokens: int | None) -> None:
        self.folding = Folding()
        self._grammar = Grammar()
        self._step = step
        self._mouth = mouth
        self._voice = voice
        self.dropped: list[str] = []
        self._room = None if tokens is None else tokens * _CHARACTERS_A_TOKEN

    @property
    def usage(self) -> Usage:
        return self.folding.answer().usage or Usage()

    async def hear(self, chunk: Chunk) -> None:
        """A word that the grammar does not allow here cannot be folded, and is not heard."""
        chunk = Chunk(self._grammar.admit(chunk.events))
        self.folding.hear(chunk)
        self._bound(chunk)
        self._note(chunk)
        told = () if self._voice is None else self._retold(chunk, self._voice)
        await self._mouth.say(*told)

    def _bound(self, chunk: Chunk) -> None:
        if self._room is None:
            return
        self._room -= sum(
            len(event.text)
            for event in chunk.events
            if isinstance(event, Wrote) and event.voice == LEADER
        )
        if self._room < 0:
            raise Overlong("The model said far more than it was allowed to.")

    def _note(self, chunk: Chunk) -> None:
        for event in chunk.events:
            if isinstance(event, Noted) and (event.voice, event.what) == (LEADER, "dropped"):
                self.dropped += convert(event.data.get("parameters", ()), list[str])

    def _retold(self, chunk: Chunk, voice: str) -> tuple[Happened, ...]:
        return tuple(
            told for event in chunk.events if (told := self._retell(event, voice)) is not None
        )

    def _retell(self, event: Happened, voice: str) -> Happened | None:
        """The event under its new names, or None for what the team says itself.

        Nobody has checked an agent's citations: they are not passed on. What its quotes are
        worth, the claims tell.
        """
        name = voice if event.voice == LEADER else f"{self._step}/{event.voice}"
        match event:
            case Opened() | PartOpened() | Wrote() | Advanced() | PartClosed() | Closed():
                told = _uncited(event)
                return replace(told, voice=name, item=f"{self._step}:{event.voice}:{told.item}")
            case Noted():
                return replace(event, voice=name)
            case Began() | Ended() | Spent() | Stopped() if event.voice != LEADER:
                return replace(event, voice=name)
            case _:
                return None


def _uncited(
    event: Opened | PartOpened | Wrote | Advanced | PartClosed | Closed,
) -> Opened | PartOpened | Wrote | Advanced | PartClosed | Closed:
    match event:
        case PartOpened():
            return replace(event, value=_bare(event.value))
        case PartClosed(value=Text() as value):
            return replace(event, value=_bare(value))
        case Opened(value=Said() as value):
            return replace(event, value=replace(value, parts=()))
        case Closed(sealed=Said()):
            return replace(event, sealed=None)
        case _:
            return event


def _bare(part: Part) -> Part:
    return replace(part, citations=()) if isinstance(part, Text) else part
