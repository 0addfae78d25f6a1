"""One attempt from its reservation to its settlement, whatever becomes of it."""

from types import TracebackType

import anyio

from manymind.canon.attempts import Attempt, Bill, OnAttempt
from manymind.canon.faults import Fault
from manymind.canon.ports import Desk, Hold, Meter, Worst
from manymind.catalog.offers import Offer
from manymind.routing.mouth import Mouth
from manymind.routing.patience import unbilled

SETTLE_SECONDS_MAX = 5.0
"""How long a settlement may hold up a caller who has hung up."""


class Sale:
    """What was used is settled at the end of the block, also when the caller hangs up. Of what
    was said it knows by the `mouth` that said it, or, of a letter, who `answered`."""

    def __init__(
        self,
        offer: Offer,
        requested: str,
        number: int,
        worst: Worst | None,
        meter: Meter,
        hold: Hold,
        desk: Desk,
        on_attempt: OnAttempt,
    ) -> None:
        self.mouth: Mouth | None = None
        self.answered: str | None = None
        self._offer = offer
        self._requested = requested
        self._number = number
        self._worst = worst
        self._meter = meter
        self._hold = hold
        self._desk = desk
        self._on_attempt = on_attempt
        self._begun = desk.clock.now()
        self._at = desk.clock.today()

    async def __aenter__(self) -> "Sale":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            await self._settle("completed", self._meter.bill())
            return
        outcome, nothing_used = "failed", False
        if isinstance(error, Fault):
            outcome, nothing_used = error.code, unbilled(error)
            error.upstream = error.upstream or self._offer.provider
        elif isinstance(error, anyio.get_cancelled_exc_class()):
            outcome = "cancelled"
        with anyio.move_on_after(SETTLE_SECONDS_MAX, shield=True):
            await self._settle(outcome, self._meter.bill(unbilled=nothing_used))

    async def _settle(self, outcome: str, bill: Bill) -> None:
        attempt = self._told(outcome, bill)
        await self._hold.settle(bill.ticks, attempt)
        self._on_attempt(attempt)

    def _told(self, outcome: str, bill: Bill) -> Attempt:
        ended, mouth = self._desk.clock.now(), self.mouth
        opened_at = ended if self.answered is not None else mouth.opened_at if mouth else None
        worst = self._worst
        return Attempt(
            key=self._desk.key,
            origin=self._desk.origin,
            number=self._number,
            requested=self._requested,
            offer=self._offer.key,
            provider=self._offer.provider,
            slug=self._offer.slug,
            served=mouth.served if mouth is not None else self.answered,
            outcome=outcome,
            at=self._at,
            seconds=ended - self._begun,
            first_word_seconds=None if opened_at is None else opened_at - self._begun,
            reserved=0 if worst is None else worst.ticks,
            reserved_tokens=0 if worst is None else worst.tokens,
            bill=bill,
        )
