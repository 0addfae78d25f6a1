"""Where those who say what is for sale disagree: model by model, with each one's figure and day."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

from msgspec import Struct

from manymind.canon.values import Ticks
from manymind.catalog.feed import Feed
from manymind.catalog.money import dollars
from manymind.catalog.offers import Offer
from manymind.catalog.overlay import Overlay
from manymind.catalog.prices import Price, price_at
from manymind.catalog.snapshot import Snapshot

FEED, SNAPSHOT, OVERLAY = "feed", "snapshot", "overlay"
"""Those who speak, the surest last: of what they say of one thing, the last holds."""


class Said(Struct, frozen=True, kw_only=True):
    """One voice's figure: dollars for a million tokens, or tokens, written out."""

    voice: str
    value: str
    source: str
    checked: date | None = None


class Difference(Struct, frozen=True, kw_only=True):
    """What several voices say of one figure of one offer; the last of them holds."""

    offer: str
    figure: str
    said: tuple[Said, ...]

    @property
    def holds(self) -> Said:
        return self.said[-1]


def drift(
    provider: str, feed: Feed, snapshot: Snapshot | None, overlay: Overlay, moment: datetime
) -> tuple[Difference, ...]:
    """All differences about a provider's offers, by name."""
    listed = feed.offers(provider)
    known = {name: offer.native for offer in listed for name in (*offer.aliases, offer.native)}
    fresh = snapshot.offers if snapshot is not None else ()
    voices: dict[str, dict[str, Offer]] = {
        FEED: _by_name(listed, known),
        SNAPSHOT: _by_name((each for each in fresh if each.provider == provider), known),
        OVERLAY: _by_name(overlay.laid_over(provider, ()), known),
    }
    names = sorted({name for offers in voices.values() for name in offers})
    found: list[Difference] = []
    for name in names:
        spoken = {voice: offers[name] for voice, offers in voices.items() if name in offers}
        if len(spoken) > 1:
            found += _differences(f"{provider}/{name}", spoken, moment)
    return tuple(found)


def _by_name(offers: Iterable[Offer], known: Mapping[str, str]) -> dict[str, Offer]:
    return {known.get(offer.native, offer.native): offer for offer in offers}


def _differences(key: str, spoken: Mapping[str, Offer], moment: datetime) -> list[Difference]:
    found: list[Difference] = []
    for figure, read in _FIGURES.items():
        said: list[Said] = []
        for voice, offer in spoken.items():
            value = read(offer, price_at(offer.prices, moment))
            if value is not None:
                said.append(_said(voice, value, offer, figure))
        if len({each.value for each in said}) > 1:
            found.append(Difference(offer=key, figure=figure, said=tuple(said)))
    return found


def _said(voice: str, value: str, offer: Offer, figure: str) -> Said:
    source = offer.priced_by
    if source is None or figure in ("context", "max_output"):
        source = offer.described_by[-1] if offer.described_by else source
    return Said(
        voice=voice,
        value=value,
        source=source.name if source is not None else "",
        checked=source.checked if source is not None else None,
    )


def _price(rate: Callable[[Price], Ticks | None]) -> Callable[[Offer, Price | None], str | None]:
    def read(offer: Offer, price: Price | None) -> str | None:
        ticks = None if price is None else rate(price)
        return None if ticks is None else dollars(ticks)

    return read


def _tiers(offer: Offer, price: Price | None) -> str | None:
    if price is None:
        return None
    edges = sorted((tier.above, tier.counts) for tier in price.tiers)
    return ", ".join(f"above {above:,} {counts}" for above, counts in edges) or "none"


_FIGURES: Mapping[str, Callable[[Offer, Price | None], str | None]] = {
    "input": _price(lambda price: price.rates.input),
    "cached": _price(lambda price: price.rates.cached),
    "output": _price(lambda price: price.rates.output),
    "tiers": _tiers,
    "context": lambda offer, _: None if offer.context is None else str(offer.context),
    "max_output": lambda offer, _: None if offer.max_output is None else str(offer.max_output),
}
