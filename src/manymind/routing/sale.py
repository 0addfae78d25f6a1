"""One attempt from its reservation to its settlement, whatever becomes of it."""

from types import TracebackType

import anyio

from manymind.canon.answers import Answer
from manymind.canon.attempts import Attempt, Bill, OnAttempt
from manymind.canon.events import Stopped
from manymind.canon.faults import Fault
from manymind.canon.ports import Desk, Hold, Meter, Worst
from manymind.catalog.offers import Offer
from manymind.routing.mouth import Mouth
from manymind.routing.patience import unbilled

SETTLE_SECONDS_MAX = 5.0
"""How long a settlement may hold up a caller who has hung up."""

NAME_MAX = 200
"""A longer id of an answer is none that anybody could ask for."""


class Sale:
    """What was used is settled at the end of the block, also when the caller hangs up. Of what
    was said it knows by the `mouth` that said it, or, of a letter, by what was `answered`."""

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
        self.answered: Answer | None = None
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
        ended, worst = self._desk.clock.now(), self._worst
        served, reply, stopped, dropped, opened_at = self._heard(ended)
        return Attempt(
            key=self._desk.key,
            origin=self._desk.origin,
            number=self._number,
            requested=self._requested,
            offer=self._offer.key,
            provider=self._offer.provider,
            slug=self._offer.slug,
            served=served,
            outcome=outcome,
            at=self._at,
            seconds=ended - self._begun,
            first_word_seconds=None if opened_at is None else opened_at - self._begun,
            finish=None if stopped is None else stopped.reason,
            native_finish=None if stopped is None else stopped.native or stopped.reason,
            dropped=dropped,
            reply=reply if len(reply) <= NAME_MAX else "",
            reserved=0 if worst is None else worst.ticks,
            reserved_tokens=0 if worst is None else worst.tokens,
            bill=bill,
        )

    def _heard(
        self, ended: float
    ) -> tuple[str | None, str, Stopped | None, tuple[str, ...], float | None]:
        """Who answered, under which id, why it stopped, what it was not told, and when its first
        word came. All of a letter's answer comes at once."""
        mouth, answer = self.mouth, self.answered
        if mouth is not None:
            return mouth.served, mouth.reply, mouth.stopped, tuple(mouth.dropped), mouth.opened_at
        if answer is None:
            return None, "", None, (), None
        stopped = answer.stops[0] if answer.stops else None
        return answer.model, answer.id, stopped, (), ended
