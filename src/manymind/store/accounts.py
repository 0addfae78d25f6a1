"""Tenants and their users."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, Table, and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from manymind.canon.accounts import Tenant, User
from manymind.canon.faults import BadRequest, Conflict, NotFound
from manymind.canon.origins import OPERATOR
from manymind.canon.ports import Clock
from manymind.store.answers import Window
from manymind.store.changing import changing
from manymind.store.database import Database, harmless
from manymind.store.tables import (
    ANSWER_ITEMS,
    ANSWERS,
    BUDGET_WINDOWS,
    BUDGETS,
    CONVERSATION_ITEMS,
    CONVERSATIONS,
)
from manymind.store.tables import KEYS as K
from manymind.store.tables import TENANTS as T
from manymind.store.tables import USERS as U

USERS_MAX = 10_000
"""Users of one tenant."""

_OWNED = (
    ANSWER_ITEMS,
    ANSWERS,
    CONVERSATION_ITEMS,
    CONVERSATIONS,
    BUDGET_WINDOWS,
    BUDGETS,
    U,
)
"""What goes with a tenant. Its rows in the ledger stay: others' books add up with them."""

_Found: TypeAlias = Row[Any]


class Accounts:
    """Every change says `by` whom it is made. What is given as None stays as it is."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def note(
        self,
        tenant: str,
        actor: str,
        action: str,
        kind: str,
        subject: str,
        fields: tuple[str, ...] = (),
    ) -> None:
        """Have it known that something was changed that is kept elsewhere."""
        async with changing(self._database, self._clock) as change:
            await change.note(tenant, actor, action, kind, subject, fields)

    async def create_tenant(self, tenant: str, name: str, *, by: str) -> Tenant:
        async with changing(self._database, self._clock) as change:
            row = {"owner": tenant, "name": name, "created_at": change.at}
            row |= {"changed_at": change.at, "disabled": False}
            await change.connection.execute(insert(T).values(row))
            await change.note(tenant, by, "created", "tenant", tenant, ("name",))
        return Tenant(id=tenant, name=name, created_at=change.seconds)

    async def tenant(self, tenant: str) -> Tenant:
        async with self._database.reading() as connection:
            return await _tenant(connection, tenant)

    async def tenants(self, window: Window) -> tuple[Tenant, ...]:
        async with self._database.reading() as connection:
            query = await listing(connection, T, T.c.owner, (), window)
            rows = (await connection.execute(query)).all()
        return tuple(map(_as_tenant, rows))

    async def amend_tenant(
        self, tenant: str, name: str | None, disabled: bool | None, *, by: str
    ) -> Tenant:
        fields = _given(name=name, disabled=disabled)
        if disabled and tenant == OPERATOR:
            raise BadRequest("The operator's own tenant cannot be disabled.", field="disabled")
        async with changing(self._database, self._clock) as change:
            await _tenant(change.connection, tenant)
            changed = update(T).where(T.c.owner == tenant).values(**fields, changed_at=change.at)
            await change.connection.execute(changed)
            await change.note(tenant, by, "changed", "tenant", tenant, fields)
            return await _tenant(change.connection, tenant)

    async def forget_tenant(self, tenant: str, *, by: str) -> None:
        """With all that it kept. Its keys go first, one by one: they may be in use."""
        if tenant == OPERATOR:
            raise BadRequest("The operator's own tenant cannot be deleted.")
        async with changing(self._database, self._clock) as change:
            await _tenant(change.connection, tenant)
            await _without_keys(change.connection, K.c.owner == tenant, "tenant")
            for table in _OWNED:
                await change.connection.execute(delete(table).where(table.c.owner == tenant))
            await change.connection.execute(delete(T).where(T.c.owner == tenant))
            await change.note(OPERATOR, by, "deleted", "tenant", tenant)

    async def create_user(self, tenant: str, user: str, name: str, *, by: str) -> User:
        async with changing(self._database, self._clock) as change:
            await _tenant(change.connection, tenant)
            count = select(func.count()).where(U.c.owner == tenant)
            if (await change.connection.execute(count)).scalar_one() >= USERS_MAX:
                raise Conflict(f"A tenant may have {USERS_MAX:,} users.")
            row = {"owner": tenant, "id": user, "name": name, "disabled": False}
            await change.connection.execute(insert(U).values(**row, created_at=change.at))
            await change.note(tenant, by, "created", "user", user, ("name",))
        return User(tenant=tenant, id=user, name=name, created_at=change.seconds)

    async def user(self, tenant: str, user: str) -> User:
        async with self._database.reading() as connection:
            return await found_user(connection, tenant, user)

    async def users(self, tenant: str, window: Window) -> tuple[User, ...]:
        async with self._database.reading() as connection:
            query = await listing(connection, U, U.c.id, (U.c.owner == tenant,), window)
            rows = (await connection.execute(query)).all()
        return tuple(map(_as_user, rows))

    async def amend_user(
        self, tenant: str, user: str, name: str | None, disabled: bool | None, *, by: str
    ) -> User:
        fields = _given(name=name, disabled=disabled)
        async with changing(self._database, self._clock) as change:
            await found_user(change.connection, tenant, user)
            one = and_(U.c.owner == tenant, U.c.id == user)
            if fields:
                await change.connection.execute(update(U).where(one).values(**fields))
            await change.touch(tenant)
            await change.note(tenant, by, "changed", "user", user, fields)
            return await found_user(change.connection, tenant, user)

    async def forget_user(self, tenant: str, user: str, *, by: str) -> None:
        async with changing(self._database, self._clock) as change:
            await found_user(change.connection, tenant, user)
            its = and_(K.c.owner == tenant, K.c.user == user)
            await _without_keys(change.connection, its, "user")
            one = and_(U.c.owner == tenant, U.c.id == user)
            await change.connection.execute(delete(U).where(one))
            await change.note(tenant, by, "deleted", "user", user)


async def listing(
    connection: AsyncConnection,
    table: Table,
    name: ColumnElement[str],
    wanted: tuple[ColumnElement[bool], ...],
    window: Window,
) -> Select[Any]:
    """A query for those of a table's rows that a window shows, by the time of their making."""
    made = table.c.created_at
    if window.after is not None:
        at = None
        if harmless(window.after):
            one = select(made).where(and_(*wanted, name == window.after))
            at = (await connection.execute(one)).scalar()
        if at is None:
            raise BadRequest("The list has no item of the id in after.", field="after")
        later, same = (made > at, name > window.after)
        if not window.oldest_first:
            later, same = (made < at, name < window.after)
        wanted = (*wanted, later | and_(made == at, same))
    order = (made, name) if window.oldest_first else (made.desc(), name.desc())
    return select(table).where(and_(True, *wanted)).order_by(*order).limit(window.limit)


