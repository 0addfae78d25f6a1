"""Between what is counted here and what the database knows: borrows slices of budgets, writes what
was used and the rows that tell of it, and gives back what lies idle.

Writes go in batches, a few a second, each in one transaction. Whoever waits for the database is
the writer, and a call for which too little is held; no other call does.
"""

from collections.abc import Callable, Iterable
from math import inf
from typing import Protocol

import anyio
from msgspec import Struct

from manymind.canon.attempts import Attempt
from manymind.canon.budgets import Budget
from manymind.canon.notices import Notice, Tell, untold
from manymind.canon.origins import Origin
from manymind.canon.ports import Clock
from manymind.ledger.refusals import refusal
from manymind.ledger.slices import Meter, Slice
from manymind.store.leases import Leases, Lent, Place, Wish
from manymind.store.ledger_rows import Batch, Booked, LedgerRows, Use, Written

QUEUE_MAX = 20_000
"""Rows that may wait to be written. Beyond it calls with budgets are refused, and rows of calls
without are lost, and counted."""

RECALL_SECONDS = 2.0
"""How long a call waits for what other servers hold, before it is refused."""

LOOK_SECONDS = 0.05
KNOWN_SECONDS = 0.25
"""How long it is believed that nothing more is to be had of a budget."""

SILENT_SECONDS = 10.0
"""How long nobody waits again for a server that did not answer."""

AHEAD_SECONDS = 0.25
"""What was used up lately in so long a time is borrowed in advance."""

IDLE_SECONDS = 2.0
"""After so long without a call a slice goes back."""


class Reckon(Protocol):
    """How the cost of an attempt was reckoned, as JSON."""

    def __call__(self, attempt: Attempt) -> bytes | None: ...


class Waiting(Struct, frozen=True):
    """An attempt that is to be written."""

    attempt: Attempt
    at: float
    tokens: int
    flagged: bool


