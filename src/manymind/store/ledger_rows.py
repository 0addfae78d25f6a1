"""Writes the ledger: rows of attempts, and what they take of the budgets, in one transaction."""

from collections.abc import Sequence
from typing import TypeAlias
from uuid import uuid4

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import and_, bindparam, delete, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from manymind.canon.attempts import Attempt
from manymind.canon.origins import OPERATOR
from manymind.canon.usage import Usage
from manymind.store.database import Database
from manymind.store.leases import Place
from manymind.store.tables import ATTEMPTS as A
from manymind.store.tables import BUDGET_LEASES as L
from manymind.store.tables import BUDGET_WINDOWS as W
from manymind.store.tables import LEASE_HOLDERS as H

ROWS_AT_ONCE = 500


class Booked(Struct, frozen=True, kw_only=True):
    """An attempt as it goes into the ledger: when it was reserved for, what budgets were charged,
    whether that was more than was reserved, and how the cost was reckoned, as JSON."""

    attempt: Attempt
    at: float
    tokens: int
    flagged: bool = False
    lines: bytes | None = None


class Use(Struct, frozen=True, kw_only=True):
    """What a holder used of a slice, and by how much the slice changes with that. `alarm_at` is
    what may be spent of the budget before somebody is told."""

    holder: str
    place: Place
    used: int
    change: int
    alarm_at: int | None = None


class Batch(Struct, frozen=True, kw_only=True):
    """`number` counts a holder's batches, so that none is booked twice when nobody heard whether
    it was. `answers` are the places where a recall is answered with it."""

    holder: str
    number: int
    rows: tuple[Booked, ...] = ()
    uses: tuple[Use, ...] = ()
    answers: tuple[Place, ...] = ()


class Written(Struct, frozen=True, kw_only=True):
    """`buried` says that the holder was held to be dead: what it had borrowed is charged, and it
    must begin anew. `alarms` are uses that reached their alarm, with what is spent there."""

    buried: bool = False
    alarms: tuple[tuple[Use, int], ...] = ()


_Row: TypeAlias = tuple[object, ...]

_COLUMNS = tuple(A.columns.keys())
_NAMES = ", ".join(f'"{name}"' for name in _COLUMNS)
_ON_SQLITE = f"INSERT INTO attempts ({_NAMES}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 # names of our columns
_ON_POSTGRES = (
    f"INSERT INTO attempts ({_NAMES}) "  # noqa: S608 # names of our columns
    f"SELECT {_NAMES} FROM json_populate_recordset(NULL::attempts, %s::json)"
)
"""One value for all rows: to bind each column of each row takes longer than to write them."""

_THE_WINDOW = and_(
    W.c.owner == bindparam("o"), W.c.budget == bindparam("b"), W.c.begins_at == bindparam("w")
)
_THE_LEASE = and_(
    L.c.holder == bindparam("h"),
    L.c.owner == bindparam("o"),
    L.c.budget == bindparam("b"),
    L.c.begins_at == bindparam("w"),
)
_BOOK = (
    update(W)
    .where(_THE_WINDOW)
    .values(spent=W.c.spent + bindparam("used"), leased=W.c.leased + bindparam("change"))
)
_RELEASE = update(L).where(_THE_LEASE).values(amount=L.c.amount + bindparam("change"))
_ANSWER = update(L).where(_THE_LEASE).values(recalled=False)
_BEAT = (
    update(H)
    .where(H.c.owner == OPERATOR, H.c.holder == bindparam("h"), H.c.batch < bindparam("n"))
    .values(beats=H.c.beats + 1, batch=bindparam("n"))
)
_ALARM = update(W).where(_THE_WINDOW, W.c.alarmed.is_(False)).values(alarmed=True)


