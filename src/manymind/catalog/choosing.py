"""Filters and orders for lists of models, in the words of OpenRouter's list."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from manymind.canon.faults import BadRequest
from manymind.canon.values import Ticks
from manymind.catalog.kinds import kind
from manymind.catalog.listing import Row
from manymind.catalog.prices import MILLION

LIMIT_MAX = 1000
ANY = "all"
CHEAP_FIRST, DEAR_FIRST = "pricing-low-to-high", "pricing-high-to-low"
SORTS = (CHEAP_FIRST, DEAR_FIRST, "context-high-to-low", "newest")
UNMEASURED_SORTS = (
    "most-popular",
    "top-weekly",
    "throughput-high-to-low",
    "latency-low-to-high",
    "intelligence-high-to-low",
    "coding-high-to-low",
    "agentic-high-to-low",
    "design-arena-elo-high-to-low",
)
UNKNOWN = (
    "category",
    "distillable",
    "region",
    "use_rss",
    "use_rss_chat_links",
    "zdr",
    "min_agentic_index",
    "max_agentic_index",
    "min_coding_index",
    "max_coding_index",
    "min_intelligence_index",
    "max_intelligence_index",
    "min_tool_success_rate",
    "max_tool_success_rate",
)
"""Filters of OpenRouter's that we have no data for. To ignore one would answer another question."""

KNOWN = (
    "arch",
    "context",
    "input_modalities",
    "limit",
    "max_age_days",
    "max_output_price",
    "max_price",
    "min_age_days",
    "min_output_price",
    "min_price",
    "model_authors",
    "offset",
    "output_modalities",
    "providers",
    "q",
    "sort",
    "supported_parameters",
)

_COUNT_MAX = 10**12
_TEXT_MAX = 500


class Between(Struct, frozen=True):
    """From the least to the most, both included; None is no bound."""

    least: Decimal | None = None
    most: Decimal | None = None

    def holds(self, value: Decimal | None) -> bool:
        """What is not known lies within no bounds, but where there are none."""
        if self.least is None and self.most is None:
            return True
        if value is None:
            return False
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )


class Wanted(Struct, frozen=True, kw_only=True):
    """What a list shall hold. Empty tuples mean: whatever. Prices are dollars for a million
    tokens; `words` must all stand in the name or the slug."""

    words: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    context: int = 0
    price: Between = Between()
    output_price: Between = Between()
    age_days: Between = Between()
    sort: str | None = None
    offset: int = 0
    limit: int | None = None


def wanted(query: Mapping[str, str]) -> Wanted:
    """What the parameters of a query ask for; raises `BadRequest` with the field."""
    for name in UNKNOWN:
        if query.get(name):
            raise BadRequest(
                f"Models cannot be filtered by {name} here: nothing is known of it.",
                advice=f"Leave it out. Filters are {', '.join(KNOWN)}.",
                field=name,
            )
    return Wanted(
        words=tuple(query.get("q", "").lower().split())[:20],
        parameters=_listed(query, "supported_parameters"),
        inputs=_listed(query, "input_modalities"),
        outputs=_listed(query, "output_modalities") or ("text",),
        authors=_listed(query, "model_authors"),
        providers=_listed(query, "providers"),
        kinds=_listed(query, "arch"),
        context=_count(query, "context") or 0,
        price=_between(query, "min_price", "max_price"),
        output_price=_between(query, "min_output_price", "max_output_price"),
        age_days=_between(query, "min_age_days", "max_age_days"),
        sort=_sort(query.get("sort") or None),
        offset=_count(query, "offset") or 0,
        limit=_limit(query),
    )


def chosen(rows: Iterable[Row], by: Wanted, today: date) -> tuple[Row, ...]:
    """The rows that are wanted, in the order that is wanted; all pages of them."""
    found = [row for row in rows if _fits(row, by, today)]
    order = _ORDERS.get(by.sort or "")
    if order is not None:
        found.sort(key=order)
    return tuple(found)


def per_million(price: str | None) -> Decimal | None:
    """Dollars for a million tokens, of what is written for one."""
    return None if price is None else Decimal(price) * MILLION


def _fits(row: Row, by: Wanted, today: date) -> bool:
    return (
        (row.context or 0) >= by.context
        and set(by.parameters) <= {*row.parameters}
        and set(by.inputs) <= {*row.inputs}
        and (not by.outputs or ANY in by.outputs or bool({*by.outputs} & {*row.outputs}))
        and _named(row, by)
        and by.price.holds(per_million(row.prompt_price))
        and by.output_price.holds(per_million(row.completion_price))
        and by.age_days.holds(_age(row, today))
    )


def _named(row: Row, by: Wanted) -> bool:
    text = f"{row.id} {row.name}".lower()
    return (
        all(word in text for word in by.words)
        and (not by.authors or row.owner.lower() in by.authors)
        and (not by.providers or bool({*by.providers} & {each.provider for each in row.offers}))
        and (not by.kinds or kind(row.id).lower() in by.kinds)
    )


def _age(row: Row, today: date) -> Decimal | None:
    if not row.created:
        return None
    return Decimal((today - datetime.fromtimestamp(row.created, UTC).date()).days)


def _average(row: Row) -> Decimal | None:
    prices = (per_million(row.prompt_price), per_million(row.completion_price))
    return None if None in prices else sum((each for each in prices if each), Decimal()) / 2


def _by_price(sign: int) -> Callable[[Row], tuple[bool, Decimal]]:
    def order(row: Row) -> tuple[bool, Decimal]:
        price = _average(row)
        return price is None, sign * (price or Decimal())

    return order


_ORDERS: Mapping[str, Callable[[Row], tuple[bool, Ticks | Decimal]]] = {
    CHEAP_FIRST: _by_price(1),
    DEAR_FIRST: _by_price(-1),
    "context-high-to-low": lambda row: (row.context is None, -(row.context or 0)),
    "newest": lambda row: (not row.created, -row.created),
}
"""What is not known comes last, whichever way the order goes."""


def _sort(name: str | None) -> str | None:
    if name is None or name in SORTS:
        return name
    why = "nothing is measured for it here" if name in UNMEASURED_SORTS else "no such order"
    raise BadRequest(
        f"Models cannot be sorted by {name[:60]}: {why}.",
        advice=f"Orders are {', '.join(SORTS)}.",
        field="sort",
    )


def _limit(query: Mapping[str, str]) -> int | None:
    limit = _count(query, "limit")
    if limit is None or 1 <= limit <= LIMIT_MAX:
        return limit
    raise BadRequest(f"limit is {limit:,}, and must be 1 to {LIMIT_MAX:,}.", field="limit")


def _listed(query: Mapping[str, str], name: str) -> tuple[str, ...]:
    said = query.get(name, "")[:_TEXT_MAX].lower().split(",")
    return tuple(each.strip() for each in said if each.strip())


def _count(query: Mapping[str, str], name: str) -> int | None:
    said = query.get(name)
    if not said:
        return None
    if not said.isascii() or not said.isdecimal() or len(said) > 13:
        raise BadRequest(f"{name} must be a whole number, 0 or more.", field=name)
    return min(int(said), _COUNT_MAX)


def _between(query: Mapping[str, str], least: str, most: str) -> Between:
    return Between(_number(query, least), _number(query, most))


def _number(query: Mapping[str, str], name: str) -> Decimal | None:
    said = query.get(name)
    if not said:
        return None
    try:
        number = Decimal(said[:30])
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or number < 0 or number.adjusted() > 12:
        raise BadRequest(f"{name} must be a number, 0 or more.", field=name)
    return number
