"""How a cost comes about, line by line, for those who check a bill."""

from msgspec import Struct

from manymind.canon.usage import Usage
from manymind.canon.values import Ticks
from manymind.catalog.prices import MILLION, Price, rates_for


class Line(Struct, frozen=True):
    """So many of a thing, at so many ticks for a million of it."""

    what: str
    quantity: int
    rate: Ticks

    @property
    def millionths(self) -> int:
        return self.quantity * self.rate


def total(lines: tuple[Line, ...]) -> Ticks:
    """What lines add up to: rounded up once, at the end."""
    return -(-sum(line.millionths for line in lines) // MILLION)


def lines(price: Price, usage: Usage) -> tuple[Line, ...] | None:
    """The lines that add up to `prices.cost` of the same usage; None where that is not known."""
    if any(count > 0 and name not in price.tools for name, count in usage.tools.items()):
        return None
    tokens_in, tokens_out = max(0, usage.input_tokens), max(0, usage.output_tokens)
    rates = rates_for(price, tokens_in, tokens_out) if price.tiers else price.rates
    cached, written = max(0, usage.cached_tokens), max(0, usage.cache_written_tokens)
    kept = min(written, max(0, usage.cache_written_long_tokens))
    reasoning = max(0, usage.reasoning_tokens)
    of_written = _either(rates.written, rates.input)
    every = (
        Line("input", max(0, tokens_in - cached - written), rates.input),
        Line("cached", cached, _either(rates.cached, rates.input)),
        Line("cache_written", written - kept, of_written),
        Line("cache_written_long", kept, _either(rates.written_long, of_written)),
        Line("output", max(0, tokens_out - reasoning), rates.output),
        Line("reasoning", reasoning, _either(rates.reasoning, rates.output)),
        Line("request", 1 if price.request else 0, price.request),
        *(Line(name, max(0, count), price.tools.get(name, 0)) for name, count in _sorted(usage)),
    )
    return tuple(line for line in every if line.quantity)


def _sorted(usage: Usage) -> list[tuple[str, int]]:
    return sorted(usage.tools.items()) if usage.tools else []


def _either(rate: Ticks | None, otherwise: Ticks) -> Ticks:
    return otherwise if rate is None else rate
