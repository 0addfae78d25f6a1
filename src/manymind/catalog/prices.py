"""What things cost, exactly: whole ticks for a million of each thing.

A dollar a million tokens is 10,000 ticks a token; the finest published prices are fractions of a
tick. So rates are held for a *million* (of tokens, of requests, of tool calls), which makes every
published price a whole number. A cost is summed over that denominator and rounded up once, at the
end: it is never below what the price list says, and never a whole tick above it.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time

from msgspec import Struct

from manymind.canon.usage import Usage
from manymind.canon.values import Ticks

MILLION = 1_000_000


class Rates(Struct, frozen=True, kw_only=True):
    """Ticks for a million tokens of each kind. None means: as for `input` or `output`.

    `written` is for tokens put in a prompt cache, `written_long` for those kept for an hour.
    `media_input` and `media_output` are the dearest rates of what is not text (audio, images);
    usage does not tell those apart, so they bound a cost and do not make one.
    """

    input: Ticks = 0
    cached: Ticks | None = None
    written: Ticks | None = None
    written_long: Ticks | None = None
    output: Ticks = 0
    reasoning: Ticks | None = None
    media_input: Ticks | None = None
    media_output: Ticks | None = None


class Tier(Struct, frozen=True, kw_only=True):
    """Rates for *all* tokens of a request once the count is more than `above`.

    `above` is exclusive: `above=128000` begins with the 128,001st token. `counts` says what is
    counted: `input`, or `total` (input and output).
    """

    above: int
    rates: Rates
    counts: str = "input"


class Price(Struct, frozen=True, kw_only=True):
    """A price list that holds from `since` on, and where `hours` are given, between those
    times of the day (UTC). `request` and `tools` are ticks for a million requests or calls.
    """

    rates: Rates = Rates()
    tiers: tuple[Tier, ...] = ()
    request: Ticks = 0
    tools: dict[str, Ticks] = {}
    since: date | None = None
    hours: tuple[time, time] | None = None


def price_at(prices: Iterable[Price], moment: datetime) -> Price | None:
    """The price that holds at `moment`: the last in the list that has begun, else the first."""
    chosen = first = None
    for price in prices:
        first = first or price
        if _begun(price, moment) and _open(price, moment):
            chosen = price
    return chosen or first


def prices_of_day(prices: Iterable[Price], moment: datetime) -> tuple[Price, ...]:
    """Every price that a call begun at `moment` may meet before it ends: those whose hours
    come and go, and the one that holds without regard to hours."""
    begun = [price for price in prices if _begun(price, moment)]
    standing = [price for price in begun if price.hours is None][-1:]
    passing = [price for price in begun if price.hours is not None]
    return (*standing, *passing) or tuple(prices)[:1]


def cost(price: Price, usage: Usage) -> Ticks | None:
    """What `usage` costs, or None where it counts a tool whose fee is not known.

    Counts come from upstreams: a negative one counts as none, and a part that is larger than
    its whole is charged as it stands.
    """
    tokens_in = max(0, usage.input_tokens)
    tokens_out = max(0, usage.output_tokens)
    rates = rates_for(price, tokens_in, tokens_out) if price.tiers else price.rates
    fees = _fees(price.tools, usage.tools) if usage.tools else 0
    if fees is None:
        return None
    fees += price.request
    if not (usage.cached_tokens or usage.cache_written_tokens or usage.reasoning_tokens):
        return _rounded_up(tokens_in * rates.input + tokens_out * rates.output + fees)
    cached = max(0, usage.cached_tokens)
    written = max(0, usage.cache_written_tokens)
    kept = min(written, max(0, usage.cache_written_long_tokens))
    reasoning = max(0, usage.reasoning_tokens)
    millionths = (
        max(0, tokens_in - cached - written) * rates.input
        + cached * _either(rates.cached, rates.input)
        + (written - kept) * _either(rates.written, rates.input)
        + kept * _either(rates.written_long, _either(rates.written, rates.input))
        + max(0, tokens_out - reasoning) * rates.output
        + reasoning * _either(rates.reasoning, rates.output)
        + fees
    )
    return _rounded_up(millionths)


def ceiling(price: Price, input_tokens: int, output_tokens: int, *, long_cache: bool) -> Ticks:
    """The most that a request of at most so many tokens can cost, whatever tier it lands in."""
    dearest = _dearest(price.rates, input_tokens, output_tokens, long_cache)
    for tier in price.tiers:
        counted = input_tokens + (output_tokens if tier.counts == "total" else 0)
        if counted > tier.above:
            dear = _dearest(tier.rates, input_tokens, output_tokens, long_cache)
            dearest = max(dearest, dear)
    return _rounded_up(dearest + price.request)


def _begun(price: Price, moment: datetime) -> bool:
    return price.since is None or price.since <= moment.astimezone(UTC).date()


def _open(price: Price, moment: datetime) -> bool:
    if price.hours is None:
        return True
    start, end = price.hours
    now = moment.astimezone(UTC).time()
    return start <= now < end if start <= end else now >= start or now < end


def rates_for(price: Price, tokens_in: int, tokens_out: int) -> Rates:
    """The rates of the tier that a request of so many tokens lands in."""
    chosen = price.rates
    for tier in sorted(price.tiers, key=lambda tier: tier.above):
        counted = tokens_in + (tokens_out if tier.counts == "total" else 0)
        if counted > tier.above:
            chosen = tier.rates
    return chosen


def _fees(fees: Mapping[str, Ticks], calls: Mapping[str, int]) -> Ticks | None:
    used = {name: count for name, count in calls.items() if count > 0}
    if used.keys() - fees.keys():
        return None
    return sum(count * fees[name] for name, count in used.items())


def _dearest(rates: Rates, tokens_in: int, tokens_out: int, long_cache: bool) -> int:
    """In millionths of ticks. Reckoned before each call that has a budget, so without a list."""
    most_in, most_out = max(rates.input, 0), max(rates.output, 0)
    written_long = rates.written_long if long_cache else None
    for rate in (rates.cached, rates.written, rates.media_input, written_long):
        if rate is not None and rate > most_in:
            most_in = rate
    for rate in (rates.reasoning, rates.media_output):
        if rate is not None and rate > most_out:
            most_out = rate
    return tokens_in * most_in + tokens_out * most_out


def _either(rate: Ticks | None, otherwise: Ticks) -> Ticks:
    return otherwise if rate is None else rate


def _rounded_up(millionths: int) -> Ticks:
    return -(-millionths // MILLION)
