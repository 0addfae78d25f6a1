"""What is still to be told by webhook. It outlives the process: told at least once, or given up
after a while, and then there is a record of that."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import and_, delete, func, insert, select, update

from manymind.store.database import Database
from manymind.store.facts import SECOND_MICROS
from manymind.store.tables import WEBHOOK_OUTBOX as O

WAITING, TOLD, GIVEN_UP = "waiting", "told", "given_up"


class Due(Struct, frozen=True, kw_only=True):
    """One message to one endpoint. `at` is when it came about, in seconds since 1970; `due` is
    the moment by which it is known to be still ours."""

    owner: str
    id: str
    endpoint: str
    at: float
    due: int
    tries: int
    body: bytes


class WebhookOutbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, owner: str, name: str, at: float, endpoints: Sequence[str], body: bytes
    ) -> None:
        micros = int(at * SECOND_MICROS)
        rows = [
            {
                "owner": owner,
                "id": name,
                "endpoint": endpoint,
                "at": micros,
                "due_at": micros,
                "tries": 0,
                "state": WAITING,
                "said": None,
                "body": body,
            }
            for endpoint in endpoints
        ]
        async with self._database.writing() as connection:
            await connection.execute(insert(O), rows)

    async def take(self, now: float, lease_seconds: float, limit: int = 20) -> tuple[Due, ...]:
        """Messages whose time has come, for this server alone as long as its lease runs. Whoever
        dies meanwhile leaves them to the next."""
        moment = int(now * SECOND_MICROS)
        until = moment + int(lease_seconds * SECOND_MICROS)
        ripe = select(O).where(O.c.state == WAITING, O.c.due_at <= moment)
        taken: list[Due] = []
        async with self._database.writing() as connection:
            rows = (await connection.execute(ripe.order_by(O.c.due_at).limit(limit))).all()
            for row in sorted(rows, key=lambda row: (row.owner, row.id, row.endpoint)):
                this = and_(O.c.owner == row.owner, O.c.id == row.id, O.c.endpoint == row.endpoint)
                mine = and_(this, O.c.state == WAITING, O.c.due_at == row.due_at)
                claim = update(O).where(mine).values(due_at=until, tries=O.c.tries + 1)
                if (await connection.execute(claim)).rowcount == 1:
                    taken.append(
                        Due(
                            owner=row.owner,
                            id=row.id,
                            endpoint=row.endpoint,
                            at=row.at / SECOND_MICROS,
                            due=until,
                            tries=row.tries + 1,
                            body=row.body,
                        )
                    )
        return tuple(taken)

    async def told(self, due: Due, said: str) -> None:
        await self._set(due, state=TOLD, said=said)

    async def again(self, due: Due, at: float, said: str) -> None:
        await self._set(due, due_at=int(at * SECOND_MICROS), said=said)

    async def give_up(self, due: Due, said: str) -> None:
        await self._set(due, state=GIVEN_UP, said=said)

    async def waiting(self) -> int:
        query = select(func.count()).select_from(O).where(O.c.state == WAITING)
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def next_due(self) -> float | None:
        """When the next message is to be tried, in seconds since 1970."""
        query = select(func.min(O.c.due_at)).where(O.c.state == WAITING)
        async with self._database.reading() as connection:
            found = (await connection.execute(query)).scalar()
        return None if found is None else int(found) / SECOND_MICROS

    async def forget(self, before: float) -> None:
        """What is over, and came about before a moment."""
        over = and_(O.c.state != WAITING, O.c.at < int(before * SECOND_MICROS))
        async with self._database.writing() as connection:
            await connection.execute(delete(O).where(over))

    async def _set(self, due: Due, **values: object) -> None:
        this = and_(O.c.owner == due.owner, O.c.id == due.id, O.c.endpoint == due.endpoint)
        mine = and_(this, O.c.state == WAITING, O.c.due_at == due.due)
        async with self._database.writing() as connection:
            await connection.execute(update(O).where(mine).values(**values))
