"""The hall: one request, top to bottom."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from math import inf
from typing import Protocol, runtime_checkable

from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.courses import DIRECT, Course
from manymind.canon.events import LEADER, Chunk, Ended, Happened, Noted, Say, spoken, words
from manymind.canon.exits import Redaction
from manymind.canon.faults import BadRequest, CutShort, NoSuchAnswer, NoSuchModel, Unsupported
from manymind.canon.items import Item
from manymind.canon.letters import Letter
from manymind.canon.origins import Marks, Origin
from manymind.canon.ports import Allotment, Clock, Desk, Provider, Trail
from manymind.canon.rates import Rated, Tell, Untold
from manymind.canon.requests import Request
from manymind.canon.values import Ticks
from manymind.entrance import Entrance, unguarded
from manymind.memory.references import Filled, filled, references
from manymind.memory.repeats import Repeats
from manymind.memory.turns import CHAT, RESPONSES, Turn, Turns
from manymind.policy.keys import Caller, origin_of
from manymind.shadows import Shadows

NO_MARKS = Marks()

ROUTE_HEADER, ARM_HEADER = "x-manymind-route", "x-manymind-arm"

UNTOLD = Untold()


class Accounts(Protocol):
    """Opens what a request may spend: under its own cap, and under those of its origin."""

    async def allot(
        self, origin: Origin, request: Request, most: Ticks | None = None
    ) -> Allotment: ...


@runtime_checkable
class Relaying(Protocol):
    """A router that need not open what it passes on."""

    def relay(self, letter: Letter, say: Say, desk: Desk) -> Awaitable[Answer | None]: ...


@runtime_checkable
class Serving(Protocol):
    """A router that knows beforehand who serves a model."""

    def served(self, model: str) -> object:
        """Raises `NoSuchModel` where nobody does."""
        ...


class Gateway:
    """`entrance` says what may come in and which way it goes, `repeats` answer once more what
    was asked before, and `shadows` asks another model the same beside."""

    def __init__(
        self,
        router: Provider,
        accounts: Accounts,
        clock: Clock,
        *,
        seconds: float,
        turns: Turns | None = None,
        entrance: Entrance | None = None,
        repeats: Repeats | None = None,
        shadows: Shadows | None = None,
        redaction: Redaction | None = None,
    ) -> None:
        self._router = router
        self._relaying = router if isinstance(router, Relaying) else None
        self._accounts = accounts
        self._clock = clock
        self._seconds = seconds
        self._turns = turns
        self._entrance = entrance or unguarded(clock)
        self._repeats = repeats
        self._shadows = shadows
        self._redaction = redaction

    def readied(self, request: Request) -> Request:
        """The request, saying plainly whether its answer will be kept."""
        return request if self._turns is None else self._turns.readied(request)

    async def checked(self, caller: Caller, request: Request, marks: Marks) -> Request:
        """The request as it would be asked, or the fault that says why it would not be: what is
        done here without asking anybody is for those alone who might ask."""
        asked = (await self._entrance.admit(caller, request, marks)).request
        if isinstance(self._router, Serving):
            _find(self._router, (asked.model, *asked.models))
        return asked

    def keeps(self, letter: Letter) -> bool:
        """Whether the answer to this will be kept."""
        return self._turns is not None and bool(self._turns.readied(letter.outline).store)

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
        self,
        caller: Caller,
        request: Request,
        say: Say,
        *,
        key: str,
        marks: Marks = NO_MARKS,
        tell: Tell = UNTOLD,
        trail: Trail | None = None,
    ) -> None:
        """Answer a request through `say`, or raise the fault that says why not."""
        if request.background:
            raise Unsupported(
                "Answers in the background are not kept here yet.",
                advice="Leave out background, and stream the answer.",
                field="background",
            )
        with self._entrance.turn(caller):
            admitted = await self._entrance.admit(caller, request, marks)
            way = admitted.course
            turn = await self._turn(caller, admitted.request, say, key)
            asked = turn.request
            if not asked.items and not asked.instructions:
                raise BadRequest("There is nothing to answer.", advice="Send at least one message.")
            if len(asked.items) > len(request.items):
                await self._entrance.weigh(caller, asked, way)
            desk = await self._desk(caller, asked, key, marks, way, trail)
            _tell_rates(caller, desk, tell)
            if way.route:
                tell(ROUTE_HEADER, way.route)
                if way.arm:
                    tell(ARM_HEADER, way.arm)
                if self._shadows is not None:
                    self._shadows.follow(way, asked, desk, private=_private(request))
            if admitted.overridden:
                await turn.say(_dropped(admitted.overridden))
            exits = desk.exits
            mouth = _Whole(turn.say if exits is None else exits.noting(turn.say))
            repeats = self._repeating(caller, request, marks)
            if repeats is not None:
                ask = partial(self._router.run, asked)
                await repeats.answer(asked, desk, marks.repeat, mouth, tell, ask)
            else:
                await self._router.run(asked, mouth, desk)
            mouth.check()
            await turn.end()

    async def relay(
        self,
        caller: Caller,
        letter: Letter,
        say: Say,
        *,
        key: str,
        marks: Marks = NO_MARKS,
        tell: Tell = UNTOLD,
        trail: Trail | None = None,
    ) -> Answer | None:
        """As `answer`, for a request of which nothing is recalled or kept. Gives the answer, or
        None where it was spoken: a stream, or whatever comes of a letter that was opened."""
        relaying, repeats = self._relaying, self._repeating(caller, letter.outline, marks)
        passes = self._entrance.passes(caller, letter) and not self._covers(caller, key, marks)
        if relaying is None or repeats is not None or not passes:
            await self.answer(
                caller, letter.opener(), say, key=key, marks=marks, tell=tell, trail=trail
            )
            return None
        with self._entrance.turn(caller):
            desk = await self._desk(caller, letter.outline, key, marks, DIRECT, trail)
            _tell_rates(caller, desk, tell)
            mouth = _Whole(say)
            answer = await relaying.relay(letter, mouth, desk)
        if answer is None:
            mouth.check()
        elif answer.status == "in_progress":
            raise cut_short()
        return answer

    def _repeating(self, caller: Caller, request: Request, marks: Marks) -> Repeats | None:
        """What may answer once more, where somebody wants that."""
        repeats = self._repeats
        if repeats is None or not (caller.rights.caches or marks.repeat.wanted):
            return None
        wanted = repeats.wanted(caller.rights, marks.repeat, private=_private(request))
        return repeats if wanted else None

    async def _desk(
        self,
        caller: Caller,
        request: Request,
        key: str,
        marks: Marks,
        way: Course,
        trail: Trail | None,
    ) -> Desk:
        """Where the request is asked from: whose it is, what it may cost, and how long it may
        take."""
        named = (request.metadata or {}).get("feature")
        origin = origin_of(
            caller,
            key,
            marks,
            feature=named if isinstance(named, str) else "",
            dialect=request.dialect or "",
            streamed=request.stream,
            route=way.route,
            arm=way.arm,
        )
        most = caller.rights.max_cost
        if way.max_cost is not None and (most is None or way.max_cost < most):
            most = way.max_cost
        seconds = min(request.caps.seconds or inf, way.seconds or inf, self._seconds)
        return Desk(
            key=key,
            allotment=await self._accounts.allot(origin, request, most),
            clock=self._clock,
            origin=origin,
            deadline=self._clock.now() + seconds,
            trail=trail,
            exits=None if self._redaction is None else self._redaction.exits(origin, request),
        )

    def _covers(self, caller: Caller, key: str, marks: Marks) -> bool:
        """Whether a letter has to be opened, to look what may leave."""
        redaction = self._redaction
        return redaction is not None and redaction.covers(origin_of(caller, key, marks))

    async def _turn(self, caller: Caller, request: Request, say: Say, key: str) -> Turn:
        if self._turns is not None:
            return await self._turns.begin(caller.id, request, say, key)
        if request.previous_response_id is not None or request.conversation is not None:
            raise NoSuchAnswer("No answers are kept here.", field="previous_response_id")
        news = await self.filled(caller, request)
        return Turn(replace(request, items=news.sent), say)


def _find(router: Serving, models: tuple[str, ...]) -> None:
    """Of a list, some may be served by nobody; raises what is wrong with the first if all are."""
    missing: NoSuchModel | None = None
    for model in models:
        try:
            router.served(model)
        except NoSuchModel as fault:
            missing = missing or fault
        else:
            return
    if missing is not None:
        raise missing


def _tell_rates(caller: Caller, desk: Desk, tell: Tell) -> None:
    rights = caller.rights
    if rights.requests_per_minute is None and rights.tokens_per_minute is None:
        return
    if isinstance(desk.allotment, Rated):
        tell.rates(desk.allotment.rates)


def _dropped(names: tuple[str, ...]) -> Chunk:
    return spoken(Noted(what="dropped", data={"parameters": list(names)}))


def _private(request: Request) -> bool:
    """Whether its caller said that nothing of it is to be stored. In Messages nobody can."""
    return request.store is False and request.dialect in (CHAT, RESPONSES)


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
