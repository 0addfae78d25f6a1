"""What `manymind catalog` finds out, and how it is shown."""

from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from manymind.app.snapshots import Synced, kept, sync, usual_address
from manymind.app.stock import described
from manymind.canon.faults import BadRequest, UpstreamBroken
from manymind.catalog import families, overlay
from manymind.catalog.drift import Difference, Said, drift
from manymind.catalog.genai_feed import GenaiPrices
from manymind.catalog.listing import listing
from manymind.catalog.offers import Offer
from manymind.catalog.sellers import SELLERS
from manymind.config import Config

_NAMES_MAX = 12


class Voice(Struct, frozen=True, kw_only=True):
    """A source of prices and facts. `dated` is the day of its latest word."""

    name: str
    says: str
    offers: int
    priced: int
    dated: str | None = None


class Sources(Struct, frozen=True, kw_only=True):
    sources: tuple[Voice, ...]
    listed: int


def sources(config: Config) -> Sources:
    """All sources, the surest first."""
    catalogue = described(config)
    told = [price for said in config.providers.values() for price in said.prices]
    rules = families.shipped().family
    rows = listing(catalogue, tuple(seller.name for seller in SELLERS), datetime.now(UTC))
    voices = [
        Voice(name="settings", says="what you agreed on", offers=len(told), priced=len(told)),
        _overlay(),
        _snapshot(config),
        Voice(
            name="families",
            says="what models take, give and refuse",
            offers=len(rules),
            priced=0,
            dated=max(str(rule.checked) for rule in rules if rule.checked is not None),
        ),
        _feed(),
    ]
    described_rows = [row for row in rows if row.tariff is not None and row.context]
    return Sources(sources=tuple(voices), listed=len(described_rows))


async def synced(config: Config, address: str | None) -> Synced:
    """Nothing of what is known changes before a whole new list has come."""
    where = address or usual_address(config)
    if address is not None and not address.startswith(("http://", "https://")):
        raise BadRequest(
            "--from is no http or https address.", advice=f"Write it as {usual_address(config)}."
        )
    try:
        return await sync(config, where, datetime.now(UTC).date())
    except UpstreamBroken as fault:
        raise UpstreamBroken(
            fault.message,
            advice="All prices stay as they were. Try again, or name another list with --from.",
        ) from None


def differences(config: Config, words: tuple[str, ...]) -> tuple[Difference, ...]:
    """All disagreements about offers whose name has all these words."""
    feed, snapshot, shipped = GenaiPrices(), kept(config.data), overlay.shipped()
    wanted = [word.lower() for word in words]
    return tuple(
        each
        for seller in SELLERS
        for each in drift(seller.name, feed, snapshot, shipped, datetime.now(UTC))
        if all(word in each.offer.lower() for word in wanted)
    )


def print_sources(found: Sources) -> None:
    for voice in found.sources:
        dated = f", {voice.dated}" if voice.dated else ""
        print(f"{voice.name}: {voice.offers:,} entries, {voice.priced:,} with a price{dated}")
        print(f"    {voice.says}")
    print(f"{found.listed:,} models with price and window")


def print_synced(done: Synced) -> None:
    print(f"{done.models:,} models of {done.source}, {done.fetched}")
    if done.unusable:
        print(f"{done.unusable:,} left out, which make no sense")
    for name, models in _changes(done):
        if models:
            more = f" and {len(models) - _NAMES_MAX:,} more" if len(models) > _NAMES_MAX else ""
            print(f"{len(models):,} {name}: {', '.join(models[:_NAMES_MAX])}{more}")
    print("Used from the next start on. Your settings and our corrections go before it.")


def print_differences(found: tuple[Difference, ...]) -> None:
    for each in found:
        print(f"{each.offer} {each.figure}")
        for said in each.said:
            mark = "*" if said is each.holds else " "
            print(f"  {mark} {_value(each.figure, said)}  {said.voice}: {_source(said)}")
    if not found:
        print("No source contradicts another.")


def sources_json(found: Sources) -> str:
    report = {"schema_version": 1, "sources": found.sources, "listed": found.listed}
    return msgspec.json.encode(report).decode()


def synced_json(done: Synced) -> str:
    return msgspec.json.encode({"schema_version": 1, **msgspec.structs.asdict(done)}).decode()


def differences_json(found: tuple[Difference, ...]) -> str:
    return msgspec.json.encode({"schema_version": 1, "differences": found}).decode()


def _changes(done: Synced) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("new", done.added),
        ("not listed any more", done.gone),
        ("cheaper, so that budgets reserve less", done.cheaper),
        ("dearer", done.dearer),
    )


def _value(figure: str, said: Said) -> str:
    if figure in ("input", "cached", "output"):
        return f"${said.value}"
    return f"{int(said.value):,}" if said.value.isdecimal() else said.value


def _source(said: Said) -> str:
    return f"{said.source}, {said.checked}" if said.checked is not None else said.source


def _overlay() -> Voice:
    rows = overlay.shipped().offer
    return Voice(
        name="overlay",
        says="our corrections, each with its source",
        offers=len(rows),
        priced=sum(bool(row.price) for row in rows),
        dated=str(max(row.checked for row in rows)),
    )


def _snapshot(config: Config) -> Voice:
    found = kept(config.data)
    if found is None:
        says = "none yet: manymind catalog sync fetches OpenRouter's list"
        return Voice(name="snapshot", says=says, offers=0, priced=0)
    return Voice(
        name="snapshot",
        says=f"of {found.source}",
        offers=len(found.offers),
        priced=sum(bool(offer.prices) for offer in found.offers),
        dated=str(found.fetched),
    )


def _feed() -> Voice:
    feed = GenaiPrices()
    offers: list[Offer] = [offer for seller in SELLERS for offer in feed.offers(seller.name)]
    source = next((offer.priced_by for offer in offers if offer.priced_by is not None), None)
    return Voice(
        name="feed",
        says=source.name if source is not None else "",
        offers=len(offers),
        priced=sum(bool(offer.prices) for offer in offers),
        dated=str(source.checked) if source is not None else None,
    )
