"""What `manymind models` finds, and how it is shown."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
from msgspec import Struct

from manymind.app.stock import names, stocked
from manymind.app.upstreams import discover, outgoing
from manymind.canon.faults import BadRequest, NoSuchModel
from manymind.catalog import choosing
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.listing import Row, listing
from manymind.catalog.missing import nearest
from manymind.catalog.sellers import OWN, SELLERS
from manymind.config import Config

_HEADINGS = ("model", "window", "in", "cached", "out")
_ORDERS = {
    "name": "",
    "cheap": choosing.CHEAP_FIRST,
    "dear": choosing.DEAR_FIRST,
    "window": "context-high-to-low",
    "newest": "newest",
}


class Filters(Struct, frozen=True, kw_only=True):
    """What was asked for on the command line; empty means: whatever."""

    words: tuple[str, ...] = ()
    everything: bool = False
    providers: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    context: int = 0
    max_price: str | None = None
    parameters: tuple[str, ...] = ()
    sort: str | None = None


class Listed(Struct, frozen=True, kw_only=True):
    """`aliases` are the operator's own names, with the models that they mean."""

    models: tuple[Row, ...]
    aliases: dict[str, str]


class Stock(Struct, frozen=True):
    """The catalogue, and the providers whose models are meant."""

    catalogue: Catalogue
    providers: tuple[str, ...]


async def stock(config: Config, everything: bool) -> Stock:
    """What is for sale here, or with `everything` wherever it can be bought."""
    ready = tuple(found for found in discover(config) if found.ready)
    shown = names(ready)
    if everything:
        shown += tuple(seller.name for seller in SELLERS if not seller.free)
    client = outgoing(config)
    try:
        return Stock(await stocked(config, ready, client), tuple(dict.fromkeys(shown)))
    finally:
        await client.aclose()


async def listed(config: Config, filters: Filters) -> Listed:
    """The models that fit, and the aliases with either name like the words."""
    here = await stock(config, filters.everything)
    now = datetime.now(UTC)
    rows = listing(here.catalogue, here.providers, now)
    found = choosing.chosen(rows, _wanted(filters), now.date())
    narrowed = filters != Filters(words=filters.words, everything=filters.everything)
    aliases = {
        name: model
        for name, model in config.aliases.items()
        if not narrowed and all(word.lower() in f"{name} {model}".lower() for word in filters.words)
    }
    if not found and not aliases:
        raise _nothing(here, filters)
    return Listed(models=found, aliases=aliases)


def print_table(found: Listed) -> None:
    table = [_HEADINGS, *(_cells(row) for row in found.models)] if found.models else []
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *others in table:
        cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([f"{first:<{widths[0]}}", *cells]))
    for name, model in found.aliases.items():
        print(f"{name} → {model}")


def print_json(found: Listed) -> None:
    models = [facts(row) for row in found.models]
    report = {"schema_version": 1, "models": models, "aliases": found.aliases}
    print(msgspec.json.encode(report).decode())


def facts(row: Row) -> dict[str, object]:
    """A model as `--json` tells it."""
    return {
        "id": row.id,
        "name": row.name,
        "created": row.created,
        "owner": row.owner,
        "context": row.context,
        "max_output": row.max_output,
        "inputs": row.inputs,
        "outputs": row.outputs,
        "parameters": row.parameters,
        "knowledge": row.knowledge,
        "retires": row.retires,
        "prompt_price": row.prompt_price,
        "completion_price": row.completion_price,
        "cached_price": row.cached_price,
    }


def short(tokens: int) -> str:
    """Three figures are enough to compare windows by."""
    if tokens < 10_000:
        return f"{tokens:,}"
    unit, size = ("M", 1_000_000) if tokens >= 1_000_000 else ("k", 1_000)
    return f"{tokens / size:.3g}{unit}"


def per_million(price: str) -> str:
    amount = (Decimal(price) * 1_000_000).normalize()
    if amount == 0:
        return "free"
    return f"${amount:.2f}" if amount == round(amount, 2) else f"${amount:f}"


def _cells(row: Row) -> tuple[str, ...]:
    window = "?" if row.context is None else short(row.context)
    prompt, completion = row.prompt_price, row.completion_price
    if prompt is None or completion is None:
        # The team has no price: each call inside it has its own.
        unknown = "as used" if row.owner == OWN else "?"
        return row.id, window, unknown, "", unknown
    cached = row.cached_price
    prices = (prompt, prompt if cached is None else cached, completion)
    return row.id, window, *(per_million(price) for price in prices)


def _wanted(filters: Filters) -> choosing.Wanted:
    """The filters in the words of the lists over HTTP, so that both mean the same."""
    if filters.sort is not None and filters.sort not in _ORDERS:
        raise BadRequest(
            f"--sort {filters.sort} is no order.", advice=f"Orders are {', '.join(_ORDERS)}."
        )
    query = {
        "q": " ".join(filters.words),
        "providers": ",".join(filters.providers),
        "input_modalities": ",".join(filters.inputs),
        "output_modalities": ",".join(filters.outputs) or choosing.ANY,
        "supported_parameters": ",".join(filters.parameters),
        "context": str(filters.context),
        "max_price": filters.max_price or "",
        "sort": _ORDERS[filters.sort or "name"],
    }
    return choosing.wanted(query)


def _nothing(here: Stock, filters: Filters) -> NoSuchModel:
    close = nearest(here.catalogue, "-".join(filters.words), here.providers)
    if close:
        return NoSuchModel("No model fits.", advice=f"Did you mean {' or '.join(close)}?")
    advice = "" if filters.everything else "Try --all: its provider may not be configured."
    named = filters.words and filters == Filters(words=filters.words, everything=filters.everything)
    return NoSuchModel("No model has that name." if named else "No model fits.", advice=advice)
