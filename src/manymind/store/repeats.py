"""Answers that are given again to the same question, for as long as they may be."""

import anyio
from msgspec import Struct
from sqlalchemy import ColumnElement, and_, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from manymind.canon.events import Happened
from manymind.canon.exits import Cover
from manymind.canon.ports import Clock
from manymind.canon.repeats import Place, Repeated
from manymind.store.database import Database
from manymind.store.packing import Bare, pack_events, unpack_events
from manymind.store.tables import REPEATS as R

_MICROS = 1_000_000
_SWEEP_SECONDS = 60.0
_SWEPT_SHARE = 10
_AT_ONCE = 500

_KEEP = insert(R)


class Room(Struct, frozen=True, kw_only=True):
    """How much is kept: of one answer, and for one tenant, in bytes."""

    answer_bytes: int = 1024 * 1024
    tenant_bytes: int = 256 * 1024 * 1024


class RepeatShelf:
    """What is too old is not found; it is removed now and then, and so is what is too much."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        room: Room | None = None,
        cover: Cover | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._room = room or Room()
        self._cover = cover or Bare()
        self._swept = float("-inf")
        self._added: dict[str, int] = {}

    async def find(self, place: Place) -> Repeated | None:
        asked = select(R.c.offer, R.c.kept_at, R.c.events).where(
            _at(place), R.c.ends_at > self._now()
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(asked)).one_or_none()
        if row is None:
            return None
        events = await anyio.to_thread.run_sync(self._unpacked, place.owner, row.events)
        return Repeated(offer=row.offer, events=events, at=row.kept_at / _MICROS)

    async def keep(self, place: Place, repeated: Repeated, seconds: int) -> None:
        packed = await anyio.to_thread.run_sync(self._packed, place.owner, repeated.events)
        if len(packed) > self._room.answer_bytes:
            return
        now = self._now()
        row = {
            "owner": place.owner,
            "api_key": place.key,
            "digest": place.digest,
            "offer": repeated.offer,
            "kept_at": now,
            "ends_at": now + seconds * _MICROS,
            "size": len(packed),
            "events": packed,
        }
        try:
            async with self._database.writing() as connection:
                await connection.execute(delete(R).where(_at(place)))
                await connection.execute(_KEEP, row)
        except IntegrityError:
            return  # Another server has kept the same in this moment.
        await self._tidy(place.owner, len(packed))

    def _packed(self, owner: str, events: tuple[Happened, ...]) -> bytes:
        return pack_events(self._cover.hidden(owner, events))

    def _unpacked(self, owner: str, packed: bytes) -> tuple[Happened, ...]:
        return unpack_events(self._cover.shown(owner, packed))

    async def drop(self, place: Place) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(R).where(_at(place)))

    async def _tidy(self, owner: str, added: int) -> None:
        """Each tenant has its own room: none can push out what another has kept."""
        self._added[owner] = self._added.get(owner, 0) + added
        due = self._clock.now() - self._swept >= _SWEEP_SECONDS
        if not due and self._added[owner] * _SWEPT_SHARE < self._room.tenant_bytes:
            return
        self._swept = self._clock.now()
        self._added[owner] = 0
        async with self._database.writing() as connection:
            await connection.execute(delete(R).where(R.c.ends_at <= self._now()))
            size = select(func.coalesce(func.sum(R.c.size), 0)).where(R.c.owner == owner)
            over = (await connection.execute(size)).scalar_one() - self._room.tenant_bytes
            while over > 0:
                oldest = (
                    select(R.c.api_key, R.c.digest, R.c.size)
                    .where(R.c.owner == owner)
                    .order_by(R.c.kept_at)
                    .limit(_AT_ONCE)
                )
                for row in (await connection.execute(oldest)).all():
                    if over <= 0:
                        break
                    gone = and_(
                        R.c.owner == owner, R.c.api_key == row.api_key, R.c.digest == row.digest
                    )
                    await connection.execute(delete(R).where(gone))
                    over -= row.size

    def _now(self) -> int:
        return int(self._clock.today() * _MICROS)


def _at(place: Place) -> ColumnElement[bool]:
    return and_(R.c.owner == place.owner, R.c.api_key == place.key, R.c.digest == place.digest)
