"""What `manymind models` finds, and how it is shown."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from manymind.app.upstreams import discover
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.listing import Row, listing
from manymind.catalog.sellers import OWN, SELLERS
from manymind.config import Config


def listed(config: Config, words: tuple[str, ...], *, everything: bool) -> tuple[Row, ...]:
    providers = [OWN, *(found.name for found in discover(config) if found.ready)]
    if everything:
        providers = [seller.name for seller in SELLERS if not seller.free]
    rows = listing(Catalogue(aliases=config.aliases), providers, datetime.now(UTC))
    wanted = [word.lower() for word in words]
    return tuple(
        row
        for row in rows
        if all(word in row.id.lower() or word in row.name.lower() for word in wanted)
    )


def print_table(rows: tuple[Row, ...]) -> None:
    if not rows:
        return
    width = max(len(row.id) for row in rows)
    print(f"{'model':<{width}}  {'window':>9}  {'$/M in':>9}  {'$/M out':>9}")
    for row in rows:
        context = f"{row.context:,}" if row.context is not None else "?"
        prices = f"{_per_million(row.prompt_price):>9}  {_per_million(row.completion_price):>9}"
        print(f"{row.id:<{width}}  {context:>9}  {prices}")


def print_json(rows: tuple[Row, ...]) -> None:
    print(msgspec.json.encode({"schema_version": 1, "models": rows}).decode())


def _per_million(price: str | None) -> str:
    return "?" if price is None else f"{(Decimal(price) * 1_000_000).normalize():f}"
