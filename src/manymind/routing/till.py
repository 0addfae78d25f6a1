"""One try at one offer: reserved beforehand, metered on the way, settled in any case."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.attempts import OnAttempt
from manymind.canon.events import Chunk, Noted, spoken
from manymind.canon.faults import CutShort, OverBudget
from manymind.canon.letters import Carrier, Letter, Weighing
from manymind.canon.ports import Desk, Hold, Meter, Metering, Pricing, Provider, Worst
from manymind.canon.requests import Request
from manymind.catalog.offers import Offer
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
        self._weighing = pricing if isinstance(pricing, Weighing) else None
        self._metering = metering
        self._on_attempt = on_attempt
        self._tighten = tighten

    def risk(self, offer: Offer, question: Question, desk: Desk) -> Risk:
        """What an attempt may come to. Where there is a cap, someone must promise the most."""
        reckon = partial(self._pricing.worst, offer.key)
        if self._weighing is None:
            risk = Risk(question, reckon)
        else:
            risk = Risk(question, reckon, partial(self._weighing.bound, offer.key))
        if not _capped(desk):
            return risk
        if not risk.bound.bounded:
            raise OverBudget(
                f"No one can promise a maximum cost for {offer.slug} here: {risk.bound.reason}.",
                advice="Under a budget, set max_output_tokens and leave out what has no fixed "
                "price, choose another model, or have the operator set a ceiling for this one.",
            )
        left = desk.allotment.left()
        if left is not None and risk.bound.ticks > left:
            risk.open()  # A closer look may find that it fits.
        return risk

    async def _aside(
        self, offer: Offer, risk: Risk, question: Question, letter: Letter | None, desk: Desk
    ) -> Worst | None:
        """What is to be set aside; nothing where there is no cap. A call that fits is not refused
        because the quick bound does not."""
        if not _capped(desk):
            return None
        if letter is not None:
            return risk.bound
        left = desk.allotment.left()
        if self._tighten is not None and left is not None and risk.worst.ticks > left:
            risk.worst = await self._tighten(offer.key, question.request, risk.worst)
        return risk.worst

    async def attempt(
        self,
        served: Served,
        number: int,
        risk: Risk,
        question: Question,
        mouth: Mouth,
        desk: Desk,
        letter: Letter | None = None,
    ) -> None:
        """`desk` is the attempt's own. A `letter` is what goes out, where nobody has opened it."""
        offer = served.offer
        worst = await self._aside(offer, risk, question, letter, desk)
        meter = self._metering(offer.key, risk, mouth)
        hold = await _hold(worst, desk)
        sold = Sale(offer, question.model, number, worst, meter, hold, desk, self._on_attempt)
        async with sold as sale:
            sale.mouth = mouth
            if letter is not None and served.carrier is not None:
                await served.carrier.speak(letter, offer.native, meter, desk)
            else:
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
        """As `attempt`, for a letter whose answer is wanted whole."""
        worst = risk.bound if _capped(desk) else None
        meter = self._metering(offer.key, risk, _nobody)
        hold = await _hold(worst, desk)
        sold = Sale(offer, letter.model, number, worst, meter, hold, desk, self._on_attempt)
        async with sold as sale:
            answer = await carrier.carry(letter, offer.native, desk)
            sale.answered = answer.model or offer.native
            usage = meter.whole(answer)
        if usage is answer.usage and sale.answered == answer.model:
            return answer
        # The message on the wire holds no count that its provider did not make.
        wire = answer.wire if answer.usage is not None or usage is None else None
        return replace(answer, model=sale.answered, usage=usage, wire=wire)


def _capped(desk: Desk) -> bool:
    """Whether what is spent here must be set aside first."""
    return desk.allotment.left() is not None


def _hold(worst: Worst | None, desk: Desk) -> Awaitable[Hold]:
    if worst is None:
        return desk.allotment.reserve(0, final=desk.final)
    tokens = worst.input_tokens + worst.output_tokens
    return desk.allotment.reserve(worst.ticks, tokens=tokens, final=desk.final)


async def _nobody(chunk: Chunk) -> None:
    """Hears an answer that is not spoken."""


async def _ask(served: Served, question: Question, mouth: Mouth, meter: Meter, desk: Desk) -> None:
    offer = served.offer
    request, lost = without(question.request, offer)
    if lost:
        await mouth(spoken(Noted(what="dropped", data={"parameters": list(lost)})))
    await served.provider.run(replace(request, model=offer.native), meter, desk)
