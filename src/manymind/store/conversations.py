"""Conversations: a name for a growing list of items, kept until it is deleted."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import anyio
from msgspec import Struct
from sqlalchemy import Row, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from manymind.canon.exits import Cover
from manymind.canon.faults import Conflict, ContextTooLong, NotFound
from manymind.canon.items import Item
from manymind.canon.ports import Clock
from manymind.canon.values import Json
from manymind.store.answer_items import in_turn, too_long
from manymind.store.answers import RECALLED_BYTES_MAX, Window
from manymind.store.database import Database, harmless
from manymind.store.packing import Bare, pack_item, pack_json, unpack_item, unpack_json
from manymind.store.tables import CONVERSATION_ITEMS as I
from manymind.store.tables import CONVERSATIONS as C

ITEMS_MAX = 100_000
"""Items in one conversation."""

_Found: TypeAlias = Row[Any]


class Conversation(Struct, frozen=True, kw_only=True):
    """`created` is in seconds since 1970."""

    id: str
    created: int
    metadata: Json = {}


class Conversations:
    """`cover` hides what is not to be read in them."""

    def __init__(self, database: Database, clock: Clock, *, cover: Cover | None = None) -> None:
        self._database = database
        self._clock = clock
        self._cover = cover or Bare()

    async def create(
        self, owner: str, conversation_id: str, metadata: Json, items: Mapping[str, Item]
    ) -> Conversation:
        """A new conversation that begins with these items, by their ids."""
        created = int(self._clock.today())
        packed = await self._packed(owner, items)
        async with self._database.writing() as connection:
            row = {
                "owner": owner,
                "id": conversation_id,
                "created_at": created * 1_000_000,
                "metadata": self._hidden(owner, metadata),
            }
            await connection.execute(insert(C).values(row))
            await _append(connection, owner, conversation_id, 0, packed)
        return Conversation(id=conversation_id, created=created, metadata=metadata)

    async def find(self, owner: str, conversation_id: str) -> Conversation:
        async with self._database.reading() as connection:
            return await self._found(connection, owner, conversation_id)

    async def amend(self, owner: str, conversation_id: str, metadata: Json) -> Conversation:
        async with self._database.writing() as connection:
            found = await self._found(connection, owner, conversation_id)
            changed = update(C).where(C.c.owner == owner, C.c.id == conversation_id)
            await connection.execute(changed.values(metadata=self._hidden(owner, metadata)))
        return Conversation(id=found.id, created=found.created, metadata=metadata)

    async def forget(self, owner: str, conversation_id: str) -> None:
        async with self._database.writing() as connection:
            await self._found(connection, owner, conversation_id)
            mine = and_(I.c.owner == owner, I.c.conversation == conversation_id)
            await connection.execute(delete(I).where(mine))
            await connection.execute(delete(C).where(C.c.owner == owner, C.c.id == conversation_id))

    async def append(
        self, owner: str, conversation_id: str, items: Mapping[str, Item]
    ) -> tuple[tuple[str, Item], ...]:
        """Add items at the end: all of them or none. Providers are known to repeat their ids; a
        name that is taken gets a number behind it."""
        packed = await self._packed(owner, items)
        try:
            async with self._database.writing() as connection:
                await self._found(connection, owner, conversation_id, lock=True)
                mine = and_(I.c.owner == owner, I.c.conversation == conversation_id)
                last = (
                    await connection.execute(select(func.max(I.c.position)).where(mine))
                ).scalar()
                start = 0 if last is None else last + 1
                taken = and_(mine, I.c.id.in_(list(items)))
                known = set((await connection.execute(select(I.c.id).where(taken))).scalars())
                fresh = {
                    name: f"{name}.{start + n}" if name in known else name
                    for n, name in enumerate(items)
                }
                renamed = {fresh[name]: item for name, item in packed.items()}
                await _append(connection, owner, conversation_id, start, renamed)
                return tuple((fresh[name], item) for name, item in items.items())
        except IntegrityError:
            raise Conflict("The conversation has an item of this id already.") from None

    async def history(self, owner: str, conversation_id: str) -> tuple[Item, ...]:
        """All items, the oldest first."""
        mine = and_(I.c.owner == owner, I.c.conversation == conversation_id)
        async with self._database.reading() as connection:
            await self._found(connection, owner, conversation_id)
            size = (await connection.execute(select(func.sum(I.c.size)).where(mine))).scalar() or 0
            if size > RECALLED_BYTES_MAX:
                raise ContextTooLong(
                    "The conversation is longer than what can be recalled.",
                    advice="Compact it, or begin a new one.",
                    field="conversation",
                )
            rows = (
                await connection.execute(select(I.c.item).where(mine).order_by(I.c.position))
            ).all()
        return await anyio.to_thread.run_sync(self._items, owner, [row.item for row in rows])

    async def items(self, owner: str, names: Collection[str]) -> Mapping[str, Item]:
        """Those of the items that are kept, whichever conversations they belong to."""
        found: dict[str, _Found] = {}
        left = RECALLED_BYTES_MAX
        async with self._database.reading() as connection:
            for some in in_turn(tuple(names)):
                mine = and_(I.c.owner == owner, I.c.id.in_(some))
                size = (await connection.execute(select(func.sum(I.c.size)).where(mine))).scalar()
                left -= size or 0
                if left < 0:
                    raise too_long()
                query = select(I.c.id, I.c.item).where(mine)
                found.update({row.id: row for row in await connection.execute(query)})
        items = await anyio.to_thread.run_sync(
            self._items, owner, [row.item for row in found.values()]
        )
        return dict(zip(found, items, strict=True))

    async def listed(
        self, owner: str, conversation_id: str, window: Window
    ) -> tuple[tuple[str, Item], ...]:
        """Some of the items, with their ids."""
        wanted = [I.c.owner == owner, I.c.conversation == conversation_id]
        async with self._database.reading() as connection:
            await self._found(connection, owner, conversation_id)
            if window.after is not None:
                at = await _position(connection, owner, conversation_id, window.after)
                wanted.append(I.c.position > at if window.oldest_first else I.c.position < at)
            order = I.c.position if window.oldest_first else I.c.position.desc()
            query = select(I.c.id, I.c.item).where(and_(*wanted)).order_by(order)
            rows = (await connection.execute(query.limit(window.limit))).all()
        items = await anyio.to_thread.run_sync(self._items, owner, [row.item for row in rows])
        return tuple(zip((row.id for row in rows), items, strict=True))

    async def item(self, owner: str, conversation_id: str, item_id: str) -> Item:
        async with self._database.reading() as connection:
            await self._found(connection, owner, conversation_id)
            at = await _position(connection, owner, conversation_id, item_id)
            one = and_(I.c.owner == owner, I.c.conversation == conversation_id, I.c.position == at)
            packed = (await connection.execute(select(I.c.item).where(one))).scalar_one()
        return unpack_item(self._cover.shown(owner, packed))

    async def forget_item(self, owner: str, conversation_id: str, item_id: str) -> Conversation:
        """The conversation without this item."""
        async with self._database.writing() as connection:
            found = await self._found(connection, owner, conversation_id)
            at = await _position(connection, owner, conversation_id, item_id)
            one = and_(I.c.owner == owner, I.c.conversation == conversation_id, I.c.position == at)
            await connection.execute(delete(I).where(one))
        return found

    async def _found(
        self, connection: AsyncConnection, owner: str, conversation_id: str, *, lock: bool = False
    ) -> Conversation:
        """Whoever will add to it holds it until the end: two turns at once come in turn."""
        row: _Found | None = None
        if harmless(conversation_id):
            query = select(C).where(C.c.owner == owner, C.c.id == conversation_id)
            query = query.with_for_update() if lock else query
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            shown = conversation_id[:100] if harmless(conversation_id[:100]) else "…"
            raise NotFound(f"Conversation with id '{shown}' not found.", field="conversation")
        metadata = unpack_json(self._cover.shown(owner, row.metadata))
        return Conversation(id=row.id, created=row.created_at // 1_000_000, metadata=metadata)

    async def _packed(self, owner: str, items: Mapping[str, Item]) -> dict[str, bytes]:
        def work() -> dict[str, bytes]:
            return {n: pack_item(self._cover.hidden(owner, item)) for n, item in items.items()}

        return await anyio.to_thread.run_sync(work) if items else {}

    def _hidden(self, owner: str, metadata: Json) -> bytes:
        return pack_json(self._cover.hidden(owner, metadata))

    def _items(self, owner: str, packed: Sequence[bytes]) -> tuple[Item, ...]:
        return tuple(unpack_item(self._cover.shown(owner, each)) for each in packed)


async def _position(
    connection: AsyncConnection, owner: str, conversation_id: str, item_id: str
) -> int:
    position: int | None = None
    if harmless(item_id):
        one = and_(I.c.owner == owner, I.c.conversation == conversation_id, I.c.id == item_id)
        position = (await connection.execute(select(I.c.position).where(one))).scalar()
    if position is None:
        raise NotFound("The conversation has no item of this id.")
    return position


async def _append(
    connection: AsyncConnection,
    owner: str,
    conversation_id: str,
    start: int,
    packed: Mapping[str, bytes],
) -> None:
    if not packed:
        return
    if start + len(packed) > ITEMS_MAX:
        raise ContextTooLong(
            f"A conversation may have {ITEMS_MAX:,} items.", advice="Begin a new one."
        )
    rows = [
        {
            "owner": owner,
            "conversation": conversation_id,
            "position": start + n,
            "id": name,
            "size": len(item),
            "item": item,
        }
        for n, (name, item) in enumerate(packed.items())
    ]
    await connection.execute(insert(I), rows)
