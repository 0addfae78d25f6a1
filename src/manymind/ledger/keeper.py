"""What the gate does beside the calls: writes, looks for what others want back and for what they
changed, gives signs of life, and charges what servers had borrowed that died."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import anyio

from manymind.canon.faults import StoreFailed
from manymind.canon.notices import Notice
from manymind.canon.origins import Origin
from manymind.canon.ports import Clock
from manymind.ledger.account import Account
from manymind.ledger.bank import Bank
from manymind.ledger.gate import Gate
from manymind.ledger.spikes import Spikes
from manymind.store.leases import Leases
from manymind.store.lost import Loss, Lost

WRITE_SECONDS = 0.03
"""How long rows may wait for others to go with them."""

ANSWER_SECONDS = 0.15
"""How often is looked whether others want back what is held here."""

CHANGE_SECONDS = 1.0
"""How often is looked for what others changed."""

BEAT_SECONDS = 5.0
DEAD_SECONDS = 30.0
"""Who gives no sign of life for so long is held to be dead. Nobody waits for that: what it holds
stays charged before and after."""

SWEEP_SECONDS = 600.0
CLOSE_SECONDS = 10.0
AGAIN_SECONDS = 0.5

_log = logging.getLogger("manymind.ledger")


class Keeper:
    """`spikes` looks for keys that spend too fast. `dead_seconds` is for how long a server must
    be silent to be held to be dead."""

    def __init__(
        self,
        bank: Bank,
        gate: Gate,
        leases: Leases,
        lost: Lost,
        clock: Clock,
        *,
        spikes: Spikes | None = None,
        dead_seconds: float = DEAD_SECONDS,
    ) -> None:
        self._bank = bank
        self._gate = gate
        self._leases = leases
        self._lost = lost
        self._clock = clock
        self._dead_seconds = dead_seconds
        self._spikes = spikes
        self._tasks: list[asyncio.Task[None]] = []
        self._seen: dict[str, tuple[int, float]] = {}
        self._failing = False
        self._working = anyio.Lock()

    async def account(self, origin: Origin) -> Account:
        """Who pays for the calls of an origin. The first one opens the books."""
        if not self._tasks:
            await self.open()
        return await self._gate.account(origin)

    async def open(self) -> None:
        """Read what is defined, and begin to work."""
        await self._gate.open()
        if not self._tasks:
            loop = asyncio.get_running_loop()
            works = (
                self._writes(),
                self._every(ANSWER_SECONDS, self._answer),
                self._every(CHANGE_SECONDS, self.look),
                self._every(SWEEP_SECONDS, self._sweep),
                self._every(min(BEAT_SECONDS, self._dead_seconds / 4), self.watch),
            )
            self._tasks = [loop.create_task(work) for work in works]

    async def aclose(self) -> None:
        """Write what waits, and give everything back. If the database does not take it, what was
        borrowed stays charged."""
        tasks, self._tasks = self._tasks, []
        if not tasks:
            return
        with anyio.move_on_after(CLOSE_SECONDS, shield=True):
            # Whoever is in the middle of a transaction ends it: a connection that is torn out of
            # one may never come back.
            await self._working.acquire()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._working = anyio.Lock()
        with anyio.move_on_after(CLOSE_SECONDS, shield=True):
            try:
                await self._gate.save_stops()
                await self._bank.leave()
            except StoreFailed:
                _log.error("what is waiting for the ledger could not be written")

    async def look(self) -> None:
        """See what other servers changed, and whether a key spends too fast."""
        await self._gate.look()
        if self._spikes is not None:
            await self._spikes.look()

    def stop(self, origin: Origin, why: str) -> None:
        """Let no further call of a key pass, here at once and elsewhere soon."""
        self._bank.stop(origin, why)

    @property
    def waiting(self) -> int:
        """Rows of the ledger that are not written yet."""
        return self._bank.waiting

    async def settled(self) -> None:
        """Comes back once what was settled before can be read."""
        await self._worked(self.write)

    async def beats(self) -> dict[str, int]:
        """How far every server has counted."""
        return await self._leases.beats()

    async def watch(self) -> None:
        """Give a sign of life, and see who has given none for long."""
        await self._bank.write()
        now = self._clock.now()
        beats = await self.beats()
        beats.pop(self._bank.holder, None)
        self._seen = {
            holder: seen
            if (seen := self._seen.get(holder)) is not None and seen[0] == count
            else (count, now)
            for holder, count in beats.items()
        }
        for holder, (count, since) in tuple(self._seen.items()):
            if now - since >= self._dead_seconds:
                for loss in await self._lost.bury(holder, count):
                    self._tell(holder, loss)
                self._seen.pop(holder, None)

    async def _writes(self) -> None:
        bank = self._bank
        while True:
            await bank.wake.wait()
            await self._clock.sleep(WRITE_SECONDS)
            bank.wake = anyio.Event()
            if not await self._worked(self.write):
                bank.wake.set()
                await self._clock.sleep(AGAIN_SECONDS)

    async def write(self) -> None:
        """Write what waits, now."""
        await self._bank.write()
        await self._gate.save_stops()

    async def _answer(self) -> None:
        if self._bank.holds:
            self._bank.give_back(idle=True)
            await self._bank.answer()

    async def _sweep(self) -> None:
        before = int(self._clock.today() - SWEEP_SECONDS)
        await self._leases.sweep(self._bank.holder, before)

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._clock.sleep(seconds)
            await self._worked(work)

    async def _worked(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Whether it worked. That the database fails is told once, until it does not any more."""
        try:
            async with self._working:
                await work()
        except StoreFailed as fault:
            if not self._failing:
                _log.warning("the ledger waits: %s", fault.message)
            self._failing = True
            return False
        self._failing = False
        return True

    def _tell(self, holder: str, loss: Loss) -> None:
        data: dict[str, object] = {
            "budget": loss.budget,
            "unit": loss.unit,
            "amount": loss.amount,
            "holder": holder,
            "id": loss.id,
        }
        notice = Notice(kind="ledger.lost", owner=loss.owner, data=data, at=self._clock.today())
        self._bank.tell(notice)
