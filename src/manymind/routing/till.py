"""One try at one offer: reserved beforehand, metered on the way, settled in any case."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.attempts import OnAttempt
from manymind.canon.events import Chunk, Noted, Say, spoken
from manymind.canon.faults import CutShort, OverBudget, RateSpent
from manymind.canon.letters import Carrier, Letter
from manymind.canon.ports import Desk, Hold, Metering, Pricing, Provider, Worst
from manymind.canon.requests import Request
from manymind.catalog.offers import Offer
from manymind.routing.abilities import without
from manymind.routing.leaving import hearing
from manymind.routing.mouth import Mouth
from manymind.routing.question import Question, Risk
from manymind.routing.sale import Sale

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
        allotment = desk.allotment
        if not allotment.bounded:
            return risk
        worst = risk.worst
        if allotment.left() is not None and not worst.bounded:
            raise OverBudget(
                f"No one can promise a maximum cost for {offer.slug} here: {worst.reason}.",
                advice="Under a budget, set max_output_tokens and leave out what has no fixed "
                "price, choose another model, or have the operator set a ceiling for this one.",
            )
        if allotment.counts_tokens and worst.uncounted:
            raise OverBudget(
                f"No one can promise how many tokens {offer.slug} takes here: {worst.uncounted}.",
                advice="Under a budget in tokens, set max_output_tokens and leave out tools that "
                "the provider runs, or choose another model.",
            )
        return risk

    async def _reserved(self, offer: Offer, risk: Risk, request: Request, desk: Desk) -> Hold:
        """The worst case, set aside. A call that fits is not refused because the quick bound
        does not. What an offer's own calls use is set aside for each of them."""
        left = desk.allotment.left()
        if left is None or risk.worst.ticks <= left:
            try:
                return await self._aside(offer, risk.worst, desk)
            except (OverBudget, RateSpent):
                closer = await self._closer(offer, request, risk.worst)
                if closer is risk.worst:
                    raise
        else:
            closer = await self._closer(offer, request, risk.worst)
        risk.worst = closer
        return await self._aside(offer, closer, desk)

    async def _aside(self, offer: Offer, worst: Worst, desk: Desk) -> Hold:
        tokens = 0 if offer.inner else worst.tokens
        return await desk.allotment.reserve(worst.ticks, tokens=tokens, final=desk.final)

    async def _closer(self, offer: Offer, request: Request, worst: Worst) -> Worst:
        return worst if self._tighten is None else await self._tighten(offer.key, request, worst)

    async def attempt(
        self,
        served: Served,
        number: int,
        risk: Risk,
        question: Question,
        mouth: Mouth,
        desk: Desk,
    ) -> None:
        """`desk` is the attempt's own. Where there is no cap there is nothing to reserve from."""
        offer = served.offer
        worst = None
        if desk.allotment.bounded:
            hold = await self._reserved(offer, risk, question.request, desk)
            worst = risk.worst
        else:
            hold = await desk.allotment.reserve(0, final=desk.final)
        meter = self._metering(offer.key, risk, mouth)
        sold = Sale(offer, question.model, number, worst, meter, hold, desk, self._on_attempt)
        async with sold as sale:
            sale.mouth = mouth
            await _ask(served, question, mouth, meter, desk)
            if not mouth.ended:
                raise CutShort("The provider's answer stopped before its end.")

    async def carry(
        self,
        offer: Offer,
        carrier: Carrier,
        number: int,
        risk: Risk,
        letter: Letter,
        desk: Desk,
    ) -> Answer:
        """As `attempt`, for a letter, where there is no cap, and no one has to look inside."""
        meter = self._metering(offer.key, risk, _nobody)
        hold = await desk.allotment.reserve(0)
        sold = Sale(offer, letter.model, number, None, meter, hold, desk, self._on_attempt)
        async with sold as sale:
            answer = await carrier.carry(letter, offer.native, desk)
            sale.answered = answer.model or offer.native
            usage = meter.whole(answer.usage)
        if usage is answer.usage and sale.answered == answer.model:
            return answer
        return replace(answer, model=sale.answered, usage=usage)


async def _nobody(chunk: Chunk) -> None:
    """Hears an answer that is not spoken."""


async def _ask(served: Served, question: Question, mouth: Mouth, say: Say, desk: Desk) -> None:
    offer = served.offer
    request, lost = without(question.request, offer)
    if lost:
        await mouth(spoken(Noted(what="dropped", data={"parameters": list(lost)})))
    heard = hearing(offer, request, say, desk)
    await served.provider.run(replace(request, model=offer.native), heard, desk)
