"""One change of the accounts at a time, so that changes become visible in the order of their
numbers: whoever has seen one has seen all before it."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

from msgspec import Struct
from sqlalchemy import and_, delete, func, insert, select, text, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from manymind.canon.faults import BadRequest
from manymind.canon.ports import Clock
from manymind.store.answers import Window
from manymind.store.database import Database
from manymind.store.tables import ACCOUNT_CHANGES as A
from manymind.store.tables import KEYS as K
from manymind.store.tables import TENANTS as T

_TURN = 0x6D616E796D6B6579
"""The lock that a change holds on PostgreSQL. SQLite lets one write at a time anyhow."""

_NEWEST = union_all(
    select(func.max(K.c.changed_at)), select(func.max(T.c.changed_at)), select(func.max(A.c.at))
)

KEPT_DAYS = 400
"""So long is known who changed what."""

_DAY_MICROS = 86_400_000_000


class Change(Struct, frozen=True, kw_only=True):
    """`at` is in microseconds since 1970, and unique. `fields` are the names of what changed."""

    at: int
    tenant: str
    actor: str
    action: str
    kind: str
    subject: str
    fields: tuple[str, ...]


class Changing:
    """A change that is under way. `at` is its number."""

    def __init__(self, connection: AsyncConnection, at: int) -> None:
        self.connection = connection
        self.at = at

    @property
    def seconds(self) -> int:
        return self.at // 1_000_000

    async def touch(self, tenant: str) -> None:
        """Have every server look up again what it knows of a tenant's keys."""
        touched = update(T).where(T.c.owner == tenant).values(changed_at=self.at)
        await self.connection.execute(touched)

    async def note(
        self,
        tenant: str,
        actor: str,
        action: str,
        kind: str,
        subject: str,
        fields: Iterable[str] = (),
    ) -> None:
        row = {
            "owner": tenant,
            "at": self.at,
            "actor": actor,
            "action": action,
            "kind": kind,
            "subject": subject,
            "fields": ",".join(sorted(fields)),
        }
        await self.connection.execute(insert(A).values(row))
        await self.connection.execute(delete(A).where(A.c.at < self.at - KEPT_DAYS * _DAY_MICROS))


@asynccontextmanager
async def changing(database: Database, clock: Clock) -> AsyncGenerator[Changing]:
    """All of the block, or none of it, is done."""
    async with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TURN})
        newest = (await connection.execute(_NEWEST)).scalars()
        at = max(int(clock.today() * 1_000_000), *(1 + (each or 0) for each in newest))
        yield Changing(connection, at)


async def changes(database: Database, tenant: str, window: Window) -> tuple[Change, ...]:
    """What was changed of a tenant. `after` is the number of a change."""
    wanted = [A.c.owner == tenant]
    if window.after is not None:
        if not window.after.isdecimal() or len(window.after) > 18:
            raise BadRequest("The list has no item of the id in after.", field="after")
        at = int(window.after)
        wanted.append(A.c.at > at if window.oldest_first else A.c.at < at)
    order = A.c.at if window.oldest_first else A.c.at.desc()
    async with database.reading() as connection:
        query = select(A).where(and_(*wanted)).order_by(order).limit(window.limit)
        rows = (await connection.execute(query)).all()
    return tuple(
        Change(
            at=row.at,
            tenant=row.owner,
            actor=row.actor,
            action=row.action,
            kind=row.kind,
            subject=row.subject,
            fields=tuple(row.fields.split(",")) if row.fields else (),
        )
        for row in rows
    )
