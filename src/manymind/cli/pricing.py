"""The arithmetic behind `manymind cost`, and how it is shown."""

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from manymind.canon.faults import BadRequest, NotFound
from manymind.canon.items import Said
from manymind.canon.parts import Text
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.canon.values import Ticks
from manymind.catalog import prices, sizes
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.missing import missing
from manymind.catalog.money import dollars
from manymind.catalog.offers import Offer
from manymind.catalog.sellers import SELLERS
from manymind.config import Config

PROVIDERS = tuple(seller.name for seller in SELLERS if not seller.free)


class Asked(Struct, frozen=True, kw_only=True):
    models: tuple[str, ...]
    files: tuple[Path, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    tools: dict[str, int] = {}
    day: str | None = None


class Row(Struct, frozen=True, kw_only=True):
    """`bound` is exact, or at least / at most where the tokens of files were only bounded."""

    model: str
    provider: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost: Ticks | None
    bound: str = "exact"


def rows(asked: Asked, config: Config) -> list[Row]:
    catalogue = Catalogue(aliases=config.aliases)
    moment = _moment(asked.day)
    found: list[Row] = []
    for name in asked.models:
        offer = next(iter(catalogue.find(name, PROVIDERS)), None)
        if offer is None or not offer.known:
            raise missing(catalogue, name, PROVIDERS)
        for bound, tokens in _inputs(asked):
            found.append(_row(offer, asked, tokens, bound, moment))
    return found


def print_table(found: list[Row]) -> None:
    width = max(len(row.model) for row in found)
    for row in found:
        amount = "no price is known" if row.cost is None else f"${dollars(row.cost)}"
        said = "" if row.bound == "exact" else f"  ({row.bound})"
        cached = f" ({row.cached_tokens:,} cached)" if row.cached_tokens else ""
        print(
            f"{row.model:<{width}}  {row.input_tokens:>11,} in{cached}"
            f"  {row.output_tokens:>9,} out  {amount}{said}"
        )


def print_json(found: list[Row]) -> None:
    listed = [
        {
            "model": row.model,
            "provider": row.provider,
            "input_tokens": row.input_tokens,
            "cached_tokens": row.cached_tokens,
            "output_tokens": row.output_tokens,
            "cost_in_usd_ticks": row.cost,
            "cost_usd": None if row.cost is None else dollars(row.cost),
            "bound": row.bound,
        }
        for row in found
    ]
    print(msgspec.json.encode({"schema_version": 1, "rows": listed}).decode())


def _row(offer: Offer, asked: Asked, tokens: int, bound: str, moment: datetime) -> Row:
    price = prices.price_at(offer.prices, moment)
    usage = Usage(
        input_tokens=tokens,
        cached_tokens=asked.cached_tokens,
        output_tokens=asked.output_tokens,
        tools=asked.tools,
    )
    return Row(
        model=offer.slug,
        provider=offer.provider,
        input_tokens=tokens,
        cached_tokens=asked.cached_tokens,
        output_tokens=asked.output_tokens,
        cost=None if price is None else prices.cost(price, usage),
        bound=bound,
    )


def _inputs(asked: Asked) -> list[tuple[str, int]]:
    """The input tokens to price: as said, or the two bounds where files are to be counted."""
    if not asked.files:
        return [("exact", asked.input_tokens)]
    texts = tuple(Text(text=_text(path)) for path in asked.files)
    request = Request(model="", items=(Said(role="user", parts=texts),))
    low, high = sizes.least(request), sizes.most(request).most
    return [
        ("at least", asked.input_tokens + low),
        ("at most", asked.input_tokens + high),
    ]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from None


def _moment(day: str | None) -> datetime:
    if day is None:
        return datetime.now(UTC)
    try:
        said = date.fromisoformat(day)
    except ValueError:
        raise BadRequest(f"--on {day} is no day.", advice="Write it as 2026-11-21.") from None
    return datetime(said.year, said.month, said.day, 12, tzinfo=UTC)
