"""How the providers of a model have done of late: up or down, and how fast.

These are figures about providers, and about nobody's requests: they are summed over all owners.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Select, and_, case, func, select

from manymind.store.database import Database
from manymind.store.facts import PROVIDER_FAULTS, SECOND_MICROS, number
from manymind.store.tables import ATTEMPTS as A

WINDOWS = {"5m": 300, "30m": 1800, "1d": 86_400}
"""The stretches of time over which a provider is said to have been up."""
PERCENTILES = (50, 75, 90, 99)
MEASURED_SECONDS = 1800
MEASURED_MAX = 10_000
"""Percentiles are those of so many of the last attempts at an offer, and no more are looked at."""


class Percentiles(Struct, frozen=True):
    p50: float
    p75: float
    p90: float
    p99: float


class Figures(Struct, frozen=True, kw_only=True):
    """Of one offer. Shares are of 100; None where nobody asked. Latency is the milliseconds to
    the first word, throughput the tokens in a second."""

    uptime_5m: float | None = None
    uptime_30m: float | None = None
    uptime_1d: float | None = None
    latency: Percentiles | None = None
    throughput: Percentiles | None = None


class EndpointFigures:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, slug: str, now: float) -> Mapping[str, Figures]:
        """By offer, for one model at a moment in seconds since 1970."""
        moment = int(now * SECOND_MICROS)
        async with self._database.reading() as connection:
            up = (await connection.execute(_uptime(slug, moment))).all()
            latency = (await connection.execute(_latency(slug, moment))).all()
            throughput = (await connection.execute(_throughput(slug, moment))).all()
        slow = {row.offer: _percentiles(row, 1000.0) for row in latency}
        fast = {row.offer: _percentiles(row, 1000.0) for row in throughput}
        return {
            row.offer: Figures(
                uptime_5m=_share(row.ok_5m, row.bad_5m),
                uptime_30m=_share(row.ok_30m, row.bad_30m),
                uptime_1d=_share(row.ok_1d, row.bad_1d),
                latency=slow.get(row.offer),
                throughput=fast.get(row.offer),
            )
            for row in up
        }


def _uptime(slug: str, moment: int) -> Select[Any]:
    ok = A.c.outcome == "completed"
    bad = A.c.outcome.in_(PROVIDER_FAULTS)

    def when(condition: ColumnElement[bool], seconds: int) -> ColumnElement[int]:
        begun = A.c.at >= moment - seconds * SECOND_MICROS
        return func.sum(case((and_(condition, begun), 1), else_=0))

    counts = [
        when(condition, seconds).label(f"{name}_{window}")
        for window, seconds in WINDOWS.items()
        for name, condition in (("ok", ok), ("bad", bad))
    ]
    longest = moment - max(WINDOWS.values()) * SECOND_MICROS
    within = and_(A.c.slug == slug, A.c.at >= longest, A.c.at <= moment)
    return select(A.c.offer, *counts).where(within).group_by(A.c.offer)


def _latency(slug: str, moment: int) -> Select[Any]:
    return _ranked(slug, moment, A.c.first_micros, A.c.first_micros.is_not(None))


def _throughput(slug: str, moment: int) -> Select[Any]:
    """Thousandths of a token in a second, in whole numbers. A streamed answer is timed from its
    first word on; of a whole one nobody saw when that was."""
    seen = case(
        (and_(A.c.streamed, A.c.first_micros.is_not(None)), A.c.micros - A.c.first_micros),
        else_=A.c.micros,
    )
    lasted = case((seen > 0, seen), else_=1)
    said = A.c.output_tokens * (1000 * SECOND_MICROS) // lasted
    return _ranked(slug, moment, said, and_(A.c.output_tokens > 0, A.c.estimated.is_(False)))


def _ranked(
    slug: str, moment: int, value: ColumnElement[int], counts: ColumnElement[bool]
) -> Select[Any]:
    """The nearest rank of each percentile, for each offer: what both databases can say alike."""
    since = moment - MEASURED_SECONDS * SECOND_MICROS
    within = and_(A.c.slug == slug, A.c.at >= since, A.c.at <= moment)
    measured = (
        select(A.c.offer, value.label("value"))
        .where(within, A.c.outcome == "completed", counts)
        .order_by(A.c.at.desc())
        .limit(MEASURED_MAX)
        .subquery("measured")
    )
    rank = func.row_number().over(partition_by=measured.c.offer, order_by=measured.c.value)
    of = func.count().over(partition_by=measured.c.offer)
    ranked = select(
        measured.c.offer, measured.c.value, rank.label("rank"), of.label("of")
    ).subquery("ranked")
    points = [
        func.min(
            case((ranked.c.rank * number(100) >= ranked.c.of * number(point), ranked.c.value))
        ).label(f"p{point}")
        for point in PERCENTILES
    ]
    return select(ranked.c.offer, *points).group_by(ranked.c.offer)


def _percentiles(row: Row[Any], divisor: float) -> Percentiles:
    return Percentiles(*(int(getattr(row, f"p{point}")) / divisor for point in PERCENTILES))


def _share(ok: int, bad: int) -> float | None:
    counted = int(ok) + int(bad)
    return None if counted == 0 else round(100 * int(ok) / counted, 3)
