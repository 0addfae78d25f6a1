"""The hall: one request, top to bottom."""

from collections.abc import Awaitable, Callable, Mapping
from math import inf
from typing import Protocol, runtime_checkable

from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.events import LEADER, Chunk, Ended, Happened, Say, words
from manymind.canon.exits import Redaction
from manymind.canon.faults import BadRequest, CutShort, NoSuchAnswer, Unsupported
from manymind.canon.items import Item
from manymind.canon.letters import Letter
from manymind.canon.origins import Marks, Origin
from manymind.canon.ports import Allotment, Clock, Desk, Provider
from manymind.canon.requests import Request
from manymind.canon.values import Ticks
from manymind.memory.references import Filled, filled, references
from manymind.memory.turns import Turn, Turns
from manymind.policy.keys import Caller, origin_of

NO_MARKS = Marks()


class Accounts(Protocol):
    """Opens what a request may spend: under its own cap, and under those of its origin."""

    async def allot(
        self, origin: Origin, request: Request, most: Ticks | None = None
    ) -> Allotment: ...


@runtime_checkable
class Relaying(Protocol):
    """A router that need not open what it passes on."""

    def relay(self, letter: Letter, say: Say, desk: Desk) -> Awaitable[Answer | None]: ...


class Gateway:
    def __init__(
        self,
        router: Provider,
        accounts: Accounts,
        clock: Clock,
        *,
        seconds: float,
        turns: Turns | None = None,
        redaction: Redaction | None = None,
    ) -> None:
        self._router = router
        self._relaying = router if isinstance(router, Relaying) else None
        self._accounts = accounts
        self._clock = clock
        self._seconds = seconds
        self._turns = turns
        self._redaction = redaction

    def readied(self, request: Request) -> Request:
        """The request, saying plainly whether its answer will be kept."""
        return request if self._turns is None else self._turns.readied(request)

    async def filled(
        self, caller: Caller, request: Request, near: Callable[[], Mapping[str, Item]] = dict
    ) -> Filled:
        """What a request adds, with the items that it only names: those that are at hand (`near`)
        and those that are kept."""
        if self._turns is not None:
            return await self._turns.filled(caller.id, request.items, near=near)
        named = references(request.items)
        return filled(request.items, named, near() if named else {})

    async def answer(
        self, caller: Caller, request: Request, say: Say, *, key: str, marks: Marks = NO_MARKS
    ) -> None:
        """Answer a request through `say`, or raise the fault that says why not."""
        if request.background:
            raise Unsupported(
                "Answers in the background are not kept here yet.",
                advice="Leave out background, and stream the answer.",
                field="background",
            )
        turn = await self._turn(caller, request, say, key)
        if not turn.request.items and not turn.request.instructions:
            raise BadRequest("There is nothing to answer.", advice="Send at least one message.")
        origin = _origin(caller, turn.request, key, marks)
        exits = self._redaction.exits(origin, turn.request) if self._redaction else None
        desk = Desk(
            key=key,
            allotment=await self._accounts.allot(origin, turn.request, caller.rights.max_cost),
            clock=self._clock,
            origin=origin,
            deadline=self._clock.now() + min(request.caps.seconds or inf, self._seconds),
            exits=exits,
        )
        mouth = _Whole(turn.say if exits is None else exits.noting(turn.say))
        await self._router.run(turn.request, mouth, desk)
        mouth.check()
        await turn.end()

    async def relay(
        self, caller: Caller, letter: Letter, say: Say, *, key: str, marks: Marks = NO_MARKS
    ) -> Answer | None:
        """As `answer`, for a request of which nothing is recalled or kept, whose reply is wanted
        whole. Gives the answer, or None where the letter had to be opened and it was spoken."""
        origin = _origin(caller, letter.outline, key, marks)
        looked_into = self._redaction is not None and self._redaction.covers(origin)
        if self._relaying is None or looked_into:
            await self.answer(caller, letter.opener(), say, key=key, marks=marks)
            return None
        desk = Desk(
            key=key,
            allotment=await self._accounts.allot(origin, letter.outline, caller.rights.max_cost),
            clock=self._clock,
            origin=origin,
            deadline=self._clock.now() + self._seconds,
        )
        mouth = _Whole(say)
        answer = await self._relaying.relay(letter, mouth, desk)
        if answer is None:
            mouth.check()
        elif answer.status == "in_progress":
            raise cut_short()
        return answer

    async def _turn(self, caller: Caller, request: Request, say: Say, key: str) -> Turn:
        if self._turns is not None:
            return await self._turns.begin(caller.id, request, say, key)
        if request.previous_response_id is not None or request.conversation is not None:
            raise NoSuchAnswer("No answers are kept here.", field="previous_response_id")
        news = await self.filled(caller, request)
        return Turn(replace(request, items=news.sent), say)


def _origin(caller: Caller, request: Request, key: str, marks: Marks) -> Origin:
    named = (request.metadata or {}).get("feature")
    return origin_of(
        caller,
        key,
        marks,
        feature=named if isinstance(named, str) else "",
        dialect=request.dialect or "",
        streamed=request.stream,
    )


class _Whole:
    """Passes an answer on and knows whether it came to its end."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._ended = False

    async def __call__(self, chunk: Chunk) -> None:
        if words(chunk) is None:
            self._ended = self._ended or any(map(_ends, chunk.events))
        await self._say(chunk)

    def check(self) -> None:
        if not self._ended:
            raise cut_short()


def cut_short() -> CutShort:
    return CutShort("The answer stopped before its end.", advice="Try again.")


def _ends(event: Happened) -> bool:
    """An agent's last word is not the answer's."""
    return isinstance(event, Ended) and event.voice == LEADER