class LedgerRows:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, batch: Batch) -> Written:
        """All of the batch, or none of it. Uses are in the order of their places, which all
        servers keep, so that none waits for one that waits for it."""
        try:
            return await self._write(batch)
        except IntegrityError:  # A name came twice. No row is lost for that.
            return await self._write(replace(batch, rows=tuple(map(_renamed, batch.rows))))

    async def _write(self, batch: Batch) -> Written:
        async with self._database.writing() as connection:
            beaten = await connection.execute(_BEAT, {"h": batch.holder, "n": batch.number})
            buried = beaten.rowcount == 0
            if buried and await _lives(connection, batch.holder):
                return Written()  # It was written before, and only the word of that was lost.
            await _enter(connection, batch.rows)
            uses = [use for use in batch.uses if use.holder == batch.holder and not buried]
            await _book(connection, uses)
            for use in batch.uses:
                if buried or use.holder != batch.holder:
                    await _net(connection, use)
            if batch.answers and not buried:
                places = [_keys(batch.holder, place) for place in batch.answers]
                await connection.execute(_ANSWER, places)
            return Written(buried=buried, alarms=await _alarms(connection, batch.uses))

    async def leave(self, holder: str) -> None:
        """A server ends. It has given everything back."""
        async with self._database.writing() as connection:
            await connection.execute(delete(L).where(L.c.holder == holder, L.c.amount == 0))
            left = await connection.execute(select(L.c.holder).where(L.c.holder == holder).limit(1))
            if left.first() is None:
                await connection.execute(
                    delete(H).where(H.c.owner == OPERATOR, H.c.holder == holder)
                )


async def _lives(connection: AsyncConnection, holder: str) -> bool:
    query = select(H.c.batch).where(H.c.owner == OPERATOR, H.c.holder == holder)
    return (await connection.execute(query)).first() is not None


async def _enter(connection: AsyncConnection, booked: Sequence[Booked]) -> None:
    if not booked:
        return
    alone = connection.dialect.name == "sqlite"
    for start in range(0, len(booked), ROWS_AT_ONCE):
        rows = [_row(each) for each in booked[start : start + ROWS_AT_ONCE]]
        if alone:
            await connection.exec_driver_sql(_ON_SQLITE, rows)
        else:
            await connection.exec_driver_sql(_ON_POSTGRES, (_as_json(rows),))


async def _book(connection: AsyncConnection, uses: Sequence[Use]) -> None:
    if not uses:
        return
    said = [
        {**_keys(use.holder, use.place), "used": use.used, "change": use.change} for use in uses
    ]
    await connection.execute(_BOOK, said)
    await connection.execute(_RELEASE, said)


async def _net(connection: AsyncConnection, use: Use) -> None:
    """Book what was used of a slice that is charged already, since its holder was held to be
    dead: it is taken off what was held to be lost."""
    place = use.place
    lost = and_(A.c.owner == place.owner, A.c.request == "", A.c.key == lost_key(use.holder, place))
    held = (await connection.execute(select(A.c.reserved).where(lost))).scalar_one_or_none() or 0
    known = min(held, use.used)
    if known:
        await connection.execute(update(A).where(lost).values(reserved=A.c.reserved - known))
    said = {**_keys(use.holder, place), "used": use.used - known, "change": 0}
    await connection.execute(_BOOK, said)


async def _alarms(connection: AsyncConnection, uses: Sequence[Use]) -> tuple[tuple[Use, int], ...]:
    """Those uses with which a budget came to its alarm, each told once, by whoever is first."""
    watched = {
        (use.place.owner, use.place.budget, use.place.begins_at): use
        for use in uses
        if use.alarm_at is not None and use.used
    }
    if not watched:
        return ()
    keys = (W.c.owner, W.c.budget, W.c.begins_at)
    query = select(*keys, W.c.spent).where(tuple_(*keys).in_(watched), W.c.alarmed.is_(False))
    found: list[tuple[Use, int]] = []
    for owner, budget, begins_at, spent in (await connection.execute(query)).all():
        use = watched[owner, budget, begins_at]
        if use.alarm_at is not None and spent >= use.alarm_at:
            await connection.execute(_ALARM, _keys(use.holder, use.place))
            found.append((use, spent))
    return tuple(found)


