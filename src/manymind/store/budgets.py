"""Budgets as they are defined, and how far each is used up. What is lent of them, and what is
booked, is the business of `leases` and `ledger_rows`."""

from typing import Any, TypeAlias

from msgspec.structs import replace
from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from manymind.canon.budgets import CAP_MAX, Budget, Scope, Standing
from manymind.canon.faults import BadRequest, Conflict, NotFound
from manymind.canon.ports import Clock
from manymind.canon.windows import window
from manymind.store.database import Database, harmless
from manymind.store.tables import BUDGET_WINDOWS as W
from manymind.store.tables import BUDGETS as B

BUDGETS_MAX = 1000
"""That one subject may have; each is weighed at every call of it."""

_Found: TypeAlias = Row[Any]
Mark: TypeAlias = tuple[int, int, int]
"""Of a state of all definitions; another one means that something was changed."""


class Budgets:
    """`changes` counts what was changed through this object, so that the gate of the same process
    can see at once that it must read anew."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.changes = 0

    async def define(self, budget: Budget) -> Budget:
        """A budget that counts from now on."""
        _check(budget)
        now = self._now()
        row = {name: getattr(budget, name) for name in budget.__struct_fields__}
        try:
            async with self._database.writing() as connection:
                await self._room_for(connection, budget)
                await connection.execute(insert(B), {**row, "created_at": now, "changed_at": now})
        except IntegrityError:
            raise Conflict(f"There is a budget {budget.id} already.") from None
        self.changes += 1
        return budget

    async def amend(
        self,
        owner: str,
        budget_id: str,
        *,
        cap: int | None = None,
        alarm_percent: int | None = None,
    ) -> Budget:
        """The budget with another cap, which holds at once, or another alarm. What was used stays
        used."""
        async with self._database.writing() as connection:
            row = await _row(connection, owner, budget_id)
            before = _budget(row)
            amended = replace(
                before,
                cap=before.cap if cap is None else cap,
                alarm_percent=before.alarm_percent if alarm_percent is None else alarm_percent,
            )
            _check(amended)
            news = {"cap": amended.cap, "alarm_percent": amended.alarm_percent}
            changed_at = max(self._now(), row.changed_at + 1000)
            await connection.execute(
                update(B).where(_one(owner, budget_id)).values(**news, changed_at=changed_at)
            )
        self.changes += 1
        return amended

    async def drop(self, owner: str, budget_id: str) -> None:
        """Forget a budget. What was used of it is remembered for as long as its window, so that
        another one of the same id does not begin with nothing used."""
        async with self._database.writing() as connection:
            await _row(connection, owner, budget_id)
            await connection.execute(delete(B).where(_one(owner, budget_id)))
        self.changes += 1

    async def find(self, owner: str, budget_id: str) -> Budget:
        async with self._database.reading() as connection:
            return _budget(await _row(connection, owner, budget_id))

    async def listed(
        self, owner: str, *, scope: Scope | None = None, subject: str | None = None
    ) -> tuple[Budget, ...]:
        """Those of an owner, the oldest first."""
        wanted = [B.c.owner == owner]
        wanted += [] if scope is None else [B.c.scope == scope]
        wanted += [] if subject is None else [B.c.subject == subject]
        query = select(B).where(and_(*wanted)).order_by(B.c.created_at, B.c.id)
        async with self._database.reading() as connection:
            return tuple(map(_budget, await connection.execute(query)))

    async def standing(self, owner: str, budget_id: str) -> Standing:
        """How far the budget is used in the window that is open now. What this server settled in
        the last moments may still be among what is lent."""
        async with self._database.reading() as connection:
            row = await _row(connection, owner, budget_id)
            now = window(row.period, self._clock.today())
            query = select(W.c.spent, W.c.leased).where(
                W.c.owner == owner, W.c.budget == budget_id, W.c.begins_at == now.begins_at
            )
            found = (await connection.execute(query)).one_or_none()
        used, lent = (0, 0) if found is None else found
        return Standing(used=used, lent=lent, begins_at=now.begins_at, resets_at=now.ends_at)

    async def mark(self) -> Mark:
        """Of the definitions of all owners as they are now."""
        return await _mark_of(self._database)

    async def every(self) -> tuple[Budget, ...]:
        """The definitions of all owners, for the gate."""
        async with self._database.reading() as connection:
            return tuple(map(_budget, await connection.execute(select(B))))

    def _now(self) -> int:
        return int(self._clock.today() * 1e6)

    async def _room_for(self, connection: AsyncConnection, budget: Budget) -> None:
        same = and_(
            B.c.owner == budget.owner, B.c.scope == budget.scope, B.c.subject == budget.subject
        )
        count = await connection.execute(select(func.count()).select_from(B).where(same))
        if count.scalar_one() >= BUDGETS_MAX:
            raise Conflict(
                f"This {budget.scope} has {BUDGETS_MAX:,} budgets, and may have no more.",
                advice="Amend or drop one of them.",
            )


async def _mark_of(database: Database) -> Mark:
    query = select(
        func.count(),
        func.coalesce(func.max(B.c.changed_at), 0),
        func.coalesce(func.sum(B.c.changed_at // 1000), 0),
    ).select_from(B)
    async with database.reading() as connection:
        count, last, total = (await connection.execute(query)).one()
    return int(count), int(last), int(total)


def _one(owner: str, budget_id: str) -> ColumnElement[bool]:
    return and_(B.c.owner == owner, B.c.id == budget_id)


async def _row(connection: AsyncConnection, owner: str, budget_id: str) -> _Found:
    row = None
    if harmless(budget_id):
        found = await connection.execute(select(B).where(_one(owner, budget_id)))
        row = found.one_or_none()
    if row is None:
        shown = budget_id if harmless(budget_id) else "…"
        raise NotFound(f"There is no budget {shown}.")
    return row


def _budget(row: _Found) -> Budget:
    return Budget(**{name: getattr(row, name) for name in Budget.__struct_fields__})


def _check(budget: Budget) -> None:
    if not 0 <= budget.cap <= CAP_MAX:
        raise BadRequest(f"A budget's cap is between 0 and {CAP_MAX:,}.", field="cap")
    if not 0 <= budget.alarm_percent <= 100:
        raise BadRequest(
            "An alarm is set off at a percentage between 1 and 100; 0 sets off none.",
            field="alarm_percent",
        )
    if not harmless(budget.id):
        raise BadRequest("A budget's id has letters, digits, '_', '.', ':' and '-'.", field="id")
