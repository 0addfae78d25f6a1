"""Keys, by the digest of what their holders say."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct
from sqlalchemy import Row, Select, and_, delete, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from manymind.canon.accounts import Changed, Key, Known, News
from manymind.canon.faults import Conflict, NotFound
from manymind.canon.origins import Rights
from manymind.canon.ports import Clock
from manymind.store.accounts import found_user, listing
from manymind.store.answers import Window
from manymind.store.changing import changing
from manymind.store.database import Database, harmless
from manymind.store.tables import KEYS as K
from manymind.store.tables import TENANTS as T
from manymind.store.tables import USERS as U

KEYS_MAX = 10_000
"""Keys of one tenant. All servers hold the digests of all keys in memory."""

_RIGHTS = msgspec.json.Decoder(Rights)
_MICROS = 1_000_000

Check = Callable[[Key], None]
"""Raises a fault where a key, as it stands now, may not be changed by whoever wants to."""

_Found: TypeAlias = Row[Any]


class New(Struct, frozen=True, kw_only=True):
    """A key to be made. Only the digest of its secret comes here."""

    id: str
    user: str = ""
    name: str
    digest: bytes
    label: str
    rights: Rights
    expires_at: int | None = None


class StoredKeys:
    """Every change says `by` whom it is made, and `check` sees the key before it is changed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(self, tenant: str, new: New, *, by: str) -> Key:
        async with changing(self._database, self._clock) as change:
            count = select(func.count()).where(K.c.owner == tenant)
            if (await change.connection.execute(count)).scalar_one() >= KEYS_MAX:
                raise Conflict(f"A tenant may have {KEYS_MAX:,} keys.")
            if new.user:
                await found_user(change.connection, tenant, new.user)
            row = {
                "owner": tenant,
                "id": new.id,
                "user": new.user,
                "name": new.name,
                "digest": new.digest,
                "label": new.label,
                "created_at": change.at,
                "created_by": by,
                "changed_at": change.at,
                "expires_at": _micros(new.expires_at),
                "disabled": False,
                "rights": msgspec.json.encode(new.rights),
            }
            await change.connection.execute(insert(K).values(row))
            await change.note(tenant, by, "created", "key", new.id, ("name", "rights"))
            return await _key(change.connection, tenant, new.id)

    async def find(self, tenant: str, key: str) -> Key:
        async with self._database.reading() as connection:
            return await _key(connection, tenant, key)

    async def listed(
        self,
        tenant: str,
        window: Window,
        *,
        user: str | None = None,
        offset: int = 0,
        disabled: bool = True,
        expired: bool = True,
    ) -> tuple[Key, ...]:
        wanted = [K.c.owner == tenant]
        if user is not None:
            wanted.append(K.c.user == user)
        if not disabled:
            wanted.append(K.c.disabled.is_(False))
        if not expired:
            now = int(self._clock.today() * _MICROS)
            wanted.append(or_(K.c.expires_at.is_(None), K.c.expires_at > now))
        async with self._database.reading() as connection:
            query = await listing(connection, K, K.c.id, tuple(wanted), window)
            rows = (await connection.execute(query.offset(offset))).all()
        return tuple(map(_as_key, rows))

    async def amend(self, wanted: Key, *, by: str, check: Check) -> Key:
        """Have a key as it is wanted: of its name, user, rights and end, and whether it is
        disabled."""
        tenant, key = wanted.tenant, wanted.id
        async with changing(self._database, self._clock) as change:
            found = await _key(change.connection, tenant, key, lock=True)
            check(found)
            before, after = _amendable(found), _amendable(wanted)
            fields = {name: value for name, value in after.items() if value != before[name]}
            if fields.get("user"):
                await found_user(change.connection, tenant, wanted.user)
            await change.connection.execute(_changed(tenant, key, change.at, fields))
            await change.note(tenant, by, "changed", "key", key, fields)
            return await _key(change.connection, tenant, key)

    async def rotate(
        self,
        tenant: str,
        key: str,
        digest: bytes,
        label: str,
        *,
        grace_seconds: int,
        by: str,
        check: Check,
    ) -> Key:
        """Have a key answer to a new secret; to the one before for so long, to others no more."""
        async with changing(self._database, self._clock) as change:
            check(await _key(change.connection, tenant, key, lock=True))
            row: dict[str, object] = {"digest": digest, "label": label}
            row |= {"former_digest": None, "former_until": None}
            if grace_seconds:
                one = select(K.c.digest).where(K.c.owner == tenant, K.c.id == key)
                row["former_digest"] = (await change.connection.execute(one)).scalar_one()
                row["former_until"] = change.at + grace_seconds * _MICROS
            await change.connection.execute(_changed(tenant, key, change.at, row))
            await change.note(tenant, by, "rotated", "key", key)
            return await _key(change.connection, tenant, key)

    async def open(self, tenant: str, key: str, *, by: str, check: Check) -> Key:
        """Let the calls of a key pass again that the gate for money has stopped."""
        async with changing(self._database, self._clock) as change:
            check(await _key(change.connection, tenant, key, lock=True))
            await change.connection.execute(_changed(tenant, key, change.at, {"stopped": None}))
            await change.note(tenant, by, "opened", "key", key, ("stopped",))
            return await _key(change.connection, tenant, key)

    async def stop(self, tenant: str, key: str, why: str) -> None:
        """Let none of a key's calls pass; the first reason stays."""
        async with changing(self._database, self._clock) as change:
            query = _changed(tenant, key, change.at, {"stopped": why})
            done = await change.connection.execute(query.where(K.c.stopped.is_(None)))
            if done.rowcount:
                await change.note(tenant, "gate", "stopped", "key", key, ("stopped",))

    async def forget(self, tenant: str, key: str, *, by: str, check: Check) -> None:
        """What it did stays in the ledger."""
        async with changing(self._database, self._clock) as change:
            check(await _key(change.connection, tenant, key, lock=True))
            await change.connection.execute(delete(K).where(K.c.owner == tenant, K.c.id == key))
            await change.touch(tenant)
            await change.note(tenant, by, "deleted", "key", key)

    async def known(self, digest: bytes) -> Known | None:
        query = _WITH_WHOM.where(or_(K.c.digest == digest, K.c.former_digest == digest))
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        key = _as_key(row)
        ends = [] if key.expires_at is None else [key.expires_at]
        if row.digest != digest:
            ends.append(row.former_until // _MICROS)
        closed = "key" if key.disabled else "user" if row.user_disabled else ""
        return Known(
            key=key,
            until=min(ends, default=None),
            closed="tenant" if row.tenant_disabled else closed,
            version=max(key.changed_at, row.tenant_changed_at),
        )

    async def news(self, after: int) -> News:
        keys = select(K.c.owner, K.c.id, K.c.changed_at, K.c.digest, K.c.former_digest)
        tenants = select(T.c.owner, T.c.changed_at).where(T.c.changed_at > after)
        async with self._database.reading() as connection:
            touched = (await connection.execute(tenants)).all()
            changed = (await connection.execute(keys.where(K.c.changed_at > after))).all()
        return News(
            keys=tuple(
                Changed(
                    tenant=row.owner,
                    id=row.id,
                    changed_at=row.changed_at,
                    digests=tuple(each for each in (row.digest, row.former_digest) if each),
                )
                for row in changed
            ),
            tenants=tuple((row.owner, row.changed_at) for row in touched),
        )


_WITH_WHOM: Select[Any] = (
    select(
        K,
        T.c.disabled.label("tenant_disabled"),
        T.c.changed_at.label("tenant_changed_at"),
        func.coalesce(U.c.disabled, literal(False)).label("user_disabled"),
    )
    .join(T, T.c.owner == K.c.owner)
    .outerjoin(U, and_(U.c.owner == K.c.owner, U.c.id == K.c.user))
)


def _changed(tenant: str, key: str, at: int, fields: Mapping[str, object]) -> Any:
    one = and_(K.c.owner == tenant, K.c.id == key)
    return update(K).where(one).values(**fields, changed_at=at)


async def _key(connection: AsyncConnection, tenant: str, key: str, *, lock: bool = False) -> Key:
    row: _Found | None = None
    if harmless(key):
        query = select(K).where(K.c.owner == tenant, K.c.id == key)
        query = query.with_for_update() if lock else query
        row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFound("There is no key of this id.")
    return _as_key(row)


def _amendable(key: Key) -> Mapping[str, object]:
    return {
        "name": key.name,
        "user": key.user,
        "rights": msgspec.json.encode(key.rights),
        "expires_at": _micros(key.expires_at),
        "disabled": key.disabled,
    }


def _micros(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * _MICROS


def _as_key(row: _Found) -> Key:
    return Key(
        tenant=row.owner,
        id=row.id,
        user=row.user,
        name=row.name,
        label=row.label,
        rights=_RIGHTS.decode(row.rights),
        created_at=row.created_at // _MICROS,
        created_by=row.created_by,
        changed_at=row.changed_at,
        expires_at=None if row.expires_at is None else row.expires_at // _MICROS,
        disabled=row.disabled,
        stopped=row.stopped,
    )
