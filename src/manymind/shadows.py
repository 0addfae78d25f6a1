"""A second model is asked the same, beside the answer and unheard: to compare, before anybody
relies on it.

Nothing of it holds up or changes the answer, and nothing of it is the caller's: it is the
operator's call, paid from a cap of its own, and its rows in the ledger say so.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from random import random
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.courses import Course, Shadow
from manymind.canon.events import Chunk
from manymind.canon.exits import Exits, Redaction
from manymind.canon.faults import Fault
from manymind.canon.origins import OPERATOR, Origin
from manymind.canon.ports import Allotment, Clock, Desk, Provider
from manymind.canon.requests import Request
from manymind.canon.values import Ticks

ROUTE = "shadow/"
"""How the ledger names the route of a shadow, so that a budget can be set on it."""

ARM = "shadow"
_DAY_SECONDS = 86_400


class Accounts(Protocol):
    async def allot(
        self, origin: Origin, request: Request, most: Ticks | None = None
    ) -> Allotment: ...


class _Purse(Struct):
    """What the shadow of one route has used on a day, and what may still come."""

    day: int = -1
    used: Ticks = 0
    under_way: int = 0
    held: Ticks = 0


class Shadows:
    """They live as long as the server does, and end with it."""

    def __init__(
        self,
        router: Provider,
        accounts: Accounts,
        clock: Clock,
        *,
        chance: Callable[[], float] = random,
        redaction: Redaction | None = None,
    ) -> None:
        self._router = router
        self._accounts = accounts
        self._clock = clock
        self._chance = chance
        self._redaction = redaction
        self._purses: dict[str, _Purse] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def follow(self, way: Course, request: Request, desk: Desk, *, private: bool) -> None:
        """Ask the shadow of a route, if there is one, and if there is room for it. What leaves
        goes through the same exits as the caller's own call. Where that is exempt because of its
        route, the shadow is not: it has a route of its own, and asks somebody else."""
        shadow = way.shadow
        if shadow is None or (private and not shadow.unstored):
            return
        if shadow.percent < 100 and self._chance() * 100 >= shadow.percent:
            return
        purse = self._purse(way.route)
        free = shadow.at_once - purse.under_way
        room = max(0, shadow.day_cost - purse.used - purse.held)
        if free <= 0 or room == 0:
            return
        # Each of those that may be under way gets its part of what is left.
        most = room // free if shadow.max_cost is None else min(room, shadow.max_cost)
        asking = self._ask(way.route, shadow, request, desk, purse, most)
        task = asyncio.get_running_loop().create_task(asking)
        purse.under_way += 1
        purse.held += most
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, purse, most))

    async def aclose(self) -> None:
        """Whatever is under way ends, and is settled."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, purse: _Purse, most: Ticks, task: asyncio.Task[None]) -> None:
        """Also of one that was cancelled before it began."""
        self._tasks.discard(task)
        purse.under_way -= 1
        purse.held -= most

    def _exits(self, origin: Origin, request: Request) -> Exits | None:
        return None if self._redaction is None else self._redaction.exits(origin, request)

    @property
    def under_way(self) -> int:
        return len(self._tasks)

    def _purse(self, route: str) -> _Purse:
        purse = self._purses.setdefault(route, _Purse())
        day = int(self._clock.today() // _DAY_SECONDS)
        if purse.day != day:
            purse.day, purse.used = day, 0
        return purse

    async def _ask(
        self,
        route: str,
        shadow: Shadow,
        request: Request,
        asked_from: Desk,
        purse: _Purse,
        most: Ticks,
    ) -> None:
        origin = asked_from.origin
        copy = replace(request, model=shadow.model, models=(), preferences=None, stream=False)
        own = Origin(
            tenant=OPERATOR,
            request=origin.request,
            route=f"{ROUTE}{route}",
            arm=ARM,
            dialect=origin.dialect,
        )
        allotment: Allotment | None = None
        try:
            allotment = await self._accounts.allot(own, copy, most)
            desk = Desk(
                key=f"{origin.request}/{ARM}",
                allotment=allotment,
                clock=self._clock,
                origin=own,
                deadline=self._clock.now() + shadow.seconds,
                exits=asked_from.exits or self._exits(replace(own, key=origin.key), copy),
            )
            await self._router.run(copy, _unheard, desk)
        except Fault:
            return  # Its attempts stand in the ledger, and nobody waits for it.
        finally:
            purse.used += 0 if allotment is None else allotment.spent


async def _unheard(chunk: Chunk) -> None:
    """Nobody hears a shadow."""
