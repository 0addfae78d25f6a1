"""Tenants, their users, and their keys. What lets a key in is a digest of it; the key itself is
kept nowhere."""

from typing import Protocol

from msgspec import Struct

from manymind.canon.origins import Rights


class Tenant(Struct, frozen=True, kw_only=True):
    """Whose rows are whose. Times are in seconds since 1970, here and below."""

    id: str
    name: str
    created_at: int
    disabled: bool = False


class User(Struct, frozen=True, kw_only=True):
    tenant: str
    id: str
    name: str
    created_at: int
    disabled: bool = False


class Key(Struct, frozen=True, kw_only=True):
    """`label` is its visible beginning. `created_by` is the key that made it, or what the
    operator called by. `stopped` says why the gate for money lets none of its calls pass.
    `changed_at` is in microseconds, and grows with each change."""

    tenant: str
    id: str
    user: str = ""
    name: str
    label: str
    rights: Rights
    created_at: int
    created_by: str
    changed_at: int
    expires_at: int | None = None
    disabled: bool = False
    stopped: str | None = None


class Known(Struct, frozen=True, kw_only=True):
    """A key as it was found by one of its digests, which is good `until` then. `closed` names
    what of it is disabled: key, user or tenant. `version` grows with all that it depends on."""

    key: Key
    until: int | None
    closed: str
    version: int


class Changed(Struct, frozen=True, kw_only=True):
    """A key that was made or changed, with the digests that it answers to."""

    tenant: str
    id: str
    changed_at: int
    digests: tuple[bytes, ...]


class News(Struct, frozen=True, kw_only=True):
    """What was changed of keys; and of tenants as a whole, with the time of each."""

    keys: tuple[Changed, ...]
    tenants: tuple[tuple[str, int], ...]


class Registry(Protocol):
    """Where keys are looked up."""

    async def known(self, digest: bytes) -> Known | None: ...

    async def news(self, after: int) -> News:
        """All that changed later than that, in microseconds since 1970."""
        ...
