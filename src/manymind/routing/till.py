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
from manymind.canon.letters import Carrier, Letter, Weighing
from manymind.canon.ports import Desk, Hold, Metering, Pricing, Provider, Worst
from manymind.canon.requests import Request
from manymind.catalog.offers import Offer
from manymind.routing.abilities import without
from manymind.routing.leaving import hearing
from manymind.routing.mouth import Mouth
from manymind.routing.question import Glance, Question, Risk, unseen
from manymind.routing.sale import Sale

Tighten: TypeAlias = Callable[[str, Request, Worst], Awaitable[Worst]]
"""Finds a closer bound than this one for a request to an offer, which may take a moment."""


class Served(Struct, frozen=True):
    """An offer, and the provider that serves it here; `carrier` is that provider, where it takes
    letters and the model refuses nothing that they may hold."""

    offer: Offer
    provider: Provider
    carrier: Carrier | None = None


class Held(Struct, frozen=True):
    """What is set aside for an attempt: the worst case, or None where nobody need work it out."""

    hold: Hold
    worst: Worst | None


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

    def risk(self, served: Served, question: Question, desk: Desk) -> Risk:
        """What an attempt may come to. Where there is a cap, someone must promise the most."""
        offer, allotment = served.offer, desk.allotment
        reckon = partial(self._pricing.worst, offer.key)
        if not allotment.bounded:
            return Risk(question, reckon)
        risk = Risk(question, reckon, self._glance(served, question))
        worst = risk.bound
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

    async def hold(self, served: Served, risk: Risk, question: Question, desk: Desk) -> Held:
        """What is set aside for an attempt. A call that fits is not refused because the quick
        bound does not: a letter is opened for a closer one, and its words are counted."""
        offer = served.offer
        if not desk.allotment.bounded:
            return Held(await desk.allotment.reserve(0, final=desk.final), None)
        left, worst = desk.allotment.left(), risk.bound
        while True:
            if left is None or worst.ticks <= left:
                try:
                    return Held(await _aside(offer, worst, desk), worst)
                except (OverBudget, RateSpent):
                    closer = await self._closer(offer, risk, question)
                    if closer is None:
                        raise
            else:
                closer = await self._closer(offer, risk, question)
                if closer is None:
                    return Held(await _aside(offer, worst, desk), worst)
            worst = closer

    def _glance(self, served: Served, question: Question) -> Glance:
        """How a letter that can go on unopened is bounded; any other is opened for it."""
        carried = unopened(served, question) is not None
        if self._weighing is None or not carried:
            return unseen
        return partial(self._weighing.bound, served.offer.key)

    async def _closer(self, offer: Offer, risk: Risk, question: Question) -> Worst | None:
        """A closer bound than the last one, or None where there is none."""
        if question.letter is not None:
            return risk.open()
        worst = risk.worst
        if self._tighten is None or risk.closest:
            return None
        risk.closest = True
        risk.worst = await self._tighten(offer.key, question.request, worst)
        return None if risk.worst is worst else risk.worst

    async def attempt(
        self,
        served: Served,
        number: int,
        risk: Risk,
        held: Held,
        question: Question,
        mouth: Mouth,
        desk: Desk,
    ) -> None:
        """`desk` is the attempt's own. What is held for it is settled in any case."""
        offer, letter = served.offer, unopened(served, question)
        meter = self._metering(offer.key, risk, mouth)
        sold = Sale(
            offer, question.model, number, held.worst, meter, held.hold, desk, self._on_attempt
        )
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
        held: Held,
        letter: Letter,
        desk: Desk,
    ) -> Answer:
        """As `attempt`, for a letter whose answer is wanted whole."""
        meter = self._metering(offer.key, risk, _nobody)
        sold = Sale(
            offer, letter.model, number, held.worst, meter, held.hold, desk, self._on_attempt
        )
        async with sold as sale:
            answer = await carrier.carry(letter, offer.native, desk)
            if not answer.model:
                answer = replace(answer, model=offer.native)
            sale.answered = answer
            usage = meter.whole(answer)
        if usage is answer.usage:
            return answer
        # The message on the wire holds no count that its provider did not make.
        wire = answer.wire if answer.usage is not None or usage is None else None
        return replace(answer, usage=usage, wire=wire)


def unopened(served: Served, question: Question) -> Letter | None:
    """What is asked as it came, while nobody has opened it, if this provider takes it so."""
    letter, carrier = question.letter, served.carrier
    if letter is None or carrier is None or not carrier.carries(letter, served.offer.native):
        return None
    return letter


async def _aside(offer: Offer, worst: Worst, desk: Desk) -> Hold:
    """What an offer's own calls use is set aside for each of them."""
    tokens = 0 if offer.inner else worst.tokens
    return await desk.allotment.reserve(worst.ticks, tokens=tokens, final=desk.final)


async def _nobody(chunk: Chunk) -> None:
    """Hears an answer that is not spoken."""


async def _ask(served: Served, question: Question, mouth: Mouth, say: Say, desk: Desk) -> None:
    offer = served.offer
    request, lost = without(question.request, offer)
    if lost:
        await mouth(spoken(Noted(what="dropped", data={"parameters": list(lost)})))
    heard = hearing(offer, request, say, desk)
    await served.provider.run(replace(request, model=offer.native), heard, desk)
