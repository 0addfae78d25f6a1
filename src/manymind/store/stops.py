"""Keys that the gate for money lets nothing pass of any more, and why. All else about keys is
the business of `accounts`."""

from sqlalchemy import select, update

from manymind.canon.ports import Clock
from manymind.store.database import Database
from manymind.store.tables import KEYS as K


class Stops:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def stop(self, owner: str, key: str, why: str) -> None:
        await self._set(owner, key, why)

    async def reopen(self, owner: str, key: str) -> None:
        """Let its calls pass again, here and on every other server within moments."""
        await self._set(owner, key, None)

    async def every(self) -> dict[tuple[str, str], str]:
        """All that are stopped, with the reason."""
        query = select(K.c.owner, K.c.id, K.c.stopped).where(K.c.stopped.is_not(None))
        async with self._database.reading() as connection:
            return {(owner, key): why for owner, key, why in await connection.execute(query)}

    async def changed(self, since: int) -> tuple[int, dict[tuple[str, str], str | None]]:
        """What became of keys that were changed since a moment, and the last such moment."""
        query = select(K.c.owner, K.c.id, K.c.stopped, K.c.changed_at)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.where(K.c.changed_at >= since))).all()
        last = max((at for *_, at in rows), default=since)
        return last, {(owner, key): why for owner, key, why, _ in rows}

    async def _set(self, owner: str, key: str, why: str | None) -> None:
        now = int(self._clock.today() * 1e6)
        async with self._database.writing() as connection:
            one = update(K).where(K.c.owner == owner, K.c.id == key)
            await connection.execute(one.values(stopped=why, changed_at=now))
