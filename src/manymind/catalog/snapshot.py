"""A list of models as OpenRouter gave it on one day, read with suspicion and kept as our own.

Whoever controls that address could otherwise set our prices: a row is taken only if its figures
can be true, and a list with many that cannot is refused whole. Nothing of it goes before the
overlay, and it speaks of what OpenRouter itself sells alone.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from manymind.canon.faults import UpstreamBroken
from manymind.canon.values import Ticks
from manymind.catalog.money import ticks
from manymind.catalog.offers import Offer, Source
from manymind.catalog.prices import MILLION, Price, Rates, Tier

PROVIDER = "openrouter"
ROWS_MIN, ROWS_MAX = 20, 20_000
UNUSABLE_MAX = 0.05
"""So large a part of a list may be of a kind that we cannot use."""

DEAREST_TOKENS, DEAREST_CALLS = 10_000, 100_000_000
"""Dollars for a million of them. No model costs more; what claims to is no price list."""

FORMAT = 1
_NAME = re.compile(r"~?[A-Za-z0-9][A-Za-z0-9_.-]{0,99}/[A-Za-z0-9][A-Za-z0-9_.:-]{0,149}")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_UNKNOWN_PRICE = "-1"

Window: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class _Override(Struct, frozen=True):
    min_prompt_tokens: float | None = None
    utc_start: float | None = None
    utc_days: tuple[str, ...] | None = None
    prompt: str | None = None
    completion: str | None = None
    input_cache_read: str | None = None
    input_cache_write: str | None = None
    input_cache_write_1h: str | None = None


class _Pricing(Struct, frozen=True):
    prompt: str
    completion: str
    request: str = "0"
    input_cache_read: str | None = None
    input_cache_write: str | None = None
    input_cache_write_1h: str | None = None
    internal_reasoning: str | None = None
    web_search: str | None = None
    overrides: tuple[_Override, ...] = ()


class _Architecture(Struct, frozen=True):
    input_modalities: tuple[str, ...] = ("text",)
    output_modalities: tuple[str, ...] = ("text",)


class _Top(Struct, frozen=True):
    max_completion_tokens: Window | None = None


class _Model(Struct, frozen=True):
    id: str
    pricing: _Pricing
    name: str = ""
    created: Annotated[int, Meta(ge=0, le=10_000_000_000)] = 0
    context_length: Window | None = None
    architecture: _Architecture = _Architecture()
    top_provider: _Top = _Top()
    supported_parameters: tuple[str, ...] = ()
    knowledge_cutoff: str | None = None
    expiration_date: date | None = None


class _List(Struct, frozen=True):
    data: tuple[msgspec.Raw, ...]


class Snapshot(Struct, frozen=True, kw_only=True):
    """`source` is the address, `fetched` the day; `unusable` counts the rows left out."""

    source: str
    fetched: date
    offers: tuple[Offer, ...]
    unusable: int = 0
    format: int = FORMAT

    def beside(self, provider: str, offers: Iterable[Offer]) -> tuple[Offer, ...]:
        """Blank offers for what only the snapshot has."""
        there = {offer.native for offer in offers}
        fresh = (offer for offer in self.offers if provider == PROVIDER)
        return tuple(
            Offer(provider=PROVIDER, native=offer.native, slug=offer.slug)
            for offer in fresh
            if offer.native not in there
        )

    def laid_over(self, provider: str, offers: Iterable[Offer]) -> tuple[Offer, ...]:
        """The offers of a provider, with what the snapshot says of them."""
        fresh = {offer.native: offer for offer in self.offers if provider == PROVIDER}
        return tuple(_laid(offer, fresh.get(offer.native)) for offer in offers)


def read(body: bytes, source: str, day: date) -> Snapshot:
    """A list as OpenRouter's address answers it. Raises `UpstreamBroken` for what is none."""
    try:
        rows = msgspec.json.decode(body, type=_List).data
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _refused(source, "what it sent is not a list of models") from None
    if not ROWS_MIN <= len(rows) <= ROWS_MAX:
        raise _refused(source, f"it lists {len(rows):,} models")
    offers: dict[str, Offer] = {}
    unusable = 0
    for row in rows:
        offer = _offer(row, Source(f"snapshot of {source}", day))
        if offer is None or offer.native in offers:
            unusable += 1
        else:
            offers[offer.native] = offer
    if unusable > UNUSABLE_MAX * len(rows):
        raise _refused(source, f"{unusable:,} of its {len(rows):,} models make no sense")
    return Snapshot(source=source, fetched=day, offers=tuple(offers.values()), unusable=unusable)


