"""The end of a row: its sums go over to its day, so that no total ever changes, and then it goes.

Both happen in one transaction for one bounded stretch of time, and nothing is read into memory.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from manymind.store.database import Database
from manymind.store.facts import (
    DAY_MICROS,
    SECOND_MICROS,
    SUMS,
    Wanted,
    Whose,
    day_rows,
    of_attempts,
)
from manymind.store.tables import ATTEMPT_DAYS as D
from manymind.store.tables import ATTEMPTS as A

BATCH = 2000
"""Rows that go at once. Others write between two batches."""

_GUARD = 0x72657461696E


class Retention:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def sweep(self, now: float, days: int) -> int:
        """Forget all that is older than so many days; gives how many rows that were. Of several
        servers on one database, one does it."""
        before = int(now * SECOND_MICROS) - days * DAY_MICROS
        return await self.forget(Whose(), before)

    async def forget(self, whose: Whose, before: int) -> int:
        """Forget somebody's rows that began before a moment."""
        gone = 0
        while more := await self._batch(whose, before):
            gone += more
        return gone

    async def _batch(self, whose: Whose, before: int) -> int:
        mine = of_attempts(whose, Wanted(until=before))
        async with self._database.writing() as connection:
            if not await _alone(connection):
                return 0
            oldest = select(A.c.at).where(mine).order_by(A.c.at).offset(BATCH - 1).limit(1)
            last = (await connection.execute(oldest)).scalar()
            bound = mine if last is None else and_(mine, A.c.at <= last)
            count = int(
                (
                    await connection.execute(select(func.count()).select_from(A).where(bound))
                ).scalar_one()
            )
            if count:
                await _remember(connection, bound)
                await connection.execute(delete(A).where(bound))
        return count


async def _alone(connection: AsyncConnection) -> bool:
    """Whether nobody else is at it. What is summed up and what is deleted must be the same rows,
    also while others write: all of the transaction sees one state of the table."""
    if connection.dialect.name != "postgresql":
        return True
    await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    locked = text("SELECT pg_try_advisory_xact_lock(:key)")
    return bool((await connection.execute(locked, {"key": _GUARD})).scalar())


async def _remember(connection: AsyncConnection, bound: ColumnElement[bool]) -> None:
    names, query = day_rows(bound)
    postgres = connection.dialect.name == "postgresql"
    adding: Any = postgresql.insert(D) if postgres else sqlite.insert(D)
    adding = adding.from_select(names, query)
    added = {name: D.c[name] + adding.excluded[name] for name in SUMS}
    await connection.execute(
        adding.on_conflict_do_update(
            index_elements=[column for column in D.primary_key],
            set_={**added, "app_title": adding.excluded.app_title},
        )
    )
