"""One try at one offer: reserved beforehand, metered on the way, settled in any case."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import anyio
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.events import Noted, spoken
from manymind.canon.faults import CutShort, Fault, OverBudget
from manymind.canon.ports import Bill, Desk, Metering, Pricing, Provider, Worst
from manymind.canon.requests import Request
from manymind.catalog.offers import Offer
from manymind.routing.abilities import without
from manymind.routing.attempts import Attempt, OnAttempt
from manymind.routing.mouth import Mouth
from manymind.routing.patience import unbilled

SETTLE_SECONDS_MAX = 5.0
"""How long a settlement may hold up a caller who has hung up."""


Tighten: TypeAlias = Callable[[str, Request, Worst], Awaitable[Worst]]
"""Finds a closer bound than this one for a request to an offer, which may take a moment."""


class Served(Struct, frozen=True):
    """An offer, and the provider that serves it here."""

    offer: Offer
    provider: Provider


class Till:
    def __init__(
        self,
        pricing: Pricing,
        metering: Metering,
        on_attempt: OnAttempt,
        tighten: Tighten | None = None,
    ) -> None:
        self._pricing = pricing
        self._metering = metering
        self._on_attempt = on_attempt
        self._tighten = tighten

    def worst(self, offer: Offer, request: Request, desk: Desk) -> Worst:
        """The most that an attempt can cost. Where there is a cap, someone must promise it."""
        worst = self._pricing.worst(offer.key, request)
        if not worst.bounded and desk.allotment.left() is not None:
            raise OverBudget(
                f"No one can promise a maximum cost for {offer.slug} here: {worst.reason}.",
                advice="Under a budget, set max_output_tokens and leave out what has no fixed "
                "price, choose another model, or have the operator set a ceiling for this one.",
            )
        return worst

    async def _fitted(self, offer: Offer, request: Request, worst: Worst, desk: Desk) -> Worst:
        """A call that fits is not refused because the quick bound does not."""
        left = desk.allotment.left()
        if self._tighten is None or left is None or worst.ticks <= left:
            return worst
        return await self._tighten(offer.key, request, worst)

    async def attempt(
        self, served: Served, worst: Worst, request: Request, mouth: Mouth, desk: Desk
    ) -> None:
        """`desk` is the attempt's own. What was used is settled also when the caller hangs up."""
        offer = served.offer
        request, lost = without(request, offer)
        worst = await self._fitted(offer, request, worst, desk)
        meter = self._metering(offer.key, request, worst, mouth)
        hold = await desk.allotment.reserve(worst.ticks, final=desk.final)
        begun = desk.clock.now()
        outcome, nothing_used = "failed", False
        try:
            if lost:
                await mouth(spoken(Noted(what="dropped", data={"parameters": list(lost)})))
            await served.provider.run(replace(request, model=offer.native), meter, desk)
            if not mouth.ended:
                raise CutShort("The provider's answer stopped before its end.")
            outcome = "completed"
        except Fault as fault:
            outcome, nothing_used = fault.code, unbilled(fault)
            fault.upstream = fault.upstream or offer.provider
            raise
        except anyio.get_cancelled_exc_class():
            outcome = "cancelled"
            raise
        finally:
            bill = meter.bill(unbilled=nothing_used)
            with anyio.move_on_after(SETTLE_SECONDS_MAX, shield=True):
                await hold.settle(bill.ticks)
            self._on_attempt(_row(offer, request, mouth, desk, begun, outcome, bill))


def _row(
    offer: Offer,
    request: Request,
    mouth: Mouth,
    desk: Desk,
    begun: float,
    outcome: str,
    bill: Bill,
) -> Attempt:
    return Attempt(
        key=desk.key,
        requested=request.model,
        offer=offer.key,
        provider=offer.provider,
        served=mouth.served,
        outcome=outcome,
        seconds=desk.clock.now() - begun,
        first_word_seconds=None if mouth.opened_at is None else mouth.opened_at - begun,
        bill=bill,
    )
