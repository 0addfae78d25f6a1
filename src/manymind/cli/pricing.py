"""The arithmetic behind `manymind cost`, and how it is shown."""

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from manymind.app.stock import described
from manymind.canon.faults import BadRequest
from manymind.canon.items import Said
from manymind.canon.parts import Text
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.canon.values import Ticks
from manymind.catalog import prices
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.missing import missing
from manymind.catalog.money import dollars
from manymind.catalog.offers import Offer
from manymind.catalog.sellers import SELLERS
from manymind.cli.figures import share
from manymind.cli.reading import texts
from manymind.config import Config
from manymind.tokens.counter import Counter

ALL_NAMES = "manymind models --all lists every name."


class Asked(Struct, frozen=True, kw_only=True):
    """`cached` is a count of the input, or a share of it (`80%`). With `each`, every file is a
    call of its own."""

    models: tuple[str, ...]
    files: tuple[Path, ...] = ()
    each: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    cached: str = "0"
    calls: int = 1
    tools: dict[str, int] = {}
    day: str | None = None


class Row(Struct, frozen=True, kw_only=True):
    """`bound` is exact, or estimate where the tokens of files are about the most that they can
    be. `price` is that of the tier which the call lands in. `missing` says why there is no cost.
    """

    model: str
    provider: str
    file: str | None
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    tools: dict[str, int]
    calls: int
    context: int | None
    price: prices.Rates | None
    cost: Ticks | None
    bound: str = "exact"
    missing: str | None = None

    @property
    def total(self) -> Ticks | None:
        return None if self.cost is None else self.cost * self.calls

    @property
    def fits(self) -> bool | None:
        """Whether input and output fit the window together; None where it is not known."""
        if self.context is None:
            return None
        return self.input_tokens + self.output_tokens <= self.context


class _Prompt(Struct, frozen=True):
    """What one call would be made of, and the file that it is named for."""

    request: Request | None
    file: str | None


def rows(asked: Asked, config: Config) -> list[Row]:
    """What each model would take, the cheapest first."""
    catalogue = described(config)
    providers = tuple(dict.fromkeys([*config.providers, *(seller.name for seller in SELLERS)]))
    offers = [offer_of(catalogue, name, providers) for name in asked.models]
    moment = _moment(asked.day)
    prompts = _prompts(asked)
    counter = Counter()
    found = [
        [_row(offer, asked, prompt, counter, moment) for prompt in prompts] for offer in offers
    ]
    found.sort(key=_dearness)
    return [row for model in found for row in model]


def print_json(found: list[Row]) -> None:
    listed = [
        {
            "model": row.model,
            "provider": row.provider,
            "file": row.file,
            "input_tokens": row.input_tokens,
            "cached_tokens": row.cached_tokens,
            "output_tokens": row.output_tokens,
            "tools": row.tools,
            "bound": row.bound,
            "context": row.context,
            "fits": row.fits,
            "input_price": _rate(row.price, "input"),
            "output_price": _rate(row.price, "output"),
            "cost_in_usd_ticks": row.cost,
            "cost_usd": None if row.cost is None else dollars(row.cost),
            "calls": row.calls,
            "total_in_usd_ticks": row.total,
            "total_usd": None if row.total is None else dollars(row.total),
            "missing": row.missing,
        }
        for row in found
    ]
    print(msgspec.json.encode({"schema_version": 1, "rows": listed}).decode())


def offer_of(catalogue: Catalogue, name: str, providers: tuple[str, ...]) -> Offer:
    """The offer that people mean by that name; raises `NoSuchModel` where there is none."""
    offer = next(iter(catalogue.find(name, providers)), None)
    if offer is None or not (offer.known or offer.prices):
        raise missing(catalogue, name, providers, ALL_NAMES)
    return offer


def _row(offer: Offer, asked: Asked, prompt: _Prompt, counter: Counter, moment: datetime) -> Row:
    tokens, bound = asked.input_tokens, "exact"
    if prompt.request is not None:
        counted = counter.count_now(offer.key, offer.slug, prompt.request)
        tokens, bound = tokens + counted.tokens, counted.basis
    price = prices.price_at(offer.prices, moment)
    cached = min(share("--cached", asked.cached, tokens), tokens)
    usage = Usage(
        input_tokens=tokens,
        cached_tokens=cached,
        output_tokens=asked.output_tokens,
        tools=asked.tools,
    )
    cost = None if price is None else prices.cost(price, usage)
    return Row(
        model=offer.slug,
        provider=offer.provider,
        file=prompt.file,
        input_tokens=tokens,
        cached_tokens=cached,
        output_tokens=asked.output_tokens,
        tools=asked.tools,
        calls=asked.calls,
        context=offer.context,
        price=None if price is None else prices.rates_for(price, tokens, asked.output_tokens),
        cost=cost,
        bound=bound,
        missing=_why_not(offer, price, asked) if cost is None else None,
    )


def _dearness(model: list[Row]) -> tuple[bool, Ticks]:
    costs = [row.cost for row in model]
    return None in costs, sum(cost or 0 for cost in costs)


def _why_not(offer: Offer, price: prices.Price | None, asked: Asked) -> str:
    if offer.inner:
        return f"{offer.slug} costs what the models inside it cost; ask with --budget."
    if price is None:
        return f"No price is known for {offer.slug}."
    unknown = sorted(asked.tools.keys() - price.tools.keys())
    return f"No fee is known for {', '.join(unknown)} of {offer.slug}."


def _prompts(asked: Asked) -> list[_Prompt]:
    if not asked.files:
        return [_Prompt(None, None)]
    found = texts(asked.files)
    if asked.each:
        return [_Prompt(_request((text,)), name) for name, text in found]
    return [_Prompt(_request(tuple(text for _, text in found)), None)]


def _request(written: tuple[str, ...]) -> Request:
    parts = tuple(Text(text=text) for text in written)
    return Request(model="", items=(Said(role="user", parts=parts),))


def _rate(rates: prices.Rates | None, name: str) -> str | None:
    if rates is None:
        return None
    return dollars(rates.output if name == "output" else rates.input)


def _moment(day: str | None) -> datetime:
    """Noon of that day, so that no hour of it is favoured."""
    if day is None:
        return datetime.now(UTC)
    try:
        said = date.fromisoformat(day)
    except ValueError:
        raise BadRequest(f"--on {day} is no day.", advice="Write it as 2026-11-21.") from None
    return datetime(said.year, said.month, said.day, 12, tzinfo=UTC)
