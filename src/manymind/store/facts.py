"""Attempts as they are summed up: those that still have a row, and the days of those that had.

All of it is reckoned by the database, in whole numbers and in words that SQLite and PostgreSQL
both understand. A moment is in microseconds since 1970, a day is its number since then.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    Table,
    and_,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
    union_all,
)

from manymind.store.tables import ATTEMPT_DAYS as D
from manymind.store.tables import ATTEMPTS as A

SECOND_MICROS = 1_000_000
HOUR_MICROS = 3600 * SECOND_MICROS
DAY_MICROS = 24 * HOUR_MICROS

PROVIDER_FAULTS = ("upstream_error", "stream_cut", "timeout", "overloaded", "upstream_unauthorized")
"""Outcomes that are held against a provider. Who hung up, and who asked for what nobody can do,
is not."""
LIMITED = "rate_limit_exceeded"

DIMENSIONS = ("model", "provider", "key", "user", "feature", "app", "route", "arm", "tenant")
"""What attempts can be told apart by."""
PERIODS = ("hour", "day", "week", "month")

SUMS = (
    "requests",
    "attempts",
    "completed",
    "failed",
    "limited",
    "ticks",
    "input_tokens",
    "cached_tokens",
    "written_tokens",
    "output_tokens",
    "reasoning_tokens",
)

_COLUMNS = {
    "model": "slug",
    "provider": "provider",
    "key": "api_key",
    "user": "user",
    "feature": "feature",
    "app": "app",
    "route": "route",
    "arm": "arm",
    "tenant": "owner",
}


class Whose(Struct, frozen=True, kw_only=True):
    """Whose attempts may be seen: those of a tenant, or of one key of it. None is everybody's."""

    tenant: str | None = None
    key: str | None = None


class Wanted(Struct, frozen=True, kw_only=True):
    """Which attempts are meant, from `since` until just before `until`. `outcome` may also be
    failed, which is all that did not come to a good end; what has only its day left has none."""

    since: int | None = None
    until: int | None = None
    model: str | None = None
    provider: str | None = None
    key: str | None = None
    user: str | None = None
    feature: str | None = None
    app: str | None = None
    route: str | None = None
    arm: str | None = None
    outcome: str | None = None


def number(value: int) -> ColumnElement[int]:
    """A number that stands in the text: two databases group by what looks the same."""
    return literal_column(str(int(value)), BigInteger)


def dimension(source: Subquery, name: str) -> ColumnElement[str]:
    return source.c[_COLUMNS[name]]


def of_attempts(whose: Whose, wanted: Wanted) -> ColumnElement[bool]:
    """Those attempts that still have a row. What is held for a budget is none."""
    terms = [A.c.budget.is_(None), *_matching(A, whose, wanted)]
    if wanted.since is not None:
        terms.append(A.c.at >= wanted.since)
    if wanted.until is not None:
        terms.append(A.c.at < wanted.until)
    if wanted.outcome == "failed":
        terms.append(A.c.outcome != "completed")
    elif wanted.outcome is not None:
        terms.append(A.c.outcome == wanted.outcome)
    return and_(*terms)


