"""The same question again: the answer that was given before is given once more, and costs nothing.

Only whole answers are kept, for the key that asked, and only where its rights or its caller say
so. Whatever is wrong with the place where they are kept, the question is then simply asked.
"""

from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager
from hashlib import sha256
from typing import TypeAlias

import anyio
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.attempts import Attempt, Bill
from manymind.canon.events import LEADER, Began, Chunk, Ended, Happened, Say, Spent, Wrote, spoken
from manymind.canon.faults import StoreFailed
from manymind.canon.items import Unread
from manymind.canon.origins import Repeat, Rights
from manymind.canon.ports import Clock, Desk
from manymind.canon.repeats import Place, Repeated, Shelf
from manymind.canon.requests import Request
from manymind.canon.usage import Usage

BASIS = "cache"
SECONDS_MAX = 86_400
"""No caller may have an answer repeated for longer than a day."""

EVENTS_MAX = 100_000
"""An answer of more is passed on and not kept."""

HEADER, AGE_HEADER = "x-manymind-cache", "x-manymind-cache-age"

Tell: TypeAlias = Callable[[str, str], None]
"""Puts a header on the reply."""

Ask: TypeAlias = Callable[[Say, Desk], Awaitable[None]]
"""Has the question answered by whoever can."""


class Resolved(Struct, frozen=True):
    """What a model's name stands for: the first offer of it, and its name wherever it is."""

    offer: str
    slug: str


class _Asked(Struct, frozen=True):
    """A question, from where it is asked, and what each of its models stands for."""

    request: Request
    desk: Desk
    model: Resolved
    others: tuple[str, ...]


class Repeats:
    """`seconds` is how long an answer may be repeated where its caller does not say."""

    def __init__(
        self,
        shelf: Shelf,
        clock: Clock,
        resolve: Callable[[str], Resolved],
        *,
        seconds: int,
    ) -> None:
        self._shelf = shelf
        self._clock = clock
        self._resolve = resolve
        self._seconds = min(seconds, SECONDS_MAX)
        self._flights: dict[Place, anyio.Event] = {}

    @staticmethod
    def wanted(rights: Rights, repeat: Repeat, *, private: bool) -> bool:
        """What is `private` (not to be stored) is kept only where a caller asks for just that."""
        if repeat.wanted is None:
            return rights.caches and not private
        return repeat.wanted

    async def answer(
        self, request: Request, desk: Desk, repeat: Repeat, say: Say, tell: Tell, ask: Ask
    ) -> None:
        """The answer that is kept, or what `ask` says, which is kept when it is whole. Of several
        who ask the same at once, one asks and the others wait for it."""
        others = tuple(self._resolve(model).offer for model in request.models)
        asked = _Asked(request, desk, self._resolve(request.model), others)
        digest = await anyio.to_thread.run_sync(_digest, asked)
        place = Place(desk.origin.tenant, desk.origin.key, digest)
        if repeat.anew:
            await self._dropped(place)
        found = await self._found(place)
        flight = self._flights.get(place)
        if found is None and flight is not None:
            await flight.wait()
            found = await self._found(place)
        if found is not None:
            await self._again(asked, found, say, tell)
            return
        tell(HEADER, "miss")
        hearing = _Hearing(say)
        with self._leading(place):
            await ask(hearing, desk)
            if hearing.whole:
                seconds = min(repeat.seconds or self._seconds, SECONDS_MAX)
                await self._kept(place, asked, hearing, seconds)

    async def _again(self, asked: _Asked, found: Repeated, say: Say, tell: Tell) -> None:
        now = self._clock.today()
        tell(HEADER, "hit")
        tell(AGE_HEADER, str(max(0, int(now - found.at))))
        events = tuple(_anew(event, int(now)) for event in found.events)
        served = next((e.model for e in events if isinstance(e, Began)), None)
        hold = await asked.desk.allotment.reserve(0)
        await hold.settle(0, self._told(asked, found.offer, served))
        await say(spoken(*events))

    def _told(self, asked: _Asked, offer: str, served: str | None) -> Attempt:
        """The row of the ledger: nothing was asked of anybody, and nothing is charged."""
        return Attempt(
            key=f"{asked.desk.key}/{BASIS}",
            origin=asked.desk.origin,
            requested=asked.request.model,
            offer=offer,
            provider=offer.partition("/")[0],
            slug=asked.model.slug,
            served=served,
            outcome="completed",
            at=self._clock.today(),
            seconds=0.0,
            first_word_seconds=0.0,
            bill=Bill(ticks=0, basis=BASIS, usage=Usage(cost=0)),
        )

    async def _found(self, place: Place) -> Repeated | None:
        try:
            return await self._shelf.find(place)
        except StoreFailed:
            return None

    async def _dropped(self, place: Place) -> None:
        try:
            await self._shelf.drop(place)
        except StoreFailed:
            return

    async def _kept(self, place: Place, asked: _Asked, hearing: "_Hearing", seconds: int) -> None:
        told = Repeated(offer=asked.model.offer, events=hearing.events, at=self._clock.today())
        try:
            await self._shelf.keep(place, told, seconds)
        except StoreFailed:
            return

    @contextmanager
    def _leading(self, place: Place) -> Generator[None]:
        """Others wait until this one is done, also where nothing came of it: then each asks."""
        done = anyio.Event()
        first = self._flights.setdefault(place, done) is done
        try:
            yield
        finally:
            done.set()
            if first:
                del self._flights[place]


