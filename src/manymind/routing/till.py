"""One try at one offer: reserved beforehand, metered on the way, settled in any case."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.attempts import OnAttempt
from manymind.canon.events import Chunk, Noted, Say, spoken
from manymind.canon.faults import CutShort, OverBudget
from manymind.canon.letters import Carrier, Letter
from manymind.canon.ports import Desk, Metering, Pricing, Provider, Worst
from manymind.canon.requests import Request
from manymind.catalog.offers import Offer
from manymind.catalog.sellers import OWN
from manymind.routing.abilities import without
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
        self,
        served: Served,
        number: int,
        risk: Risk,
        question: Question,
        mouth: Mouth,
        desk: Desk,
    ) -> None:
        """`desk` is the attempt's own. Where there is no cap there is nothing to reserve from.
        What leaves is masked before it is weighed; what stays in this program is not."""
        offer = served.offer
        exits = None if offer.provider == OWN else desk.exits
        if exits is not None:
            leaving = await exits.outgoing(question.request)
            if leaving is not question.request:
                question = Question(leaving)
                risk = self.risk(offer, question, desk)
        capped = desk.allotment.left() is not None
        if capped:
            risk.worst = await self._fitted(offer, question.request, risk.worst, desk)
        meter = self._metering(offer.key, risk, mouth)
        worst = risk.worst if capped else None
        hold = await desk.allotment.reserve(
            0 if worst is None else worst.ticks,
            tokens=0 if worst is None else worst.input_tokens + worst.output_tokens,
            final=desk.final,
        )
        sold = Sale(offer, question.model, number, worst, meter, hold, desk, self._on_attempt)
        async with sold as sale:
            sale.mouth = mouth
            say = meter if exits is None else exits.hearing(question.request, meter)
            await _ask(served, question, mouth, say, desk)
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
    await served.provider.run(replace(request, model=offer.native), say, desk)
