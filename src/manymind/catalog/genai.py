"""Prices and windows out of genai-prices, turned into offers.

Importing this reads the whole package; see `feed`.
"""

from datetime import date
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache

from genai_prices.data import providers
from genai_prices.types import (
    ClauseEquals,
    ClauseOr,
    ModelInfo,
    ModelPrice,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)
from msgspec.structs import replace

from manymind.canon.values import TICKS_PER_DOLLAR, Ticks
from manymind.catalog.feed import Feed
from manymind.catalog.offers import Offer, Source
from manymind.catalog.prices import MILLION, Price, Rates, Tier
from manymind.catalog.sellers import seller

THOUSAND = 1000

SOURCE = Source("genai-prices 0.2.3", date(2026, 11, 10))
"""The package does not date its prices one by one: all stood so when the version that we install
was made. A test compares the version."""

NAMES_MAX = 4096
"""So many unlisted names are remembered. Every request asks for its model's terms several times,
and each model of a provider may have a dozen patterns to try a name against."""

_MEDIA_INPUT = ("input_audio_mtok", "input_image_mtok", "input_video_mtok")
_MEDIA_OUTPUT = ("output_audio_mtok", "output_image_mtok", "output_video_mtok")
_TOOLS = {"web_search": "web_searches_kcount", "file_search": "storage_searches_kcount"}


class _Genai:
    """The feed, by its own names of the sellers."""

    def __init__(self) -> None:
        self._models = {each.id: tuple(each.models) for each in providers}
        self.match = lru_cache(NAMES_MAX)(self._match)

    def offers(self, provider: str) -> tuple[Offer, ...]:
        return tuple(_offer(provider, model) for model in self._of(provider))

    def _match(self, provider: str, native: str) -> Offer | None:
        if seller(provider).resells and ":" in native:
            return None  # A variant has terms of its own: `:online` adds a fee, `:free` has none.
        for model in self._of(provider):
            if model.is_match(native):
                return _offer(provider, model)
        return None

    def _of(self, provider: str) -> tuple[ModelInfo, ...]:
        return self._models.get(seller(provider).feed, ())


FEED: Feed = _Genai()


def _offer(provider: str, model: ModelInfo) -> Offer:
    sold_by = seller(provider)
    native = model.id
    return Offer(
        provider=provider,
        native=native,
        slug=native if sold_by.resells else f"{sold_by.authors[0]}/{native}",
        name=model.name or native,
        aliases=tuple(name for name in _spellings(model) if name != native),
        context=model.context_window,
        prices=_prices(model, free=sold_by.resells and native.endswith(":free")),
        deprecated=bool(model.deprecated),
        priced_by=SOURCE,
    )


def _spellings(model: ModelInfo) -> tuple[str, ...]:
    """The whole names among the ways in which the feed recognises a model."""
    clauses = model.match.or_ if isinstance(model.match, ClauseOr) else [model.match]
    return tuple(clause.equals for clause in clauses if isinstance(clause, ClauseEquals))


def _prices(model: ModelInfo, *, free: bool) -> tuple[Price, ...]:
    if free:
        return (Price(),)
    if isinstance(model.prices, ModelPrice):
        price = _price(model.prices)
        return (price,) if price is not None else ()
    prices: list[Price] = []
    for entry in model.prices:
        price = _price(entry.prices)
        if price is None:
            continue
        match entry.constraint:
            case StartDateConstraint(start_date=begins):
                price = replace(price, since=begins)
            case TimeOfDateConstraint(start_time=start, end_time=end):
                price = replace(price, hours=(start.replace(tzinfo=None), end.replace(tzinfo=None)))
            case None:
                pass
        prices.append(price)
    return tuple(prices)


def _price(stated: ModelPrice) -> Price | None:
    """A price for tokens, or None where the feed has none (by the hour, by the page)."""
    if stated.input_mtok is None and stated.output_mtok is None and stated.requests_kcount is None:
        return None
    starts = sorted({start for value in vars(stated).values() for start in _starts(value)})
    return Price(
        rates=_rates(stated, 0),
        tiers=tuple(Tier(above=start, rates=_rates(stated, start + 1)) for start in starts),
        request=_for_a_million(stated.requests_kcount, 0, THOUSAND) or 0,
        tools={
            tool: fee
            for tool, field in _TOOLS.items()
            if (fee := _for_a_million(getattr(stated, field), 0, THOUSAND)) is not None
        },
    )


def _rates(stated: ModelPrice, tokens: int) -> Rates:
    """The rates for a prompt of so many tokens."""

    def rate(field: str) -> Ticks | None:
        return _for_a_million(getattr(stated, field), tokens, MILLION)

    def dearest(fields: tuple[str, ...]) -> Ticks | None:
        return max((found for field in fields if (found := rate(field)) is not None), default=None)

    return Rates(
        input=rate("input_mtok") or 0,
        cached=rate("cache_read_mtok"),
        written=rate("cache_write_mtok"),
        written_long=rate("cache_write_1h_mtok"),
        output=rate("output_mtok") or 0,
        reasoning=rate("output_reasoning_mtok"),
        media_input=dearest(_MEDIA_INPUT),
        media_output=dearest(_MEDIA_OUTPUT),
    )


def _starts(value: object) -> tuple[int, ...]:
    return tuple(tier.start for tier in value.tiers) if isinstance(value, TieredPrices) else ()


def _for_a_million(value: object, tokens: int, per: int) -> Ticks | None:
    if isinstance(value, TieredPrices):
        reached = [tier.price for tier in value.tiers if tokens > tier.start]
        value = reached[-1] if reached else value.base
    if not isinstance(value, Decimal):
        return None
    amount = value * TICKS_PER_DOLLAR * (MILLION // per)
    return int(amount.to_integral_value(ROUND_CEILING))
