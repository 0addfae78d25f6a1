"""Kept answers. Each holds what its caller sent with it, and hangs on the answer before it."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import anyio
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Row, and_, delete, insert, literal, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from manymind.canon.exits import Cover
from manymind.canon.faults import Conflict, ContextTooLong, NoSuchAnswer, NotFound
from manymind.canon.items import Item
from manymind.canon.ports import Clock, Kept
from manymind.canon.values import Json
from manymind.store import answer_items
from manymind.store.answer_items import Held
from manymind.store.database import Database, harmless
from manymind.store.packing import (
    Bare,
    Packed,
    pack,
    pack_json,
    unpack,
    unpack_answer,
    unpack_items,
)
from manymind.store.packing import unpack_json as unpack_fields
from manymind.store.tables import ANSWERS as A

LINKS_MAX = 10_000
"""Answers in one chain. Each recall walks the whole of it."""

RECALLED_BYTES_MAX = 64 * 1024 * 1024
"""As much as a body may have that is sent whole."""

_PREFIXES = ("resp_", "chatcmpl-", "gen-")
_DAY_SECONDS = 24 * 3600
_SWEEP_SECONDS = 3600.0
_AT_ONCE = 500

_KEEP = insert(A)
"""Made once: to put a statement together takes longer than to write the row."""

_NAMES = tuple(A.columns.keys())
_STRUCK = (
    f"INSERT INTO answers ({', '.join(_NAMES)}) "  # noqa: S608 # names of our columns
    f"VALUES ({', '.join(f':{name}' for name in _NAMES)})"
)

_Found: TypeAlias = Row[Any]


class Window(Struct, frozen=True, kw_only=True):
    """Which of many to list: at most `limit`, behind (`after`) one of them, oldest first or not."""

    limit: int = 20
    after: str | None = None
    oldest_first: bool = True


class Answers:
    """`days` is how long an answer is kept, and `cover` hides what is not to be read in it."""

    def __init__(
        self, database: Database, clock: Clock, *, days: int, cover: Cover | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._days = days
        self._cover = cover or Bare()
        self._swept = float("-inf")

    async def keep(self, kept: Kept) -> None:
        stem, now = _stem(kept.answer.id), self._now()
        try:
            if not await self._database.stroke(partial(_strike, self._cover, kept, stem, now)):
                row = await anyio.to_thread.run_sync(_row, self._cover, kept, stem, now)
                async with self._database.writing() as connection:
                    await connection.execute(_KEEP, row)
                    await answer_items.enter(connection, kept, stem, now)
        except (IntegrityError, sqlite3.IntegrityError):
            raise Conflict("An answer of this id is kept already.") from None
        await self.sweep()

    async def recall(self, owner: str, response_id: str) -> tuple[Item, ...]:
        async with self._database.reading() as connection:
            chain = await self._chain(connection, owner, response_id)
            rows = await self._rows(connection, owner, chain)
        return await anyio.to_thread.run_sync(self._history, owner, rows)

    async def items(self, owner: str, names: Collection[str]) -> Mapping[str, Item]:
        """Those of the items that are kept, whichever answers they belong to."""
        async with self._database.reading() as connection:
            held = await answer_items.holding(
                connection, owner, tuple(names), self._oldest(), RECALLED_BYTES_MAX
            )
        return await anyio.to_thread.run_sync(self._of_all, owner, held)

    async def find(self, owner: str, answer_id: str, dialect: str) -> Kept:
        """One answer, with what was asked for it."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(A).where(self._one(owner, answer_id, dialect)))
            row = found.one_or_none()
        if row is None:
            raise _unknown(answer_id, dialect)
        return await anyio.to_thread.run_sync(self._unpacked, row)

    async def forget(self, owner: str, answer_id: str, dialect: str) -> None:
        """What hangs on a forgotten answer cannot be gone on from any more."""
        async with self._database.writing() as connection:
            found = await connection.execute(delete(A).where(self._one(owner, answer_id, dialect)))
            if found.rowcount:
                await answer_items.drop(connection, owner, _stem(answer_id))
        if found.rowcount == 0:
            raise _unknown(answer_id, dialect)

    async def amend(self, owner: str, answer_id: str, dialect: str, metadata: Json) -> Kept:
        """The answer with other metadata."""
        async with self._database.writing() as connection:
            one = self._one(owner, answer_id, dialect)
            found = await connection.execute(select(A).where(one))
            row = found.one_or_none()
            if row is None:
                raise _unknown(answer_id, dialect)
            hidden = self._cover.hidden(owner, metadata)
            fields = {**unpack_fields(row.request), "metadata": hidden}
            await connection.execute(update(A).where(one).values(request=pack_json(fields)))
        kept = self._unpacked(row)
        return replace(kept, request=replace(kept.request, metadata=metadata))

    async def listed(
        self, owner: str, dialect: str, window: Window, model: str | None = None
    ) -> tuple[Kept, ...]:
        """Answers in the order in which they were kept."""
        wanted = [A.c.owner == owner, A.c.dialect == dialect, self._lasting()]
        if model is not None:
            wanted.append(A.c.model == model.replace("\0", ""))
        async with self._database.reading() as connection:
            if window.after is not None:
                wanted.append(await self._behind(connection, owner, dialect, window))
            order = [A.c.kept_at, A.c.id]
            query = select(A).where(and_(*wanted)).limit(window.limit)
            query = query.order_by(*(c if window.oldest_first else c.desc() for c in order))
            rows = (await connection.execute(query)).all()
        return await anyio.to_thread.run_sync(self._all_unpacked, rows)

    async def sweep(self) -> None:
        """Forget what is older than it may be; at most once an hour, since it reads an index."""
        now = self._clock.today()
        if now - self._swept < _SWEEP_SECONDS:
            return
        self._swept = now
        async with self._database.writing() as connection:
            await connection.execute(delete(A).where(A.c.kept_at < self._oldest()))
            await answer_items.sweep(connection, self._oldest())

    def _unpacked(self, row: _Found) -> Kept:
        columns = (row.asked, row.request, row.answer, row.events)
        shown = (each and self._cover.shown(row.owner, each) for each in columns)
        return replace(unpack(row.owner, Packed(*shown)), at=row.kept_at // 1_000_000)

    def _all_unpacked(self, rows: Sequence[_Found]) -> tuple[Kept, ...]:
        return tuple(map(self._unpacked, rows))

    def _history(self, owner: str, rows: Sequence[tuple[bytes, bytes]]) -> tuple[Item, ...]:
        history: list[Item] = []
        for items, answer in rows:
            history.extend(unpack_items(self._cover.shown(owner, items)))
            said = unpack_answer(self._cover.shown(owner, answer)).outputs
            history.extend(output.item for output in said if output.choice == 0)
        return tuple(history)

    def _of_all(self, owner: str, held: Sequence[Held]) -> dict[str, Item]:
        shown = (replace(each, body=self._cover.shown(owner, each.body)) for each in held)
        return {name: item for each in shown for name, item in each.items().items()}

    def _now(self) -> int:
        return int(self._clock.today() * 1e6)

    def _oldest(self) -> int:
        return self._now() - self._days * _DAY_SECONDS * 1_000_000

    def _lasting(self) -> ColumnElement[bool]:
        """What is due to be swept is gone already, for whoever asks."""
        return A.c.kept_at >= self._oldest()

    def _one(self, owner: str, answer_id: str, dialect: str) -> ColumnElement[bool]:
        if not harmless(answer_id):
            raise _unknown(answer_id, dialect)
        mine = and_(A.c.owner == owner, A.c.id == _stem(answer_id))
        return and_(mine, A.c.dialect == dialect, self._lasting())

    async def _behind(
        self, connection: AsyncConnection, owner: str, dialect: str, window: Window
    ) -> ColumnElement[bool]:
        one = self._one(owner, window.after or "", dialect)
        found = (await connection.execute(select(A.c.kept_at, A.c.id).where(one))).one_or_none()
        if found is None:
            raise _unknown(window.after or "", dialect)
        if window.oldest_first:
            later = and_(A.c.kept_at == found.kept_at, A.c.id > found.id)
            return or_(A.c.kept_at > found.kept_at, later)
        earlier = and_(A.c.kept_at == found.kept_at, A.c.id < found.id)
        return or_(A.c.kept_at < found.kept_at, earlier)

    async def _chain(
        self, connection: AsyncConnection, owner: str, response_id: str
    ) -> Sequence[str]:
        """The ids of a chain, the newest first."""
        if not harmless(response_id):
            raise _broken(response_id)
        link = (A.c.id, A.c.parent, A.c.size)
        chain = (
            select(*link, literal(0).label("depth"))
            .where(A.c.owner == owner, A.c.id == _stem(response_id), self._lasting())
            .cte(recursive=True)
        )
        before = select(*link, chain.c.depth + 1).where(
            A.c.owner == owner,
            A.c.id == chain.c.parent,
            chain.c.depth < LINKS_MAX,
            self._lasting(),
        )
        links = chain.union_all(before)
        rows = (await connection.execute(select(links).order_by(links.c.depth))).all()
        if not rows:
            raise _broken(response_id)
        if sum(row.size for row in rows) > RECALLED_BYTES_MAX or len(rows) > LINKS_MAX:
            raise ContextTooLong(
                f"The {len(rows):,} answers that lead to this one are more than can be recalled.",
                advice="Compact the conversation, or begin a new one.",
                field="previous_response_id",
            )
        if rows[-1].parent is not None:
            raise NoSuchAnswer(
                f"An earlier response in the chain of '{_shown(response_id)}' was deleted, or is "
                "too old to be kept.",
                field="previous_response_id",
            )
        return [row.id for row in rows]

    async def _rows(
        self, connection: AsyncConnection, owner: str, chain: Sequence[str]
    ) -> list[tuple[bytes, bytes]]:
        """What was asked and answered, the oldest first."""
        found: dict[str, tuple[bytes, bytes]] = {}
        for start in range(0, len(chain), _AT_ONCE):
            some = chain[start : start + _AT_ONCE]
            query = select(A.c.id, A.c.asked, A.c.answer).where(
                A.c.owner == owner, A.c.id.in_(some)
            )
            for each, items, answer in await connection.execute(query):
                found[each] = (items, answer)
        return [found[each] for each in reversed(chain)]


def _row(cover: Cover, kept: Kept, stem: str, now: int) -> dict[str, object]:
    packed = pack(cover.hidden(kept.owner, kept))
    before = kept.request.previous_response_id
    return {
        "owner": kept.owner,
        "id": stem,
        "parent": None if before is None else _stem(before),
        "dialect": kept.request.dialect or "",
        "model": kept.answer.model.replace("\0", ""),
        "kept_at": now,
        "size": packed.size,
        "asked": packed.items,
        "request": packed.request,
        "answer": packed.answer,
        "events": packed.events,
    }


def _strike(cover: Cover, kept: Kept, stem: str, now: int, connection: sqlite3.Connection) -> None:
    connection.execute(_STRUCK, _row(cover, kept, stem, now))
    answer_items.strike(connection, kept, stem, now)


def _stem(answer_id: str) -> str:
    """Houses show one id behind several prefixes."""
    prefix = next((known for known in _PREFIXES if answer_id.startswith(known)), "")
    return answer_id.removeprefix(prefix)


def _shown(answer_id: str) -> str:
    return answer_id[:100] if harmless(answer_id[:100]) else "…"


def _unknown(answer_id: str, dialect: str) -> NotFound:
    kind = "Chat completion" if dialect == "openai_chat" else "Response"
    return NotFound(f"{kind} with id '{_shown(answer_id)}' not found.")


def _broken(response_id: str) -> NoSuchAnswer:
    return NoSuchAnswer(
        f"Previous response with id '{_shown(response_id)}' not found.",
        field="previous_response_id",
    )
