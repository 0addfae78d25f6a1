"""What servers that died had borrowed: it stays charged, until somebody says what it came to."""

from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, String, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from manymind.canon.budgets import Budget, Unit
from manymind.canon.faults import BadRequest, NotFound
from manymind.canon.origins import OPERATOR
from manymind.canon.ports import Clock
from manymind.canon.windows import Window, window
from manymind.store.database import Database, harmless
from manymind.store.leases import Place, in_window
from manymind.store.ledger_rows import COUNT_MAX, lost_key
from manymind.store.tables import ATTEMPTS as A
from manymind.store.tables import BUDGET_LEASES as L
from manymind.store.tables import BUDGET_WINDOWS as W
from manymind.store.tables import BUDGETS as B
from manymind.store.tables import LEASE_HOLDERS as H
from manymind.store.upserts import inserting

UNKNOWN, SETTLED, LOST = "unknown", "reconciled", "lost"


class Loss(Struct, frozen=True, kw_only=True):
    """`amount` of a budget's `unit` is charged for what nobody knows. `id` names it for whoever
    reconciles it."""

    owner: str
    id: str
    budget: str
    unit: Unit | None
    amount: int
    at: float


class Lost:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def bury(self, holder: str, beats: int) -> tuple[Loss, ...]:
        """Charge what a dead server had borrowed, unless it gave a sign of life since it was
        seen to have counted to `beats`."""
        async with self._database.writing() as connection:
            dead = and_(H.c.owner == OPERATOR, H.c.holder == holder, H.c.beats == beats)
            gone = await connection.execute(delete(H).where(dead))
            if gone.rowcount == 0:
                return ()
            query = select(L).where(L.c.holder == holder)
            leases = (
                await connection.execute(query.order_by(L.c.owner, L.c.budget, L.c.begins_at))
            ).all()
            losses = [
                loss
                for lease in leases
                if (loss := await self._charge(connection, lease)) is not None
            ]
            await connection.execute(delete(L).where(L.c.holder == holder))
        return tuple(losses)

    async def listed(self, owner: str) -> tuple[Loss, ...]:
        """Those of an owner that nobody has reconciled yet, the oldest first."""
        return await self._found(A.c.owner == owner)

    async def find(self, owner: str, loss_id: str) -> Loss:
        """One of those."""
        named = harmless(loss_id)
        found = await self._found(A.c.owner == owner, A.c.key == loss_id) if named else ()
        if not found:
            raise _nothing()
        return found[0]

    async def reconcile(self, owner: str, loss_id: str, amount: int) -> None:
        """Charge what it really came to, which is nothing where all of it was idle. The budget's
        window and the row change together."""
        if not 0 <= amount <= COUNT_MAX:
            raise BadRequest(
                f"What something came to is between 0 and {COUNT_MAX:,}, in the budget's own unit.",
                field="used",
            )
        lost = and_(
            A.c.owner == owner, A.c.request == "", A.c.key == loss_id, A.c.outcome == UNKNOWN
        )
        async with self._database.writing() as connection:
            query = select(A.c.reserved, A.c.budget).where(lost).with_for_update()
            found = (await connection.execute(query)).one_or_none()
            if found is None:
                raise _nothing()
            begins_at = int(loss_id.rpartition(":")[2])
            place = Place(owner, found.budget, begins_at)
            await connection.execute(
                update(W)
                .where(in_window(place))
                .values(spent=W.c.spent + (amount - found.reserved))
            )
            await connection.execute(update(A).where(lost).values(reserved=amount, outcome=SETTLED))

    async def _found(self, *wanted: ColumnElement[bool]) -> tuple[Loss, ...]:
        query = (
            select(A.c.owner, A.c.key, A.c.budget, B.c.unit, A.c.reserved, A.c.at)
            .outerjoin(B, and_(B.c.owner == A.c.owner, B.c.id == A.c.budget))
            .where(*wanted, A.c.request == "", A.c.outcome == UNKNOWN)
            .order_by(A.c.at, A.c.key)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Loss(owner=o, id=key, budget=budget, unit=unit, amount=amount, at=at / 1e6)
            for o, key, budget, unit, amount, at in rows
        )

    async def _charge(self, connection: AsyncConnection, lease: Row[Any]) -> Loss | None:
        place = Place(lease.owner, lease.budget, lease.begins_at)
        change = {"spent": W.c.spent + lease.amount, "leased": W.c.leased - lease.amount}
        await connection.execute(update(W).where(in_window(place)).values(**change))
        query = select(B).where(B.c.owner == place.owner, B.c.id == place.budget)
        found = (await connection.execute(query)).one_or_none()
        if found is None or lease.amount == 0:
            return None
        budget = Budget(**{name: getattr(found, name) for name in Budget.__struct_fields__})
        at = self._moment(window(budget.period, lease.begins_at))
        key = lost_key(lease.holder, place)
        row = _row(budget, key, at, lease.amount)
        await connection.execute(
            inserting(connection, A)
            .values(row)
            .on_conflict_do_update(
                index_elements=[A.c.owner, A.c.request, A.c.key],
                set_={"reserved": A.c.reserved + lease.amount, "outcome": UNKNOWN},
            )
        )
        return Loss(
            owner=place.owner,
            id=key,
            budget=place.budget,
            unit=budget.unit,
            amount=lease.amount,
            at=at,
        )

    def _moment(self, lent: Window) -> float:
        """Now, or as near to it as lies in the window."""
        now = self._clock.today()
        if lent.ends_at is not None and now >= lent.ends_at:
            return lent.ends_at - 1.0
        return max(now, float(lent.begins_at))


def _nothing() -> NotFound:
    return NotFound(
        "There is nothing of this name to reconcile.",
        advice="It may have been reconciled before; see what is left with manymind budgets lost.",
    )


def _row(budget: Budget, key: str, at: float, amount: int) -> dict[str, object]:
    scope = {"user": "user", "key": "api_key", "route": "route", "feature": "feature"}
    row: dict[str, object] = {
        each.name: "" if isinstance(each.type, String) else 0
        for each in A.columns
        if not each.nullable
    }
    row |= {"streamed": False, "flagged": False, "estimated": True}
    if budget.scope in scope:
        row[scope[budget.scope]] = budget.subject
    row |= {"owner": budget.owner, "request": "", "key": key, "budget": budget.id}
    return row | {
        "at": int(at * 1e6),
        "outcome": UNKNOWN,
        "basis": LOST,
        "reserved": amount,
    }