def lost_key(holder: str, place: Place) -> str:
    """The name of the row that tells what a dead holder had borrowed there."""
    return f"lost:{holder}:{place.budget}:{place.begins_at}"


def _keys(holder: str, place: Place) -> dict[str, object]:
    return {"h": holder, "o": place.owner, "b": place.budget, "w": place.begins_at}


_NO_USAGE = Usage()

TEXT_MAX = 300
COUNT_MAX = 2**53
"""Of tokens or ticks in one row, so that no sum of what a provider says passes what a database
can hold."""


def _renamed(booked: Booked) -> Booked:
    return replace(booked, attempt=replace(booked.attempt, key=f"{booked.attempt.key}~{uuid4()}"))


def _texts(attempt: Attempt) -> tuple[str, ...]:
    """What others name: it may hold what no database takes, and be of any length."""
    origin = attempt.origin
    said = (
        origin.route,
        origin.arm,
        origin.feature,
        origin.session,
        origin.app.url,
        origin.app.title,
        attempt.requested,
        attempt.slug,
        attempt.offer,
        attempt.served or "",
        attempt.native_finish or "",
    )
    joined = "".join(said)  # One look at all of it is quicker than one at each.
    return said if len(joined) <= TEXT_MAX and joined.isprintable() else tuple(map(_text, said))


def _text(said: str) -> str:
    return "".join(sign for sign in said[:TEXT_MAX] if sign.isprintable())


def _counts(usage: Usage) -> tuple[int, ...]:
    said = (
        usage.input_tokens,
        usage.cached_tokens,
        usage.cache_written_tokens,
        usage.output_tokens,
        usage.reasoning_tokens,
    )
    return said if min(said) >= 0 and max(said) <= COUNT_MAX else tuple(map(_count, said))


def _count(said: int) -> int:
    return max(0, min(said, COUNT_MAX))


def _row(booked: Booked) -> _Row:
    """In the order of the table's columns."""
    attempt = booked.attempt
    origin, bill = attempt.origin, attempt.bill
    usage = bill.usage or _NO_USAGE
    first = attempt.first_word_seconds
    route, arm, feature, session, url, title, requested, slug, offer, served, finish = _texts(
        attempt
    )
    return (
        origin.tenant,
        origin.request,
        attempt.key,
        attempt.number,
        int(booked.at * 1e6),
        origin.user,
        origin.key,
        route,
        arm,
        feature,
        session,
        url,
        title,
        origin.dialect,
        origin.streamed,
        requested,
        slug,
        attempt.provider,
        offer,
        None if attempt.served is None else served,
        attempt.outcome,
        attempt.finish,
        None if attempt.native_finish is None else finish,
        msgspec.json.encode(attempt.dropped) if attempt.dropped else None,
        int(attempt.seconds * 1e6),
        None if first is None else int(first * 1e6),
        _count(attempt.reserved),
        _count(bill.ticks),
        booked.tokens,
        bill.basis,
        booked.flagged,
        usage.estimated,
        *_counts(usage),
        _tools(usage.tools) if usage.tools else None,
        booked.lines,
        None,
        attempt.reply.replace("\0", "") or None,
    )


def _tools(calls: dict[str, int]) -> bytes:
    return msgspec.json.encode({_text(name): _count(count) for name, count in calls.items()})


def _as_json(rows: Sequence[_Row]) -> str:
    """Bytes as PostgreSQL reads them in text."""
    named = [
        {
            name: f"\\x{value.hex()}" if isinstance(value, bytes) else value
            for name, value in zip(_COLUMNS, row, strict=True)
        }
        for row in rows
    ]
    return msgspec.json.encode(named).decode()
