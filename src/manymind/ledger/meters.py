"""Reads along while an offer speaks: fills in what it cost, and knows what to charge at any
moment, also when the provider breaks off or never says what was used.

What is charged, by what is known:

- the provider counted and came to its end: its counts at the catalogue's price, or what it says
  it charged if that is more;
- it ended without counting: the whole reservation, since thoughts that nobody saw may have
  filled it;
- it was cut off, by itself or by a hang-up: the prompt, as far as it counted or else at its upper
  bound, and what had arrived, a token for each byte; never more than a bounded reservation;
- it is known not to have begun: nothing;
- its own calls were each paid when they were made (a team): nothing more.
"""

from msgspec.structs import replace

from manymind.canon.events import LEADER, Chunk, Ended, Happened, Say, Spent, Wrote, words
from manymind.canon.ports import Bill, Meter, Metering, Stake
from manymind.canon.usage import Usage
from manymind.canon.values import Ticks
from manymind.catalog.sizes import most, text_bytes
from manymind.ledger.pricing import CataloguePricing

BYTES_PER_TOKEN = 4
"""A fair guess at most texts, for counts that are marked as estimated. Never used for money."""


class OfferMeter(Meter):
    def __init__(self, pricing: CataloguePricing, offer: str, stake: Stake, say: Say) -> None:
        self._pricing = pricing
        self._offer = offer
        self._stake = stake
        self._say = say
        self._inner = pricing.inner(offer)
        self._arrived = 0
        self._usage: Usage | None = None
        self._ended = False

    async def __call__(self, chunk: Chunk) -> None:
        wrote = words(chunk)
        if wrote is None:
            chunk = self._read(chunk)
        elif wrote.voice == LEADER:
            self._arrived += text_bytes(wrote.text)
        await self._say(chunk)

    def _read(self, chunk: Chunk) -> Chunk:
        counts = False
        for event in chunk.events:
            if event.voice != LEADER:
                continue
            if isinstance(event, Wrote):
                self._arrived += text_bytes(event.text)
            elif isinstance(event, Spent | Ended):
                counts = True
        return self._counted(chunk) if counts else chunk

    def whole(self, usage: Usage | None) -> Usage | None:
        self._ended = True
        if usage is not None:
            self._usage = self._priced(usage)
        return self._usage if self._usage is not None or self._inner else self._guess()

    def bill(self, *, unbilled: bool = False) -> Bill:
        usage = self._usage or self._guess()
        if self._inner:
            return Bill(ticks=0, basis="inner", usage=self._usage)
        if unbilled and not self._arrived:
            return Bill(ticks=0, basis="none")
        if not self._ended:
            return self._arrived_bill(usage)
        if self._usage is not None and self._usage.cost is not None:
            return Bill(ticks=self._usage.cost, basis="usage", usage=usage)
        unpriced = self._pricing.unpriced(self._offer)
        ticks = 0 if unpriced else self._stake.worst.ticks
        return Bill(ticks=ticks, basis="reservation", usage=usage)

    def _counted(self, chunk: Chunk) -> Chunk:
        """The chunk with what was spent filled in, or put in before the end if nobody said it."""
        events: list[Happened] = []
        wire = chunk.wire
        for event in chunk.events:
            match event:
                case Spent(voice="leader"):
                    self._usage = self._priced(event.usage)
                    events.append(replace(event, usage=self._usage))
                case Ended(voice="leader"):
                    self._ended = True
                    if self._usage is None and not self._inner:
                        events.append(Spent(usage=self._guess()))
                        wire = None
                    events.append(event)
                case _:
                    events.append(event)
        return Chunk(tuple(events), wire)

    def _priced(self, usage: Usage) -> Usage:
        if self._inner:
            return usage
        counted, claimed = self._pricing.cost(self._offer, usage), usage.reported_cost
        if counted is None or claimed is None:
            counted = claimed if counted is None else counted
        else:
            counted = max(counted, claimed)
        return usage if usage.cost == counted else replace(usage, cost=counted)

    def _arrived_bill(self, counted: Usage) -> Bill:
        used, worst = self._arrived_usage(), self._stake.worst
        tokens = max(0, used.input_tokens) + max(0, used.output_tokens)
        tokens = tokens if worst.uncounted else min(tokens, worst.tokens)
        ticks = self._arrived_cost(used)
        return Bill(ticks=ticks, basis="arrived", usage=counted, tokens=tokens)

    def _arrived_usage(self) -> Usage:
        """The prompt, as far as it counted or else at its upper bound, and what had arrived."""
        counted = self._usage or Usage()
        return replace(
            counted,
            input_tokens=counted.input_tokens or self._stake.worst.input_tokens,
            output_tokens=max(counted.output_tokens, self._arrived),
        )

    def _arrived_cost(self, used: Usage) -> Ticks:
        counted = self._usage or Usage()
        ticks = self._pricing.cost(self._offer, used)
        if ticks is None:
            return max(self._stake.worst.ticks, counted.reported_cost or 0)
        known = max(counted.cost or 0, counted.reported_cost or 0)
        return max(
            known, min(ticks, self._stake.worst.ticks) if self._stake.worst.bounded else ticks
        )

    def _guess(self) -> Usage:
        priced = self._pricing.cost(self._offer, Usage()) is not None
        return Usage(
            input_tokens=-(-most(self._stake.request).most // BYTES_PER_TOKEN),
            output_tokens=-(-self._arrived // BYTES_PER_TOKEN),
            cost=self._stake.worst.ticks if self._ended and priced else None,
            estimated=True,
        )


def metering(pricing: CataloguePricing) -> Metering:
    """How the router puts a meter round each attempt."""

    def meter(offer: str, stake: Stake, say: Say) -> OfferMeter:
        return OfferMeter(pricing, offer, stake, say)

    return meter
