"""What running servers borrow of budgets, so that they need not ask here for each call.

In a window, `spent + leased` never passes the cap: a slice is lent only while it fits, in one
transaction. Whoever finds too little unlent asks the other holders to give back what they do not
need, and they look for that a few times a second.
"""

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from manymind.canon.origins import OPERATOR
from manymind.store.database import Database
from manymind.store.tables import BUDGET_LEASES as L
from manymind.store.tables import BUDGET_WINDOWS as W
from manymind.store.tables import BUDGETS as B
from manymind.store.tables import LEASE_HOLDERS as H
from manymind.store.upserts import Insert as _Insert
from manymind.store.upserts import inserting


class Place(Struct, frozen=True):
    """A window of a budget."""

    owner: str
    budget: str
    begins_at: int


class Wish(Struct, frozen=True, kw_only=True):
    """At least so much is wanted, and better `most`. `cap` is given for what is no budget of the
    table, such as a rate."""

    holder: str
    place: Place
    least: int
    most: int
    cap: int | None = None
    recall: bool = True


class Lent(Struct, frozen=True, kw_only=True):
    """What was lent now, and what is left unlent. `awaited` are the holders who were asked to
    give back and did not answer yet. `gone` says that there is no such budget any more, and
    `buried` that the one who wishes was held to be dead."""

    amount: int = 0
    free: int = 0
    awaited: tuple[str, ...] = ()
    gone: bool = False
    buried: bool = False


SHARE = 4
"""At most such a part of what is unlent goes to one holder, unless one call needs more."""


class Leases:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def appear(self, holder: str) -> None:
        """A server begins to live."""
        row = {"owner": OPERATOR, "holder": holder, "beats": 0, "batch": 0}
        async with self._database.writing() as connection:
            await connection.execute(insert(H), row)

    async def lend(self, wish: Wish) -> Lent:
        """Lend what is wished for, as far as it is there; if it is not, ask the others."""
        place = wish.place
        async with self._database.writing() as connection:
            if not await _lives(connection, wish.holder):
                return Lent(buried=True)
            cap = wish.cap if wish.cap is not None else await _cap(connection, place)
            if cap is None:
                return Lent(gone=True)
            await connection.execute(_new_window(connection, place))
            query = select(W.c.spent, W.c.leased).where(in_window(place)).with_for_update()
            spent, leased = (await connection.execute(query)).one()
            free = cap - spent - leased
            if free < wish.least:
                return Lent(free=max(0, free), awaited=await _awaited(connection, wish))
            amount = max(wish.least, min(wish.most, free // SHARE))
            await connection.execute(
                update(W).where(in_window(place)).values(leased=W.c.leased + amount)
            )
            await connection.execute(_more_lent(connection, wish, amount))
            return Lent(amount=amount, free=free - amount)

    async def recalled(self, holder: str) -> tuple[Place, ...]:
        """Where this holder is asked to give back what it does not need."""
        mine = and_(L.c.holder == holder, L.c.recalled)
        query = select(L.c.owner, L.c.budget, L.c.begins_at).where(mine)
        async with self._database.reading() as connection:
            return tuple(Place(*row) for row in await connection.execute(query))

    async def beats(self) -> dict[str, int]:
        """How far each server that borrowed, or lives, has counted."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(H.c.holder, H.c.beats))
            return {holder: beats for holder, beats in rows}


async def _lives(connection: AsyncConnection, holder: str) -> bool:
    """Whether nobody holds it to be dead; and nobody will before this transaction ends."""
    query = select(H.c.beats).where(H.c.owner == OPERATOR, H.c.holder == holder)
    return (await connection.execute(query.with_for_update(read=True))).first() is not None


async def _cap(connection: AsyncConnection, place: Place) -> int | None:
    query = select(B.c.cap).where(B.c.owner == place.owner, B.c.id == place.budget)
    return (await connection.execute(query)).scalar_one_or_none()


async def _awaited(connection: AsyncConnection, wish: Wish) -> tuple[str, ...]:
    others = and_(_leases(wish.place), L.c.holder != wish.holder)
    if wish.recall:
        await connection.execute(update(L).where(others, L.c.amount > 0).values(recalled=True))
    rows = await connection.execute(select(L.c.holder).where(others, L.c.recalled))
    return tuple(rows.scalars())


def _new_window(connection: AsyncConnection, place: Place) -> _Insert:
    row = {"spent": 0, "leased": 0, "alarmed": False, **_named(place)}
    return inserting(connection, W).values(row).on_conflict_do_nothing()


def _more_lent(connection: AsyncConnection, wish: Wish, amount: int) -> _Insert:
    row = {"holder": wish.holder, "amount": amount, "recalled": False, **_named(wish.place)}
    return (
        inserting(connection, L)
        .values(row)
        .on_conflict_do_update(
            index_elements=[L.c.holder, L.c.owner, L.c.budget, L.c.begins_at],
            set_={"amount": L.c.amount + amount},
        )
    )


def _named(place: Place) -> dict[str, object]:
    return {"owner": place.owner, "budget": place.budget, "begins_at": place.begins_at}


def in_window(place: Place) -> ColumnElement[bool]:
    """The row of a window."""
    return and_(
        W.c.owner == place.owner, W.c.budget == place.budget, W.c.begins_at == place.begins_at
    )


def _leases(place: Place) -> ColumnElement[bool]:
    return and_(
        L.c.owner == place.owner, L.c.budget == place.budget, L.c.begins_at == place.begins_at
    )
