"""What `manymind models compare` finds, and how it is shown."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from manymind.app.stock import described
from manymind.canon.usage import Usage
from manymind.canon.values import Ticks
from manymind.catalog.listing import Row
from manymind.catalog.money import dollars
from manymind.catalog.prices import cost, price_at
from manymind.cli.details import found
from manymind.cli.shelf import facts, per_million, short
from manymind.config import Config

_NAMES_MAX = 2


class Asked(Struct, frozen=True, kw_only=True):
    input_tokens: int
    output_tokens: int
    cached_tokens: int


class Column(Struct, frozen=True):
    """A model, and what was asked for costs there; None where nobody knows, or where it does not
    fit into the model's window."""

    model: Row
    cost: Ticks | None
    fits: bool


class Comparison(Struct, frozen=True):
    asked: Asked
    columns: tuple[Column, ...]


async def compared(config: Config, names: tuple[str, ...], asked: Asked) -> Comparison:
    catalogue = described(config)
    models = (found(catalogue, config, name) for name in names)
    return Comparison(asked, tuple(_column(model, asked) for model in models))


def print_columns(comparison: Comparison) -> None:
    asked = comparison.asked
    told = f"{asked.input_tokens:,} in, {asked.output_tokens:,} out"
    if asked.cached_tokens:
        told += f", {asked.cached_tokens:,} cached"
    table = [["", *(column.model.id for column in comparison.columns)]]
    for heading, read in _LINES:
        table.append([heading, *(read(column.model) for column in comparison.columns)])
    table.append([told, *map(_spent, comparison.columns)])
    widths = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    for cells in table:
        padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        print("  ".join(padded).rstrip())


def print_json(comparison: Comparison) -> None:
    report = {
        "schema_version": 1,
        **msgspec.structs.asdict(comparison.asked),
        "models": [_told(column) for column in comparison.columns],
    }
    print(msgspec.json.encode(report).decode())


def _column(model: Row, asked: Asked) -> Column:
    fits = model.context is None or asked.input_tokens + asked.output_tokens <= model.context
    return Column(model, _cost(model, asked) if fits else None, fits)


def _spent(column: Column) -> str:
    if not column.fits:
        return "does not fit"
    return "?" if column.cost is None else f"${dollars(column.cost)}"


def _cost(model: Row, asked: Asked) -> Ticks | None:
    price = price_at(model.offers[0].prices, datetime.now(UTC))
    usage = Usage(
        input_tokens=asked.input_tokens,
        cached_tokens=asked.cached_tokens,
        output_tokens=asked.output_tokens,
    )
    return None if price is None else cost(price, usage)


def _told(column: Column) -> dict[str, object]:
    return {
        **facts(column.model),
        "provider": column.model.offers[0].provider,
        "unsupported": column.model.unsupported,
        "fits": column.fits,
        "cost_in_usd_ticks": column.cost,
        "cost_usd": None if column.cost is None else dollars(column.cost),
    }


def _window(tokens: int | None) -> str:
    return "?" if tokens is None else short(tokens)


def _few(names: tuple[str, ...]) -> str:
    """As many as fit beside other models; `models show` has them all."""
    more = f" and {len(names) - _NAMES_MAX} more" if len(names) > _NAMES_MAX else ""
    return ", ".join(names[:_NAMES_MAX]) + more or "nothing known"


def _price(price: str | None) -> str:
    return "?" if price is None else per_million(price)


def _takes(parameter: str) -> Callable[[Row], str]:
    def read(model: Row) -> str:
        if not model.parameters:
            return "?"
        return "yes" if parameter in model.parameters else "no"

    return read


_LINES: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("at", lambda model: model.offers[0].provider),
    ("window", lambda model: _window(model.context)),
    ("longest answer", lambda model: _window(model.max_output)),
    ("takes", lambda model: ", ".join(model.inputs)),
    ("gives", lambda model: ", ".join(model.outputs)),
    ("tools", _takes("tools")),
    ("structured outputs", _takes("structured_outputs")),
    ("effort can be set", _takes("reasoning_effort")),
    ("refuses", lambda model: _few(model.unsupported)),
    ("knows until", lambda model: model.knowledge or "?"),
    ("retires", lambda model: "" if model.retires is None else model.retires.isoformat()),
    ("in", lambda model: _price(model.prompt_price)),
    ("cached", lambda model: _price(model.cached_price or model.prompt_price)),
    ("out", lambda model: _price(model.completion_price)),
)
