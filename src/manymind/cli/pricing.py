"""The arithmetic behind `manymind cost`, and how it is shown."""

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from manymind.app.stock import described
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

_HEADINGS = ("model", "at", "in", "cached", "out", "cost", "")


class Asked(Struct, frozen=True, kw_only=True):
    models: tuple[str, ...]
    files: tuple[Path, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    tools: dict[str, int] = {}
    day: str | None = None


class Row(Struct, frozen=True, kw_only=True):
    """`bound` is exact, or at least / at most where the tokens of files were only bounded.
    `missing` says why there is no cost."""

    model: str
    provider: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    tools: dict[str, int]
    cost: Ticks | None
    bound: str = "exact"
    missing: str | None = None


def rows(asked: Asked, config: Config) -> list[Row]:
    """What each model would take, the cheapest first."""
    catalogue = described(config)
    providers = tuple(dict.fromkeys([*config.providers, *(seller.name for seller in SELLERS)]))
    moment = _moment(asked.day)
    inputs = _inputs(asked)
    found: list[list[Row]] = []
    for name in asked.models:
        offer = _offer(catalogue, name, providers)
        found.append([_row(offer, asked, tokens, bound, moment) for bound, tokens in inputs])
    found.sort(key=lambda model: (model[-1].cost is None, model[-1].cost or 0))
    return [row for model in found for row in model]


def print_table(found: list[Row]) -> None:
    table = [_HEADINGS, *(_cells(row) for row in found)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        left = [f"{cell:<{width}}" for cell, width in zip(cells[:2], widths[:2], strict=True)]
        right = [f"{cell:>{width}}" for cell, width in zip(cells[2:6], widths[2:6], strict=True)]
        print("  ".join([*left, *right, cells[6]]).rstrip())
    for reason in dict.fromkeys(row.missing for row in found if row.missing is not None):
        print(reason)


def print_json(found: list[Row]) -> None:
    listed = [
        {
            "model": row.model,
            "provider": row.provider,
            "input_tokens": row.input_tokens,
            "cached_tokens": row.cached_tokens,
            "output_tokens": row.output_tokens,
            "tools": row.tools,
            "cost_in_usd_ticks": row.cost,
            "cost_usd": None if row.cost is None else dollars(row.cost),
            "bound": row.bound,
            "missing": row.missing,
        }
        for row in found
    ]
    print(msgspec.json.encode({"schema_version": 1, "rows": listed}).decode())


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.model,
        row.provider,
        f"{row.input_tokens:,}",
        f"{row.cached_tokens:,}",
        f"{row.output_tokens:,}",
        "?" if row.cost is None else f"${dollars(row.cost)}",
        "" if row.bound == "exact" else row.bound,
    )


def _offer(catalogue: Catalogue, name: str, providers: tuple[str, ...]) -> Offer:
    offer = next(iter(catalogue.find(name, providers)), None)
    if offer is None or not (offer.known or offer.prices):
        raise missing(catalogue, name, providers)
    return offer


def _row(offer: Offer, asked: Asked, tokens: int, bound: str, moment: datetime) -> Row:
    price = prices.price_at(offer.prices, moment)
    usage = Usage(
        input_tokens=tokens,
        cached_tokens=min(asked.cached_tokens, tokens),
        output_tokens=asked.output_tokens,
        tools=asked.tools,
    )
    cost = None if price is None else prices.cost(price, usage)
    return Row(
        model=offer.slug,
        provider=offer.provider,
        input_tokens=tokens,
        cached_tokens=usage.cached_tokens,
        output_tokens=asked.output_tokens,
        tools=asked.tools,
        cost=cost,
        bound=bound,
        missing=_why_not(offer, price, asked) if cost is None else None,
    )


def _why_not(offer: Offer, price: prices.Price | None, asked: Asked) -> str:
    if offer.inner:
        return f"{offer.slug} costs what the models inside it cost; ask with --budget."
    if price is None:
        return f"No price is known for {offer.slug}."
    unknown = sorted(asked.tools.keys() - price.tools.keys())
    return f"No fee is known for {', '.join(unknown)} of {offer.slug}."


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
        raise NotFound(f"{path} cannot be read: {(error.strerror or '').lower()}.") from None


def _moment(day: str | None) -> datetime:
    """Noon of that day, so that no hour of it is favoured."""
    if day is None:
        return datetime.now(UTC)
    try:
        said = date.fromisoformat(day)
    except ValueError:
        raise BadRequest(f"--on {day} is no day.", advice="Write it as 2026-11-21.") from None
    return datetime(said.year, said.month, said.day, 12, tzinfo=UTC)
