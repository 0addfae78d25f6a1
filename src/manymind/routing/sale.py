"""One attempt from its reservation to its settlement, whatever becomes of it."""

from types import TracebackType

import anyio

from manymind.canon.faults import Fault
from manymind.canon.ports import Bill, Desk, Hold, Meter
from manymind.catalog.offers import Offer
from manymind.routing.attempts import Attempt, OnAttempt
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
        meter: Meter,
        hold: Hold,
        desk: Desk,
        on_attempt: OnAttempt,
    ) -> None:
        self.mouth: Mouth | None = None
        self.answered: str | None = None
        self._offer = offer
        self._requested = requested
        self._meter = meter
        self._hold = hold
        self._desk = desk
        self._on_attempt = on_attempt
        self._begun = desk.clock.now()

    async def __aenter__(self) -> "Sale":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            bill = self._meter.bill()
            await self._hold.settle(bill.ticks)
            self._note("completed", bill)
            return
        outcome, nothing_used = "failed", False
        if isinstance(error, Fault):
            outcome, nothing_used = error.code, unbilled(error)
            error.upstream = error.upstream or self._offer.provider
        elif isinstance(error, anyio.get_cancelled_exc_class()):
            outcome = "cancelled"
        with anyio.move_on_after(SETTLE_SECONDS_MAX, shield=True):
            bill = self._meter.bill(unbilled=nothing_used)
            await self._hold.settle(bill.ticks)
            self._note(outcome, bill)

    def _note(self, outcome: str, bill: Bill) -> None:
        ended, mouth = self._desk.clock.now(), self.mouth
        opened_at = ended if self.answered is not None else mouth.opened_at if mouth else None
        self._on_attempt(
            Attempt(
                key=self._desk.key,
                requested=self._requested,
                offer=self._offer.key,
                provider=self._offer.provider,
                served=mouth.served if mouth is not None else self.answered,
                outcome=outcome,
                seconds=ended - self._begun,
                first_word_seconds=None if opened_at is None else opened_at - self._begun,
                bill=bill,
            )
        )
