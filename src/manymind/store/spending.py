"""What keys have spent, summed up by the database out of the ledger."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from sqlalchemy import and_, case, func, select

from manymind.canon.budgets import Period
from manymind.canon.ports import Clock
from manymind.canon.values import Ticks
from manymind.canon.windows import window
from manymind.store.database import Database
from manymind.store.tables import ATTEMPTS as A

_PERIODS: tuple[Period, ...] = ("day", "week", "month")


class Spending(Struct, frozen=True, kw_only=True):
    """In all, and in the day, week and month that it is now, in UTC."""

    total: Ticks = 0
    day: Ticks = 0
    week: Ticks = 0
    month: Ticks = 0


class Spent:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def by_keys(self, tenant: str, keys: Sequence[str]) -> Mapping[str, Spending]:
        """Of keys that spent nothing there is nothing."""
        now = self._clock.today()
        sums = [func.sum(A.c.ticks).label("total")]
        for period in _PERIODS:
            since = window(period, now).begins_at * 1_000_000
            within = case((A.c.at >= since, A.c.ticks), else_=0)
            sums.append(func.sum(within).label(period))
        wanted = and_(A.c.owner == tenant, A.c.api_key.in_(keys))
        query = select(A.c.api_key, *sums).where(wanted).group_by(A.c.api_key)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return {
            row.api_key: Spending(
                total=int(row.total), day=int(row.day), week=int(row.week), month=int(row.month)
            )
            for row in rows
        }

    async def by_tenant(self, tenant: str) -> Ticks:
        query = select(func.sum(A.c.ticks)).where(A.c.owner == tenant)
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar() or 0)
