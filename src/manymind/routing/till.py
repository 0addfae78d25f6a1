"""One try at one offer: reserved beforehand, metered on the way, settled in any case."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

import anyio
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.events import Noted, spoken
from manymind.canon.faults import CutShort, Fault, OverBudget
from manymind.canon.letters import Carrier
from manymind.canon.ports import Bill, Desk, Meter, Metering, Pricing, Provider, Worst
from manymind.canon.requests import Request
from manymind.catalog.offers import Offer
from manymind.routing.abilities import without
from manymind.routing.attempts import Attempt, OnAttempt
from manymind.routing.mouth import Mouth
from manymind.routing.patience import unbilled
from manymind.routing.question import Question, Risk

SETTLE_SECONDS_MAX = 5.0
"""How long a settlement may hold up a caller who has hung up."""


Tighten: TypeAlias = Callable[[str, Request, Worst], Awaitable[Worst]]
"""Finds a closer bound than this one for a request to an offer, which may take a moment."""


class Served(Struct, frozen=True):
    """An offer, and the provider that serves it here; `carrier` is that provider, where it takes
    letters and the model refuses nothing that they may hold."""

    offer: Offer
    provider: Provider
    carrier: Carrier | None = None


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

    def risk(self, offer: Offer, question: Question, desk: Desk) -> Risk:
        """What an attempt may come to. Where there is a cap, someone must promise the most."""
        risk = Risk(question, partial(self._pricing.worst, offer.key))
        if desk.allotment.left() is not None and not risk.worst.bounded:
            raise OverBudget(
                f"No one can promise a maximum cost for {offer.slug} here: {risk.worst.reason}.",
                advice="Under a budget, set max_output_tokens and leave out what has no fixed "
                "price, choose another model, or have the operator set a ceiling for this one.",
            )
        return risk

    async def _fitted(self, offer: Offer, request: Request, worst: Worst, desk: Desk) -> Worst:
        """A call that fits is not refused because the quick bound does not."""
        left = desk.allotment.left()
        if self._tighten is None or left is None or worst.ticks <= left:
            return worst
        return await self._tighten(offer.key, request, worst)

    async def attempt(
        self, served: Served, risk: Risk, question: Question, mouth: Mouth, desk: Desk
    ) -> None:
        """`desk` is the attempt's own. What was used is settled also when the caller hangs up.
        Where there is no cap there is nothing to reserve from."""
        offer = served.offer
        capped = desk.allotment.left() is not None
        if capped:
            risk.worst = await self._fitted(offer, question.request, risk.worst, desk)
        meter = self._metering(offer.key, risk, mouth)
        hold = await desk.allotment.reserve(risk.worst.ticks if capped else 0, final=desk.final)
        begun = desk.clock.now()
        outcome, nothing_used = "failed", False
        try:
            await _ask(served, question, mouth, meter, desk)
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
            with anyio.CancelScope(shield=True) as scope:
                if outcome == "cancelled":
                    scope.deadline = anyio.current_time() + SETTLE_SECONDS_MAX
                await hold.settle(bill.ticks)
            self._on_attempt(_row(offer, question.model, mouth, desk, begun, outcome, bill))


async def _ask(served: Served, question: Question, mouth: Mouth, meter: Meter, desk: Desk) -> None:
    """Pass the letter on as it is, or say what it asks as the model can take it."""
    offer, letter = served.offer, question.letter
    carrier = served.carrier
    if letter is not None and carrier is not None and carrier.carries(letter, offer.native):
        await carrier.carry(letter, offer.native, meter, desk)
        return
    request, lost = without(question.request, offer)
    if lost:
        await mouth(spoken(Noted(what="dropped", data={"parameters": list(lost)})))
    await served.provider.run(replace(request, model=offer.native), meter, desk)


def _row(
    offer: Offer,
    requested: str,
    mouth: Mouth,
    desk: Desk,
    begun: float,
    outcome: str,
    bill: Bill,
) -> Attempt:
    return Attempt(
        key=desk.key,
        requested=requested,
        offer=offer.key,
        provider=offer.provider,
        served=mouth.served,
        outcome=outcome,
        seconds=desk.clock.now() - begun,
        first_word_seconds=None if mouth.opened_at is None else mouth.opened_at - begun,
        bill=bill,
    )