def facts(
    whose: Whose, wanted: Wanted, by: Sequence[str], period: str | None, *, titles: bool = False
) -> Subquery:
    """One line for each period and combination of dimensions on either side; two sides at the
    most, so that whoever reads it sums once more. `titles` are those of apps."""
    names = [_COLUMNS[name] for name in by]
    bucket = number(0) if period is None else _bucket(A.c.at, period)
    rows = (
        select(
            bucket.label("bucket"),
            *(A.c[name] for name in names),
            *([func.max(A.c.app_title).label("app_title")] if titles else []),
            *_counted(),
        )
        .where(of_attempts(whose, wanted))
        .group_by("bucket", *(A.c[name] for name in names))
    )
    if period == "hour":
        return rows.subquery("facts")
    day = D.c.day * number(DAY_MICROS)
    bucket = number(0) if period is None else _bucket(day, period)
    terms = _matching(D, whose, wanted)
    if wanted.since is not None:
        terms.append(D.c.day >= wanted.since // DAY_MICROS)
    if wanted.until is not None:
        terms.append(D.c.day * number(DAY_MICROS) < wanted.until)
    days = (
        select(
            bucket.label("bucket"),
            *(D.c[name] for name in names),
            *([func.max(D.c.app_title).label("app_title")] if titles else []),
            *(func.sum(D.c[name]).label(name) for name in SUMS),
        )
        .where(and_(*terms))
        .group_by("bucket", *(D.c[name] for name in names))
    )
    return union_all(rows, days).subquery("facts")


def summed(source: Subquery) -> list[ColumnElement[int]]:
    """The sums of a source that holds sums. PostgreSQL would make them fractions."""
    return [
        cast(func.coalesce(func.sum(source.c[name]), number(0)), BigInteger).label(name)
        for name in SUMS
    ]


def _counted() -> list[ColumnElement[int]]:
    """What one attempt adds to each sum. A request is counted where its own first attempt is, so
    that requests add up however they are told apart."""

    def when(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, number(1)), else_=number(0)))

    first = A.c.key == A.c.request.concat(literal_column("'/attempt-1'"))
    counted = {
        "requests": when(first),
        "attempts": func.count(),
        "completed": when(A.c.outcome == literal_column("'completed'")),
        "failed": when(A.c.outcome.in_([literal_column(f"'{code}'") for code in PROVIDER_FAULTS])),
        "limited": when(A.c.outcome == literal_column(f"'{LIMITED}'")),
    }
    return [
        counted[name].label(name) if name in counted else func.sum(A.c[name]).label(name)
        for name in SUMS
    ]


def day_rows(bound: ColumnElement[bool]) -> tuple[list[str], Select[Any]]:
    """What is to be remembered of the attempts within a bound when they are deleted: the columns
    of the days, and the query that fills them."""
    names = ["owner", *(name for name in _COLUMNS.values() if name != "owner")]
    day = (A.c.at // number(DAY_MICROS)).label("day")
    query = (
        select(
            day,
            *(A.c[name] for name in names),
            func.max(A.c.app_title).label("app_title"),
            *_counted(),
        )
        .where(bound)
        .group_by("day", *(A.c[name] for name in names))
    )
    return ["day", *names, "app_title", *SUMS], query


def _matching(table: Table, whose: Whose, wanted: Wanted) -> list[ColumnElement[bool]]:
    """What both tables can be asked."""
    said = (
        ("owner", whose.tenant),
        ("api_key", whose.key),
        ("slug", wanted.model),
        ("provider", wanted.provider),
        ("api_key", wanted.key),
        ("user", wanted.user),
        ("feature", wanted.feature),
        ("app", wanted.app),
        ("route", wanted.route),
        ("arm", wanted.arm),
    )
    terms = [table.c[column] == value for column, value in said if value is not None]
    return [true(), *terms]


def _bucket(at: ColumnElement[int], period: str) -> ColumnElement[int]:
    """The moment at which the period begins that a moment lies in."""
    if period == "hour":
        return at // number(HOUR_MICROS) * number(HOUR_MICROS)
    day = at // number(DAY_MICROS)
    begins = {"day": day, "week": _monday(day), "month": _first(day)}[period]
    return begins * number(DAY_MICROS)


def _monday(day: ColumnElement[int]) -> ColumnElement[int]:
    """The day of 1970 that all count from was a Thursday."""
    return (day + number(3)) // number(7) * number(7) - number(3)


def _first(day: ColumnElement[int]) -> ColumnElement[int]:
    """The first of the month, by the arithmetic of the calendar: in years that begin in March
    leap days come last, and months repeat by 153 days in five."""
    shifted = day + number(719_468)
    of_era = shifted - shifted // number(146_097) * number(146_097)
    year = (
        of_era - of_era // number(1460) + of_era // number(36_524) - of_era // number(146_096)
    ) // number(365)
    of_year = of_era - (number(365) * year + year // number(4) - year // number(100))
    month = (number(5) * of_year + number(2)) // number(153)
    return day - (of_year - (number(153) * month + number(2)) // number(5))
