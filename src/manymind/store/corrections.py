"""Rows of the ledger that were charged by what had arrived, set right by what the provider said
afterwards, and the budgets with them, in one transaction."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, and_, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from manymind.canon.attempts import Attempt
from manymind.canon.usage import Usage
from manymind.canon.windows import window
from manymind.store.database import Database
from manymind.store.leases import Place, in_window
from manymind.store.ledger_rows import COUNT_MAX
from manymind.store.tables import ATTEMPTS as A
from manymind.store.tables import BUDGET_WINDOWS as W
from manymind.store.tables import BUDGETS as B

ARRIVED, LATE = "arrived", "late"


class Corrected(Struct, frozen=True):
    """By how much the row changed. It was `exceeded` where that is more than was reserved of a
    budget."""

    ticks: int
    tokens: int
    exceeded: bool


class Corrections:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def book(self, late: Attempt, lines: bytes | None) -> Corrected | None:
        """Charge an attempt what its bill says now. A row is corrected once; None where there is
        none to correct."""
        usage = late.bill.usage or Usage()
        ticks = _count(late.bill.ticks)
        tokens = _count(_count(usage.input_tokens) + _count(usage.output_tokens))
        async with self._database.writing() as connection:
            query = select(A).where(_the_row(late)).with_for_update()
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                return None
            more = {"ticks": ticks - row.ticks, "tokens": tokens - row.tokens}
            exceeded = False
            for unit, place in sorted(await _places(connection, row), key=_order):
                exceeded = exceeded or _exceeds(late, unit, ticks, tokens)
                await _book(connection, place, more[unit])
            news = {
                "basis": LATE,
                "ticks": ticks,
                "tokens": tokens,
                "flagged": row.flagged or exceeded,
                "estimated": False,
                "input_tokens": _count(usage.input_tokens),
                "cached_tokens": _count(usage.cached_tokens),
                "output_tokens": _count(usage.output_tokens),
                "reasoning_tokens": _count(usage.reasoning_tokens),
                "lines": lines,
            }
            await connection.execute(update(A).where(_the_row(late)).values(**news))
            return Corrected(more["ticks"], more["tokens"], exceeded)


def _the_row(late: Attempt) -> ColumnElement[bool]:
    origin = late.origin
    return and_(
        A.c.owner == origin.tenant,
        A.c.request == origin.request,
        A.c.key == late.key,
        A.c.reply == late.reply.replace("\0", ""),
        A.c.basis == ARRIVED,
    )


async def _places(connection: AsyncConnection, row: Row[Any]) -> list[tuple[str, Place]]:
    """The windows in which the row counts, with their units: of budgets that were there when it
    was made. Requests were counted already."""
    scopes = (
        ("tenant", row.owner),
        ("user", row.user),
        ("key", row.api_key),
        ("route", row.route),
        ("feature", row.feature),
    )
    theirs = or_(*(and_(B.c.scope == scope, B.c.subject == subject) for scope, subject in scopes))
    query = select(B.c.id, B.c.unit, B.c.period).where(
        B.c.owner == row.owner,
        theirs,
        B.c.unit.in_(("ticks", "tokens")),
        B.c.created_at <= row.at,
    )
    found = (await connection.execute(query)).all()
    return list(_windows(row, found))


def _windows(row: Row[Any], budgets: Any) -> Iterator[tuple[str, Place]]:
    for name, unit, period in budgets:
        yield unit, Place(row.owner, name, window(period, row.at / 1e6).begins_at)


async def _book(connection: AsyncConnection, place: Place, more: int) -> None:
    spent = W.c.spent + more
    await connection.execute(
        update(W).where(in_window(place)).values(spent=case((spent < 0, 0), else_=spent))
    )


def _exceeds(late: Attempt, unit: str, ticks: int, tokens: int) -> bool:
    return ticks > late.reserved if unit == "ticks" else tokens > late.reserved_tokens


def _order(found: tuple[str, Place]) -> tuple[str, str, int]:
    """All servers book windows in this order, so that none waits for one that waits for it."""
    place = found[1]
    return place.owner, place.budget, place.begins_at


def _count(said: int) -> int:
    return max(0, min(said, COUNT_MAX))