def stored(snapshot: Snapshot) -> bytes:
    return msgspec.json.encode(snapshot)


def restored(data: bytes) -> Snapshot | None:
    """What `stored` wrote; None where it is damaged or of another version of ours."""
    try:
        snapshot = msgspec.json.decode(data, type=Snapshot)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return snapshot if snapshot.format == FORMAT else None


def _laid(offer: Offer, fresh: Offer | None) -> Offer:
    if fresh is None:
        return offer
    return replace(
        offer,
        name=fresh.name or offer.name,
        created=fresh.created or offer.created,
        context=fresh.context or offer.context,
        max_output=fresh.max_output or offer.max_output,
        inputs=fresh.inputs,
        outputs=fresh.outputs,
        parameters=fresh.parameters or offer.parameters,
        knowledge=fresh.knowledge or offer.knowledge,
        retires=fresh.retires or offer.retires,
        prices=fresh.prices or offer.prices,
        priced_by=fresh.priced_by if fresh.prices else offer.priced_by,
        described_by=(*offer.described_by, *fresh.described_by),
    )


def _offer(row: msgspec.Raw, source: Source) -> Offer | None:
    """A row as an offer; None where it cannot be one."""
    try:
        model = msgspec.json.decode(row, type=_Model)
        prices = _prices(model.pricing)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return None
    if not _NAME.fullmatch(model.id):
        return None
    known = model.knowledge_cutoff
    return Offer(
        provider=PROVIDER,
        native=model.id,
        slug=model.id,
        name=_plain(model.name),
        created=model.created,
        context=model.context_length,
        max_output=model.top_provider.max_completion_tokens,
        inputs=_words(model.architecture.input_modalities) or ("text",),
        outputs=_words(model.architecture.output_modalities) or ("text",),
        parameters=_words(model.supported_parameters),
        knowledge=known if known is not None and _DAY.fullmatch(known) else None,
        retires=model.expiration_date,
        prices=prices,
        priced_by=source if prices else None,
        described_by=(source,),
    )


def _prices(said: _Pricing) -> tuple[Price, ...]:
    """Empty where it depends on the model that OpenRouter will choose. A price that changes with
    the hour is not taken: at its dearest it would be unknown to us."""
    if _UNKNOWN_PRICE in (said.prompt, said.completion):
        return ()
    base = _rates(said, None)
    tiers: list[Tier] = []
    for each in said.overrides:
        if each.utc_start is not None or each.utc_days is not None:
            raise ValueError("a price by the hour")
        if each.min_prompt_tokens is not None:
            above = int(each.min_prompt_tokens)
            if above < 0:
                raise ValueError("a tier below nothing")
            tiers.append(Tier(above=above, rates=_rates(said, each)))
    fees = (
        {} if said.web_search is None else {"web_search": _amount(said.web_search, DEAREST_CALLS)}
    )
    request = _amount(said.request, DEAREST_CALLS)
    return (Price(rates=base, tiers=tuple(tiers), request=request, tools=fees),)


def _rates(said: _Pricing, changed: _Override | None) -> Rates:
    def rate(name: str) -> Ticks | None:
        value = getattr(changed, name, None) if changed is not None else None
        value = getattr(said, name) if value is None else value
        return None if value is None else _amount(value)

    return Rates(
        input=rate("prompt") or 0,
        output=rate("completion") or 0,
        cached=rate("input_cache_read"),
        written=rate("input_cache_write"),
        written_long=rate("input_cache_write_1h"),
        reasoning=rate("internal_reasoning"),
    )


def _amount(dollars: str, dearest: int = DEAREST_TOKENS) -> Ticks:
    """Dollars a token, a request or a call, as ticks for a million; `ValueError` if absurd."""
    if len(dollars) > 40:
        raise ValueError("no amount is so long")
    amount = ticks(_times_a_million(dollars))
    if amount > ticks(str(dearest)):
        raise ValueError("no model costs so much")
    return amount


def _times_a_million(dollars: str) -> str:
    """Shifted as text, so that no digit is lost on the way."""
    mantissa, _, exponent = dollars.lower().partition("e")
    return f"{mantissa}e{int(exponent or 0) + len(str(MILLION)) - 1}"


def _plain(name: str) -> str:
    return " ".join("".join(each for each in name if each.isprintable()).split())[:120]


def _words(said: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in said[:100] if _WORD.fullmatch(each)))


def _refused(source: str, why: str) -> UpstreamBroken:
    return UpstreamBroken(
        f"The list of {source} is not taken: {why}.",
        advice="The snapshot that was there is kept. Check the address.",
    )