class _Hearing:
    """Passes an answer on and remembers what was told, its texts in one piece each."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._told: list[Happened] = []
        self.whole = False

    @property
    def events(self) -> tuple[Happened, ...]:
        return tuple(_joined(self._told))

    async def __call__(self, chunk: Chunk) -> None:
        if len(self._told) <= EVENTS_MAX:
            self._told.extend(chunk.events)
        for event in chunk.events:
            if isinstance(event, Ended) and event.voice == LEADER:
                self.whole = event.status == "completed" and len(self._told) <= EVENTS_MAX
        await self._say(chunk)


def _joined(events: Iterable[Happened]) -> Iterable[Happened]:
    """The events, with what was written piece by piece in one."""
    held: Wrote | None = None
    pieces: list[str] = []
    for event in events:
        if held is not None and isinstance(event, Wrote) and _goes_on(held, event):
            pieces.append(event.text)
            continue
        if held is not None:
            yield replace(held, text="".join(pieces))
            held = None
        if isinstance(event, Wrote):
            held, pieces = event, [event.text]
        else:
            yield event
    if held is not None:
        yield replace(held, text="".join(pieces))


def _goes_on(held: Wrote, event: Wrote) -> bool:
    """Probabilities stand with the piece that they are of."""
    if held.logprobs is not None or event.logprobs is not None:
        return False
    return replace(event, text="") == replace(held, text="")


def _anew(event: Happened, now: int) -> Happened:
    """As it is told again: under a new id, at a new time, and for nothing."""
    match event:
        case Began():
            return replace(event, id="", created=now)
        case Spent():
            return replace(event, usage=Usage(cost=0))
        case _:
            return event


def _digest(asked: _Asked) -> bytes:
    """Of all that shapes the answer: not of who asks, or of how it is to be told."""
    plain = replace(
        asked.request,
        model=asked.model.offer,
        models=asked.others,
        items=tuple(
            item if isinstance(item, Unread) else replace(item, id=None)
            for item in asked.request.items
        ),
        stream=False,
        stream_usage=None,
        store=None,
        background=None,
        previous_response_id=None,
        conversation=None,
        metadata=None,
        user=None,
        safety_identifier=None,
        prompt_cache_key=None,
    )
    return sha256(msgspec.json.encode(plain, order="deterministic")).digest()
