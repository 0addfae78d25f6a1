"""What `manymind models` finds, and how it is shown."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
from msgspec import Struct

from manymind.app.stock import names, stocked
from manymind.app.upstreams import discover, outgoing
from manymind.catalog.listing import Row, listing
from manymind.catalog.sellers import OWN, SELLERS
from manymind.config import Config

_HEADINGS = ("model", "window", "in", "cached", "out")


class Listed(Struct, frozen=True, kw_only=True):
    """`aliases` are the operator's own names, with the models that they mean."""

    models: tuple[Row, ...]
    aliases: dict[str, str]


async def listed(config: Config, words: tuple[str, ...], everything: bool) -> Listed:
    """The models whose name has all these words, and the aliases with either name like that."""
    ready = tuple(found for found in discover(config) if found.ready)
    shown = names(ready)
    if everything:
        shown += tuple(seller.name for seller in SELLERS if not seller.free)
    client = outgoing(config)
    try:
        catalogue = await stocked(config, ready, client)
    finally:
        await client.aclose()
    wanted = [word.lower() for word in words]

    def fits(*spellings: str) -> bool:
        text = " ".join(spellings).lower()
        return all(word in text for word in wanted)

    rows = listing(catalogue, tuple(dict.fromkeys(shown)), datetime.now(UTC))
    return Listed(
        models=tuple(row for row in rows if fits(row.id, row.name)),
        aliases={name: model for name, model in config.aliases.items() if fits(name, model)},
    )


def print_table(found: Listed) -> None:
    table = [_HEADINGS, *(_cells(row) for row in found.models)] if found.models else []
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *others in table:
        cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([f"{first:<{widths[0]}}", *cells]))
    for name, model in found.aliases.items():
        print(f"{name} → {model}")


def print_json(found: Listed) -> None:
    report = {"schema_version": 1, "models": found.models, "aliases": found.aliases}
    print(msgspec.json.encode(report).decode())


def _cells(row: Row) -> tuple[str, ...]:
    window = "?" if row.context is None else _short(row.context)
    prompt, completion = row.prompt_price, row.completion_price
    if prompt is None or completion is None:
        # The team has no price: each call inside it has its own.
        unknown = "as used" if row.owner == OWN else "?"
        return row.id, window, unknown, "", unknown
    cached = row.cached_price
    prices = (prompt, prompt if cached is None else cached, completion)
    return row.id, window, *(_per_million(price) for price in prices)


def _short(tokens: int) -> str:
    """Three figures are enough to compare windows by."""
    if tokens < 10_000:
        return f"{tokens:,}"
    unit, size = ("M", 1_000_000) if tokens >= 1_000_000 else ("k", 1_000)
    return f"{tokens / size:.3g}{unit}"


def _per_million(price: str) -> str:
    amount = (Decimal(price) * 1_000_000).normalize()
    if amount == 0:
        return "free"
    return f"${amount:.2f}" if amount == round(amount, 2) else f"${amount:f}"