class Bank:
    """`name` makes the names under which this server borrows, each used once."""

    def __init__(
        self,
        leases: Leases,
        rows: LedgerRows,
        clock: Clock,
        name: Callable[[], str],
        *,
        reckon: Reckon,
        tell: Tell = untold,
    ) -> None:
        self._leases = leases
        self.rows = rows
        self._clock = clock
        self._name = name
        self._reckon = reckon
        self.tell = tell
        self.today = clock.today
        self.stopped: dict[tuple[str, str], str] = {}
        """Keys that nothing more is to be reserved for, and why."""
        self.unsaved: dict[tuple[str, str], str] = {}
        """Those of which the database does not know yet."""
        self.spent_by_key: dict[tuple[str, str], int] = {}
        """What keys spent here since somebody looked."""
        self.holder = name()
        self.lost_rows = 0
        self.wake = anyio.Event()
        self._number = 0
        self._waiting: list[Waiting] = []
        self._dirty: list[Slice] = []
        self._returns: dict[Place, int] = {}
        self._answers: set[Place] = set()
        self._pending: Batch | None = None
        self._meters: dict[tuple[str, str], Meter] = {}
        self._silent: dict[str, float] = {}
        self._writing = anyio.Lock()
        self.written_at = -inf

    @property
    def waiting(self) -> int:
        """Rows that are not written yet."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        return len(self._waiting) >= QUEUE_MAX

    @property
    def meters(self) -> Iterable[Meter]:
        return self._meters.values()

    @property
    def holds(self) -> bool:
        """Whether anything of any budget is held here."""
        return any(part.granted for meter in self.meters for part in meter.slices.values())

    async def appear(self) -> None:
        await self._leases.appear(self.holder)

    def meter(self, meter: Meter) -> None:
        """Keep the books of a budget."""
        self._meters[meter.budget.owner, meter.budget.id] = meter

    def find(self, budget: Budget) -> Meter | None:
        return self._meters.get((budget.owner, budget.id))

    def holder_now(self) -> str:
        return self.holder

    def touch(self, part: Slice) -> None:
        """Something of this slice is to be written."""
        part.listed = True
        self._dirty.append(part)
        self.wake.set()

    def book(self, attempt: Attempt, at: float, tokens: int, flagged: bool, budgeted: bool) -> None:
        if not budgeted and len(self._waiting) >= QUEUE_MAX:
            self.lost_rows += 1
            return
        self._waiting.append(Waiting(attempt, at, tokens, flagged))
        self.wake.set()

    def stop(self, origin: Origin, why: str) -> None:
        """Let no further call of a key pass, here at once and elsewhere soon."""
        payer = (origin.tenant, origin.key)
        if payer in self.stopped:
            return
        self.stopped[payer] = self.unsaved[payer] = why
        self.wake.set()
        data: dict[str, object] = {"key": origin.key, "reason": why, "request": origin.request}
        at = self.today()
        self.tell(Notice(kind="key.stopped", owner=origin.tenant, data=data, at=at))

    async def borrow(self, part: Slice, need: int) -> None:
        """See to it that so much can be reserved of a slice, or raise the fault that says why
        not. Others may reserve it before the caller does."""
        meter, came = part.meter, self._clock.now()
        meter.waiting += need
        try:
            async with meter.asking:
                if part.room < need and part is meter.slice:
                    self._remember(part, need, came)
                    await self._borrow(part, need)
        finally:
            meter.waiting -= need

    def _remember(self, part: Slice, need: int, came: float) -> None:
        """Refuse at once what was refused to another since this caller came. Where nobody else
        holds anything, nothing comes back either, and that is believed for a moment longer."""
        fresh = self._clock.now() - part.refused_at < KNOWN_SECONDS
        if need - part.room > part.free and (part.refused_at >= came or (part.alone and fresh)):
            raise refusal(part, need, self.today())

    async def _borrow(self, part: Slice, need: int) -> None:
        deadline, recall = self._clock.now() + RECALL_SECONDS, True
        while (least := need - part.room) > 0 and part.holder == self.holder:
            wish = Wish(
                holder=part.holder,
                place=part.place,
                least=least,
                wanted=part.meter.waiting,
                spare=part.step,
                cap=part.meter.budget.cap if part.meter.rate else None,
                recall=recall,
            )
            lent = await self._lent(part, wish)
            if lent.amount or lent.gone or lent.buried:
                return
            now = self._clock.now()
            awaited = [each for each in lent.awaited if self._silent.get(each, -inf) < now]
            if now >= deadline:
                self._silent.update(dict.fromkeys(awaited, now + SILENT_SECONDS))
            if now >= deadline or not awaited:
                part.refused_at = now
                raise refusal(part, need, self.today())
            recall = False
            await self._clock.sleep(LOOK_SECONDS)

    async def _lent(self, part: Slice, wish: Wish) -> Lent:
        """What was lent. A caller who hangs up waits for it: what is lent must be known."""
        lent = Lent()
        with anyio.CancelScope(shield=True):
            lent = await self._leases.lend(wish)
        now = self._clock.now()
        part.meter.gone = part.meter.gone or lent.gone
        part.free, part.alone = lent.free, lent.alone
        part.known_at = now
        if lent.amount:
            _grant(part, lent.amount, now)
        if lent.buried and part.holder == self.holder:
            await self._begin_anew()
        return lent

    async def write(self) -> None:
        """Write what waits. What could not be written stays, and goes first the next time."""
        async with self._writing:
            while True:
                batch = self._pending or self.gather()
                self._pending = batch
                written = await self.rows.write(batch)
                self._pending = None
                self.written_at = self._clock.now()
                await self._heed(written)
                if not self._waiting and not self._dirty:
                    break

    def give_back(self, *, idle: bool = False) -> None:
        """Hold no more of any budget than calls on their way may use; of those that are `idle`
        or over alone, if so asked."""
        for meter in self.meters:
            for part in meter.slices.values():
                keep = self._needed(part) if idle else 0
                if part.room > keep:
                    self._return(part, keep)
            meter.lowered = False
            meter.forget_idle()

    def _needed(self, part: Slice) -> int:
        """What calls will soon want of what is held here, beside those that are on their way."""
        moment = self.today()
        over = not part.begins_at <= moment < part.ends_at
        if over or part.meter.gone or part.meter.lowered:
            return 0
        fresh = self._clock.now() - part.lent_at < IDLE_SECONDS
        if fresh or abs(moment - part.used_at) < IDLE_SECONDS:
            return 2 * part.step + part.reserved + part.meter.waiting
        return 0

    async def shed(self, meter: Meter) -> None:
        """Give back what was borrowed under a higher cap, before anything more is reserved."""
        meter.lowered = False
        for part in meter.slices.values():
            self._return(part, 0)
        await self.write()

    async def answer(self) -> None:
        """Give back what others need more, where they said so."""
        for place in await self._leases.recalled(self.holder):
            meter = self._meters.get((place.owner, place.budget))
            part = None if meter is None else meter.slices.get(place.begins_at)
            self._answers.add(place)
            if part is not None:
                part.step //= 2
                self._return(part, 0)
        if self._answers or self._returns:
            await self.write()

    async def leave(self) -> None:
        """Write everything, give everything back, and be gone."""
        self.give_back()
        await self.write()
        await self.rows.leave(self.holder)

    def _return(self, part: Slice, keep: int) -> None:
        self._returns[part.place] = keep
        if not part.listed:
            self.touch(part)

    def gather(self) -> Batch:
        """All that waits, to be written at once."""
        waiting, self._waiting = self._waiting, []
        dirty, self._dirty = self._dirty, []
        answers, self._answers = self._answers, set[Place]()
        returns, self._returns = self._returns, dict[Place, int]()
        uses: list[Use] = []
        for part in sorted(dirty, key=_order):
            part.listed = False
            use = part.use(returns.get(part.place))
            if use.used or use.change:
                uses.append(use)
        self._number += 1
        return Batch(
            holder=self.holder,
            number=self._number,
            rows=tuple(self._booked(each) for each in waiting),
            uses=tuple(uses),
            answers=tuple(sorted(answers, key=_place_order)),
        )

    def _booked(self, waiting: Waiting) -> Booked:
        attempt = waiting.attempt
        if attempt.origin.key and attempt.bill.ticks:
            payer, spent = (attempt.origin.tenant, attempt.origin.key), self.spent_by_key
            spent[payer] = spent.get(payer, 0) + attempt.bill.ticks
        return Booked(
            attempt=attempt,
            at=waiting.at,
            tokens=waiting.tokens,
            flagged=waiting.flagged,
            lines=self._reckon(attempt),
        )

    async def _heed(self, written: Written) -> None:
        for use, spent in written.alarms:
            self._alarm(use, spent)
        if written.buried:
            await self._begin_anew()

    async def _begin_anew(self) -> None:
        """This server was held to be dead: what it had borrowed is charged. It goes on under
        another name; calls on their way still settle under the old one."""
        self.holder, self._number = self._name(), 0
        await self.appear()
        for meter in self.meters:
            meter.renew(self.today())

    def _alarm(self, use: Use, spent: int) -> None:
        meter = self._meters.get((use.place.owner, use.place.budget))
        if meter is None:
            return
        part = meter.slices.get(use.place.begins_at)
        if part is not None:
            part.alarmed = True
        budget = meter.budget
        ends_at = meter.slice.ends_at if part is None else part.ends_at
        data: dict[str, object] = {
            "budget": budget.id,
            "scope": budget.scope,
            "subject": budget.subject,
            "unit": budget.unit,
            "period": budget.period,
            "cap": budget.cap,
            "used": spent,
            "percent": budget.alarm_percent,
            "resets_at": None if ends_at == inf else ends_at,
        }
        self.tell(Notice(kind="budget.alarm", owner=budget.owner, data=data, at=self.today()))


def _grant(part: Slice, amount: int, now: float) -> None:
    """What was lent is here. It was all used up since the last time, or nobody had asked: how
    soon that went says how much to have in store, which grows by no more than double."""
    since = max(AHEAD_SECONDS / 8, now - part.lent_at)
    pace = int(min(AHEAD_SECONDS / since, 1.0) * part.lent)
    part.step = min(max(pace, amount // 8), max(2 * part.step, amount))
    part.granted += amount
    part.lent, part.lent_at = amount, now


def _order(part: Slice) -> tuple[str, str, int, str]:
    return (*_place_order(part.place), part.holder)


def _place_order(place: Place) -> tuple[str, str, int]:
    return place.owner, place.budget, place.begins_at
