"""How fast keys spend, by the rows of the ledger."""

from msgspec import Struct
from sqlalchemy import case, func, select

from manymind.canon.ports import Clock
from manymind.canon.values import Ticks
from manymind.store.database import Database
from manymind.store.tables import ATTEMPTS as A

_HOUR, _DAY = 3600, 24 * 3600
DAYS = 7


class Pace(Struct, frozen=True):
    """What a key spent within the last hour, and in an average hour of the week before; None
    where it has not spent for a day yet."""

    hour: Ticks
    usual: Ticks | None


class Paces:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of(self, owner: str, key: str) -> Pace:
        now = self._clock.today()
        began = int((now - _HOUR) * 1e6)
        query = select(
            func.coalesce(func.sum(case((A.c.at >= began, A.c.ticks), else_=0)), 0),
            func.coalesce(func.sum(case((A.c.at < began, A.c.ticks), else_=0)), 0),
            func.coalesce(func.min(A.c.at), began),
        ).where(A.c.owner == owner, A.c.api_key == key, A.c.at >= began - DAYS * _DAY * 1_000_000)
        async with self._database.reading() as connection:
            hour, before, first = (await connection.execute(query)).one()
        seconds = (began - int(first)) / 1e6
        if seconds < _DAY:
            return Pace(int(hour), None)
        return Pace(int(hour), int(int(before) * _HOUR // int(seconds)))
