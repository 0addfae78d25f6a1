"""Where the items of kept answers lie, by their ids. An id names one item of its owner's."""

import sqlite3
from collections.abc import Iterable, Sequence

from msgspec import Struct
from sqlalchemy import and_, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from manymind.canon.faults import ContextTooLong
from manymind.canon.items import Item, id_of
from manymind.canon.ports import Kept
from manymind.store.database import harmless
from manymind.store.packing import unpack_answer, unpack_items
from manymind.store.tables import ANSWER_ITEMS as I
from manymind.store.tables import ANSWERS as A

AT_ONCE = 500
"""Names in one question to the database."""

# What a model said keeps its name, also when its caller sends it back with a later question.
_ENTRY = """
    INSERT INTO answer_items (owner, id, answer, asked, kept_at)
    VALUES (:owner, :id, :answer, :asked, :kept_at)
    ON CONFLICT (owner, id) DO UPDATE
    SET answer = excluded.answer, asked = excluded.asked, kept_at = excluded.kept_at
    WHERE NOT excluded.asked
"""
_ENTER = text(_ENTRY)


class Held(Struct, frozen=True):
    """The bytes of what was `asked` with one answer, or of what it said, and which of the items
    in it are wanted."""

    body: bytes
    asked: bool
    names: frozenset[str]

    def items(self) -> dict[str, Item]:
        return {
            name: item
            for item in _items(self.body, asked=self.asked)
            if (name := id_of(item)) is not None and name in self.names
        }


async def enter(connection: AsyncConnection, kept: Kept, answer: str, kept_at: int) -> None:
    rows = _entries(kept, answer, kept_at)
    if rows:
        await connection.execute(_ENTER, rows)


def strike(connection: sqlite3.Connection, kept: Kept, answer: str, kept_at: int) -> None:
    """As `enter`, in one stroke."""
    connection.executemany(_ENTRY, _entries(kept, answer, kept_at))


def _entries(kept: Kept, answer: str, kept_at: int) -> list[dict[str, object]]:
    """All in one order, so that two who enter the same names wait, and do not block each other."""
    entries = {name: True for name in _names(kept.request.items)}
    entries |= {name: False for name in _names(o.item for o in kept.answer.outputs if not o.choice)}
    fields = {"owner": kept.owner, "answer": answer, "kept_at": kept_at}
    return [{**fields, "id": name, "asked": entries[name]} for name in sorted(entries)]


async def drop(connection: AsyncConnection, owner: str, answer: str) -> None:
    await connection.execute(delete(I).where(I.c.owner == owner, I.c.answer == answer))


async def sweep(connection: AsyncConnection, oldest: int) -> None:
    await connection.execute(delete(I).where(I.c.kept_at < oldest))


async def holding(
    connection: AsyncConnection, owner: str, names: Sequence[str], oldest: int, bytes_max: int
) -> list[Held]:
    """All that must be read to have the items of these names, as far as they are known."""
    wanted: dict[tuple[str, bool], set[str]] = {}
    for some in in_turn(names):
        mine = and_(I.c.owner == owner, I.c.id.in_(some), I.c.kept_at >= oldest)
        for row in await connection.execute(select(I.c.id, I.c.answer, I.c.asked).where(mine)):
            wanted.setdefault((row.answer, bool(row.asked)), set()).add(row.id)
    held: list[Held] = []
    left = bytes_max
    for asked in (False, True):
        places = {answer: ids for (answer, place), ids in wanted.items() if place is asked}
        for answer, body in await _bodies(connection, owner, sorted(places), left, asked=asked):
            left -= len(body)
            held.append(Held(body, asked, frozenset(places[answer])))
    return held


def in_turn(names: Sequence[str]) -> Iterable[Sequence[str]]:
    """The names that can be any, so many at a time as a database takes."""
    known = [name for name in names if harmless(name)]
    return (known[start : start + AT_ONCE] for start in range(0, len(known), AT_ONCE))


async def _bodies(
    connection: AsyncConnection, owner: str, answers: Sequence[str], bytes_max: int, *, asked: bool
) -> list[tuple[str, bytes]]:
    body = A.c.asked if asked else A.c.answer
    found: list[tuple[str, bytes]] = []
    for some in in_turn(answers):
        mine = and_(A.c.owner == owner, A.c.id.in_(some))
        size = (await connection.execute(select(func.sum(func.length(body))).where(mine))).scalar()
        bytes_max -= size or 0
        if bytes_max < 0:
            raise too_long()
        rows = await connection.execute(select(A.c.id, body).where(mine))
        found.extend((answer, held) for answer, held in rows)
    return found


def too_long() -> ContextTooLong:
    return ContextTooLong(
        "The items that are referred to are more than can be recalled.",
        advice="Refer to fewer of them, or begin a new conversation.",
        field="input",
    )


def _names(items: Iterable[Item]) -> list[str]:
    return [name for item in items if (name := id_of(item)) is not None and harmless(name)]


def _items(body: bytes, *, asked: bool) -> Iterable[Item]:
    if asked:
        return unpack_items(body)
    return (output.item for output in unpack_answer(body).outputs if output.choice == 0)
