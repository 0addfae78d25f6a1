"""What `manymind models show` finds, and how it is shown."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from manymind.app.stock import described
from manymind.canon.values import Ticks
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.listing import Row, row
from manymind.catalog.missing import missing
from manymind.catalog.money import dollars
from manymind.catalog.offers import Offer, Source
from manymind.catalog.prices import Price, Rates
from manymind.catalog.sellers import SELLERS
from manymind.cli.pricing import ALL_NAMES
from manymind.config import Config

_CALLS = 1000  # Fees of tools are held for a million calls, and told for a thousand.
_HEADINGS = ("from", "in", "cached", "written", "out")


class Line(Struct, frozen=True, kw_only=True):
    """One row of a price table, in dollars for a million tokens. It holds `since` a day, within
    `hours`, and `above` so many tokens; None means from the beginning."""

    since: str | None = None
    hours: str | None = None
    above: int | None = None
    counts: str | None = None
    input: str = "0"
    cached: str | None = None
    written: str | None = None
    output: str = "0"
    request: str | None = None


async def detailed(config: Config, name: str) -> Row:
    """The model of that name, with every offer that there is of it, configured or not."""
    return found(described(config), config, name)


def found(catalogue: Catalogue, config: Config, name: str) -> Row:
    """Raises the fault that names the nearest, where nothing is known under that name."""
    everyone = tuple(dict.fromkeys([*config.providers, *(seller.name for seller in SELLERS)]))
    offers = [each for each in catalogue.find(name, everyone) if each.known]
    if not offers:
        raise missing(catalogue, name, everyone, ALL_NAMES)
    return row(offers, datetime.now(UTC))


def print_details(model: Row) -> None:
    print(f"{model.id}  {model.name}")
    for heading, told in _facts(model):
        print(f"  {heading:<13}{told}")
    for offer in model.offers:
        print(f"\n{offer.provider} calls it {offer.native}")
        for line in _offer_lines(offer):
            print(f"  {line}")


def print_json(model: Row) -> None:
    report = {
        "schema_version": 1,
        "id": model.id,
        "name": model.name,
        "inputs": model.inputs,
        "outputs": model.outputs,
        "context": model.context,
        "max_output": model.max_output,
        "parameters": model.parameters,
        "unsupported": model.unsupported,
        "efforts": model.efforts,
        "knowledge": model.knowledge,
        "retires": model.retires,
        "offers": [_told(offer) for offer in model.offers],
    }
    print(msgspec.json.encode(report).decode())


def lines(prices: Iterable[Price]) -> Iterator[Line]:
    """A price list: a line for each price, and for each tier of it."""
    for price in prices:
        hours = None
        if price.hours is not None:
            hours = f"{price.hours[0]:%H:%M} to {price.hours[1]:%H:%M} UTC"
        since = None if price.since is None else price.since.isoformat()
        request = dollars(price.request, 1_000_000) if price.request else None
        yield _line(price.rates, Line(since=since, hours=hours, request=request))
        for tier in sorted(price.tiers, key=lambda tier: tier.above):
            begun = Line(since=since, hours=hours, above=tier.above, counts=tier.counts)
            yield _line(tier.rates, begun)


def _line(rates: Rates, line: Line) -> Line:
    return msgspec.structs.replace(
        line,
        input=dollars(rates.input),
        cached=_maybe(rates.cached),
        written=_maybe(rates.written),
        output=dollars(rates.output),
    )


def _maybe(ticks: Ticks | None) -> str | None:
    return None if ticks is None else dollars(ticks)


def _facts(model: Row) -> Iterator[tuple[str, str]]:
    yield "takes", ", ".join(model.inputs)
    yield "gives", ", ".join(model.outputs)
    if model.context is not None:
        yield "window", f"{model.context:,} tokens"
    if model.max_output is not None:
        yield "answers", f"up to {model.max_output:,} tokens"
    if model.parameters:
        yield "parameters", ", ".join(model.parameters)
    if model.unsupported:
        yield "refuses", ", ".join(model.unsupported)
    if model.efforts:
        yield "efforts", ", ".join(model.efforts)
    if model.knowledge is not None:
        yield "knows until", model.knowledge
    if model.retires is not None:
        yield "retires", model.retires.isoformat()


def _offer_lines(offer: Offer) -> Iterator[str]:
    others = [alias for alias in offer.aliases if alias != offer.native]
    if others:
        yield f"also {', '.join(others)}"
    if offer.inner:
        yield "each call inside it has its own price"
    elif not offer.prices:
        yield "no price is known"
    else:
        yield from _table(tuple(lines(offer.prices)))
    fees = offer.prices[-1].tools if offer.prices else {}
    if fees:
        told = ", ".join(f"{tool} ${dollars(fee, _CALLS)}" for tool, fee in fees.items())
        yield f"a thousand calls: {told}"
    if offer.unbounded is not None:
        yield f"no maximum can be promised: {offer.unbounded}"
    if offer.priced_by is not None:
        yield f"price: {_source(offer.priced_by)}"
    for source in dict.fromkeys(offer.described_by):
        if source != offer.priced_by:
            yield f"facts: {_source(source)}"


def _table(priced: tuple[Line, ...]) -> Iterator[str]:
    table = [_HEADINGS, *(_cells(line) for line in priced)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *others in table:
        cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join([f"{first:<{widths[0]}}", *cells]).rstrip()


def _cells(line: Line) -> tuple[str, ...]:
    begins = [] if line.since is None else [line.since]
    begins += [] if line.hours is None else [line.hours]
    begins += [] if line.above is None else [f"above {line.above:,} tokens of {line.counts}"]
    begins += [] if line.request is None else [f"${line.request} a request and"]
    written = (line.input, line.cached, line.written, line.output)
    return ", ".join(begins) or "always", *("" if each is None else f"${each}" for each in written)


def _source(source: Source) -> str:
    return source.name if source.checked is None else f"{source.name}, {source.checked}"


def _told(offer: Offer) -> dict[str, object]:
    fees = offer.prices[-1].tools if offer.prices else {}
    return {
        "provider": offer.provider,
        "native": offer.native,
        "aliases": offer.aliases,
        "context": offer.context,
        "max_output": offer.max_output,
        "prices": tuple(lines(offer.prices)),
        "tools": {tool: dollars(fee, _CALLS) for tool, fee in fees.items()},
        "priced_by": offer.priced_by,
        "described_by": tuple(dict.fromkeys(offer.described_by)),
    }