async def found_user(connection: AsyncConnection, tenant: str, user: str) -> User:
    row: _Found | None = None
    if harmless(user):
        one = select(U).where(U.c.owner == tenant, U.c.id == user)
        row = (await connection.execute(one)).one_or_none()
    if row is None:
        raise NotFound("There is no user of this id.")
    return _as_user(row)


async def _tenant(connection: AsyncConnection, tenant: str) -> Tenant:
    row: _Found | None = None
    if harmless(tenant):
        row = (await connection.execute(select(T).where(T.c.owner == tenant))).one_or_none()
    if row is None:
        raise NotFound("There is no tenant of this id.")
    return _as_tenant(row)


async def _without_keys(connection: AsyncConnection, its: ColumnElement[bool], whose: str) -> None:
    count = (await connection.execute(select(func.count()).select_from(K).where(its))).scalar_one()
    if count:
        raise Conflict(
            f"The {whose} has {count:,} keys.",
            advice=f"Delete them first, or disable the {whose} instead.",
        )


def _given(**fields: object) -> Mapping[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _as_tenant(row: _Found) -> Tenant:
    return Tenant(
        id=row.owner,
        name=row.name,
        created_at=row.created_at // 1_000_000,
        disabled=row.disabled,
    )


def _as_user(row: _Found) -> User:
    return User(
        tenant=row.owner,
        id=row.id,
        name=row.name,
        created_at=row.created_at // 1_000_000,
        disabled=row.disabled,
    )
