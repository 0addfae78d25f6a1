"""How a cost comes about, line by line, for those who check a bill."""

from msgspec import Struct

from manymind.canon.usage import Usage
from manymind.canon.values import Ticks
from manymind.catalog.prices import MILLION, Price, Rates, rates_for


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
    if usage.tools and any(
        count > 0 and name not in price.tools for name, count in usage.tools.items()
    ):
        return None
    tokens_in, tokens_out = max(0, usage.input_tokens), max(0, usage.output_tokens)
    rates = rates_for(price, tokens_in, tokens_out) if price.tiers else price.rates
    if not (usage.cached_tokens or usage.cache_written_tokens or usage.reasoning_tokens):
        plain = _plain(price, rates, tokens_in, tokens_out)
        return (*plain, *_of_tools(price, usage)) if usage.tools else plain
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
    )
    return (*(line for line in every if line.quantity), *_of_tools(price, usage))


def _plain(price: Price, rates: Rates, tokens_in: int, tokens_out: int) -> tuple[Line, ...]:
    """Of the many calls that neither use a cache nor think: a line for each way, and for the call
    itself where that has a price."""
    found = (Line("input", tokens_in, rates.input),) if tokens_in else ()
    if tokens_out:
        found = (*found, Line("output", tokens_out, rates.output))
    return (*found, Line("request", 1, price.request)) if price.request else found


def _of_tools(price: Price, usage: Usage) -> list[Line]:
    called = sorted(usage.tools.items())
    return [Line(name, count, price.tools.get(name, 0)) for name, count in called if count > 0]


def _either(rate: Ticks | None, otherwise: Ticks) -> Ticks:
    return otherwise if rate is None else rate
