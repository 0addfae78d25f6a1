"""A price as OpenRouter writes it: dollars a token, a request or a search, each as text."""

from collections.abc import Iterable
from datetime import datetime, time

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.values import Ticks
from manymind.catalog.money import dollars
from manymind.catalog.prices import MILLION, Price, Rates, price_at, prices_of_day


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What holds instead beyond so many tokens of the prompt, or between two hours (`1630`)."""

    min_prompt_tokens: int | None = None
    utc_start: int | None = None
    utc_end: int | None = None
    prompt: str | None = None
    completion: str | None = None
    input_cache_read: str | None = None
    input_cache_write: str | None = None
    input_cache_write_1h: str | None = None
    internal_reasoning: str | None = None


class Tariff(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Field by field what `pricing` is at OpenRouter; what is not there is as its greater part."""

    prompt: str
    completion: str
    request: str | None = None
    input_cache_read: str | None = None
    input_cache_write: str | None = None
    input_cache_write_1h: str | None = None
    internal_reasoning: str | None = None
    web_search: str | None = None
    overrides: tuple[Change, ...] | None = None


def tariff(prices: Iterable[Price], moment: datetime) -> Tariff | None:
    """What holds on the day of `moment`, its hours among the changes; None without a price."""
    prices = tuple(prices)
    today = prices_of_day(prices, moment)
    usual = next((price for price in today if price.hours is None), price_at(today, moment))
    if usual is None:
        return None
    rates = usual.rates
    changes = [
        _changed(tier.rates, rates, min_prompt_tokens=tier.above)
        for tier in sorted(usual.tiers, key=lambda tier: tier.above)
    ]
    for price in today:
        if price.hours is not None and price is not usual:
            start, end = price.hours
            changes.append(
                _changed(price.rates, rates, utc_start=_clock(start), utc_end=_clock(end))
            )
    return Tariff(
        prompt=_each(rates.input),
        completion=_each(rates.output),
        request=_each(usual.request) if usual.request else None,
        input_cache_read=_maybe(rates.cached),
        input_cache_write=_maybe(rates.written),
        input_cache_write_1h=_maybe(rates.written_long),
        internal_reasoning=_maybe(rates.reasoning),
        web_search=_maybe(usual.tools.get("web_search")),
        overrides=tuple(changes) or None,
    )


def _changed(
    rates: Rates,
    usual: Rates,
    *,
    min_prompt_tokens: int | None = None,
    utc_start: int | None = None,
    utc_end: int | None = None,
) -> Change:
    """Only what is not as usual. A cached rate that ends must be said: it is as input then."""
    change = Change(min_prompt_tokens=min_prompt_tokens, utc_start=utc_start, utc_end=utc_end)
    return replace(
        change,
        prompt=_differs(rates.input, usual.input),
        completion=_differs(rates.output, usual.output),
        input_cache_read=_differs(rates.cached, usual.cached, rates.input),
        input_cache_write=_differs(rates.written, usual.written, rates.input),
        input_cache_write_1h=_differs(rates.written_long, usual.written_long, rates.input),
        internal_reasoning=_differs(rates.reasoning, usual.reasoning, rates.output),
    )


def _differs(rate: Ticks | None, usual: Ticks | None, otherwise: Ticks = 0) -> str | None:
    return None if rate == usual else _each(otherwise if rate is None else rate)


def _each(for_a_million: Ticks) -> str:
    return dollars(for_a_million, MILLION)


def _maybe(for_a_million: Ticks | None) -> str | None:
    return None if for_a_million is None else _each(for_a_million)


def _clock(moment: time) -> int:
    return moment.hour * 100 + moment.minute
