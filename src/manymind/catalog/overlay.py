"""Our own dated corrections of the price feed, shipped as `overlay.toml` beside this file."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Literal

from msgspec import Struct, toml
from msgspec.structs import replace

from manymind.canon.values import Ticks
from manymind.catalog.money import ticks
from manymind.catalog.offers import Offer, Source
from manymind.catalog.prices import Price, Rates, Tier
from manymind.catalog.sellers import seller

_CALLS = 1000  # Tool fees are written for a thousand calls, and held for a million.


class _Dollars(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    input: str = "0"
    cached: str | None = None
    written: str | None = None
    written_long: str | None = None
    output: str = "0"
    reasoning: str | None = None


class _Tier(_Dollars, frozen=True, kw_only=True, forbid_unknown_fields=True):
    above: int
    counts: Literal["input", "total"]


class _Price(_Dollars, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tiers: tuple[_Tier, ...] = ()
    request: str = "0"
    since: date | None = None


class OverlaidOffer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of the overlay. None means: as the feed has it."""

    provider: str
    native: str
    source: str
    checked: date
    slug: str | None = None
    name: str | None = None
    aliases: tuple[str, ...] = ()
    context: int | None = None
    max_output: int | None = None
    inputs: tuple[str, ...] | None = None
    created: date | None = None
    unbounded: str | None = None
    inner: bool = False
    price: tuple[_Price, ...] = ()


class OverlaidFees(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a provider takes for tool calls, for all its models or those of one author."""

    provider: str
    source: str
    checked: date
    tools: dict[str, str]
    author: str | None = None


class Absent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Models that the feed counts to a provider and that cannot be had there; `native` is a
    pattern."""

    provider: str
    native: str
    source: str
    checked: date


class Edge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the tiers of a provider truly begin that the feed begins after `feed` tokens."""

    provider: str
    feed: int
    above: int
    source: str
    checked: date


class Overlay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    offer: tuple[OverlaidOffer, ...] = ()
    fees: tuple[OverlaidFees, ...] = ()
    absent: tuple[Absent, ...] = ()
    edge: tuple[Edge, ...] = ()

    def beside(self, provider: str, offers: Iterable[Offer]) -> tuple[Offer, ...]:
        """Blank offers for what only the overlay has, so that their family can describe them."""
        there = {name for offer in offers for name in (offer.native, *offer.aliases)}
        rows = (row for row in self.offer if row.provider == provider)
        return tuple(_blank(row) for row in rows if row.native not in there)

    def laid_over(self, provider: str, offers: Iterable[Offer]) -> tuple[Offer, ...]:
        """The offers of a provider, corrected, and those that only the overlay has."""
        rows = {row.native: row for row in self.offer if row.provider == provider}
        absent = [row.native for row in self.absent if row.provider == provider]
        corrected: list[Offer] = []
        for offer in offers:
            if any(fnmatchcase(offer.native, pattern) for pattern in absent):
                continue
            names = (offer.native, *offer.aliases)
            row = next((rows.pop(name) for name in names if name in rows), None)
            offer = self._with_edges(offer)
            corrected.append(offer if row is None else _corrected(offer, row))
        corrected += [_corrected(_blank(row), row) for row in rows.values()]
        return tuple(self._with_fees(offer) for offer in corrected)

    def _with_edges(self, offer: Offer) -> Offer:
        edges = {row.feed: row.above for row in self.edge if row.provider == offer.provider}
        if not edges:
            return offer
        prices = tuple(
            replace(
                price,
                tiers=tuple(
                    replace(tier, above=edges.get(tier.above, tier.above)) for tier in price.tiers
                ),
            )
            for price in offer.prices
        )
        return replace(offer, prices=prices)

    def _with_fees(self, offer: Offer) -> Offer:
        fees: dict[str, Ticks] = {}
        author = offer.slug.partition("/")[0]
        for row in self.fees:
            if row.provider == offer.provider and row.author in (None, author):
                fees |= {tool: ticks(fee) * _CALLS for tool, fee in row.tools.items()}
        if not fees:
            return offer
        prices = (replace(price, tools=price.tools | fees) for price in offer.prices)
        return replace(offer, prices=tuple(prices))


@cache
def shipped() -> Overlay:
    """The overlay that comes with the program."""
    data = files("manymind.catalog").joinpath("overlay.toml").read_bytes()
    return toml.decode(data, type=Overlay)


def _blank(row: OverlaidOffer) -> Offer:
    sold_by = seller(row.provider)
    slug = row.native if sold_by.resells else f"{sold_by.authors[0]}/{row.native}"
    return Offer(provider=row.provider, native=row.native, slug=slug, name=row.native)


def _corrected(offer: Offer, row: OverlaidOffer) -> Offer:
    aliases = dict.fromkeys((*offer.aliases, *row.aliases))
    source = Source(row.source, row.checked)
    return replace(
        offer,
        slug=row.slug or offer.slug,
        name=row.name or offer.name,
        aliases=tuple(alias for alias in aliases if alias != offer.native),
        context=row.context or offer.context,
        max_output=row.max_output or offer.max_output,
        inputs=row.inputs or offer.inputs,
        created=_seconds(row.created) if row.created else offer.created,
        unbounded=row.unbounded or offer.unbounded,
        inner=row.inner or offer.inner,
        prices=tuple(map(_price, row.price)) or offer.prices,
        priced_by=source if row.price else offer.priced_by,
        described_by=(*offer.described_by, source),
    )


def _price(row: _Price) -> Price:
    return Price(
        rates=_rates(row),
        tiers=tuple(
            Tier(above=tier.above, counts=tier.counts, rates=_rates(tier)) for tier in row.tiers
        ),
        request=ticks(row.request) * 1_000_000,
        since=row.since,
    )


def _rates(row: _Dollars) -> Rates:
    return Rates(
        input=ticks(row.input),
        cached=_maybe(row.cached),
        written=_maybe(row.written),
        written_long=_maybe(row.written_long),
        output=ticks(row.output),
        reasoning=_maybe(row.reasoning),
    )


def _maybe(dollars: str | None) -> Ticks | None:
    return None if dollars is None else ticks(dollars)


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
