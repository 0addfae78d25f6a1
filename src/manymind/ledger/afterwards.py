"""Asks providers afterwards what a call came to whose end nobody heard, and has the ledger charge
that instead of what had arrived.

A provider books when it is done, so it is asked a few times, a moment later each. Where it does not
know, or the server ends before, what had arrived stays charged.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from msgspec.structs import replace

from manymind.canon.attempts import AskLater, Attempt, Bill
from manymind.canon.faults import StoreFailed
from manymind.canon.origins import Origin
from manymind.canon.ports import Clock
from manymind.canon.usage import Usage
from manymind.ledger.account import BROKEN
from manymind.ledger.bank import Reckon
from manymind.store.corrections import ARRIVED, LATE, Corrections

WAITS_SECONDS = (1.0, 3.0, 10.0)
"""So long is waited before each question."""

ASKING_MAX = 256
"""So many calls may be asked about at once. What comes on top stays charged as it arrived."""

_log = logging.getLogger("manymind.ledger")


class Books(Protocol):
    """Who writes the rows; `settled` comes back once those that were settled can be read."""

    async def settled(self) -> None: ...
    def stop(self, origin: Origin, why: str) -> None: ...


class Afterwards:
    """`asks` has how to ask those providers that tell, by their names."""

    def __init__(
        self,
        asks: Mapping[str, AskLater],
        corrections: Corrections,
        books: Books,
        clock: Clock,
        reckon: Reckon,
    ) -> None:
        self._asks = asks
        self._corrections = corrections
        self._books = books
        self._clock = clock
        self._reckon = reckon
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def asking(self) -> int:
        """Calls that are being asked about."""
        return len(self._tasks)

    def attempted(self, attempt: Attempt) -> None:
        """Hears of each attempt that was settled."""
        if attempt.bill.basis != ARRIVED or not attempt.reply:
            return
        ask = self._asks.get(attempt.provider)
        if ask is None or len(self._tasks) >= ASKING_MAX:
            return
        task = asyncio.get_running_loop().create_task(self._follow(attempt, ask))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def hearing(self, then: Callable[[Attempt], None]) -> Callable[[Attempt], None]:
        """Hears of attempts, and passes them on; where nobody can be asked, it is passed over."""
        if not self._asks:
            return then

        def hear(attempt: Attempt) -> None:
            then(attempt)
            self.attempted(attempt)

        return hear

    async def aclose(self) -> None:
        """Nobody is asked any more. To be called before the books are closed."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, attempt: Attempt, ask: AskLater) -> None:
        usage: Usage | None = None
        for seconds in WAITS_SECONDS:
            await self._clock.sleep(seconds)
            usage = usage or await ask(attempt.reply)
            if usage is not None and await _worked(self._correct, attempt, usage):
                return

    async def _correct(self, attempt: Attempt, usage: Usage) -> bool:
        """Whether there was a row to correct."""
        ticks = usage.reported_cost or 0
        bill = Bill(ticks=ticks, basis=LATE, usage=replace(usage, cost=ticks))
        late = replace(attempt, bill=bill)
        await self._books.settled()
        corrected = await self._corrections.book(late, self._reckon(late))
        if corrected is None:
            return False
        if corrected.exceeded and attempt.origin.key:
            self._books.stop(attempt.origin, BROKEN)
        return True


async def _worked(
    correct: Callable[[Attempt, Usage], Awaitable[bool]], attempt: Attempt, usage: Usage
) -> bool:
    try:
        return await correct(attempt, usage)
    except StoreFailed as fault:
        _log.warning("a late report waits: %s", fault.code)
        return False
