"""Who calls? The operator, by the bootstrap key, or whoever holds a key of the store.

Known keys are remembered by their digest, so that most requests ask nobody. Twice a second, while
there are any requests, the registry is asked what changed; without its answer for a whole second
no key of the store is let in. So a key that was revoked elsewhere is dead within that second.
"""

import hmac

import anyio
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.accounts import Known, News, Registry
from manymind.canon.faults import Fault, StoreFailed, Unauthorized
from manymind.canon.origins import OPERATOR, Marks, Origin, Rights
from manymind.canon.ports import Clock
from manymind.clock import SystemClock
from manymind.policy.minting import PREFIX
from manymind.policy.minting import digest as digest_of

RENEWED_SECONDS, STALE_SECONDS = 0.5, 1.0
"""When the registry is asked again, and when nothing counts any more without its answer."""

REMEMBERED_MAX = 10_000
"""Keys that are let in without asking. What all others may do is looked up again."""

_OVERLAP_MICROS = 5_000_000
"""Changes are asked for from a little earlier than the last that was seen: another's clock may
be behind, and a key may have been looked up at the very moment of its change."""


class Caller(Struct, frozen=True, kw_only=True):
    """Whom a request is answered for and charged to. `id` is the tenant, who owns what is kept;
    `user` and `key` are empty where there is none. `rights` are those of the key. `stopped` says
    why it may ask no model any more; `expires_at` is in seconds since 1970."""

    id: str
    user: str = ""
    key: str = ""
    rights: Rights = Rights()
    stopped: str = ""
    expires_at: int | None = None

    @property
    def operates(self) -> bool:
        """Whether this is whoever runs the server. No key of the store has both rights."""
        return self.rights.infers and self.rights.manages


def origin_of(
    caller: Caller,
    request_id: str,
    marks: Marks,
    *,
    feature: str = "",
    dialect: str = "",
    streamed: bool = False,
    route: str = "",
    arm: str = "",
) -> Origin:
    """Whose call this is. A feature is what the marks name, else `feature`."""
    return Origin(
        tenant=caller.id,
        user=caller.user,
        key=caller.key,
        request=request_id,
        route=route,
        arm=arm,
        feature=marks.feature or feature,
        session=marks.session,
        app=marks.app,
        dialect=dialect,
        streamed=streamed,
        rights=caller.rights,
    )


OPERATING = Caller(id=OPERATOR, rights=Rights(manages=True))


class _Entry(Struct, frozen=True):
    """`open_until` is 0 for a key that is closed."""

    caller: Caller
    known: Known
    open_until: float


class Keys:
    """`key` is the bootstrap key; without one everybody who reaches the server is the operator,
    which is why it then binds to loopback alone. Only what begins like a key of the store must
    be known even then."""

    def __init__(
        self,
        key: str | None,
        registry: Registry | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._digest = digest_of(key) if key else None
        self._registry = registry
        self._clock = clock or SystemClock()
        self._entries: dict[bytes, _Entry] = {}
        self._there: set[bytes] = set()
        self._seen = 0
        self._due = self._stale = float("-inf")
        self._asking = anyio.Lock()
        self._failures: int = 0
        self._expired: int = 0

    @property
    def required(self) -> bool:
        return self._digest is not None

    def known(self, given: str | None) -> Caller | None:
        """Who calls, where nobody has to be asked; None leaves it to `identify`."""
        if self._digest is None and not (given and given.startswith(PREFIX)):
            return OPERATING
        if not given:
            return None
        digest = digest_of(given)
        entry = self._entries.get(digest)
        if entry is not None:
            fresh = self._clock.now() < self._due and self._clock.today() < entry.open_until
            return entry.caller if fresh else None
        if self._digest is not None and hmac.compare_digest(digest, self._digest):
            return OPERATING
        return None

    async def identify(self, given: str | None) -> Caller:
        """Who calls, or why they may not. What no registry knows costs it nothing: the digests
        of all keys there are stand in memory."""
        caller = self.known(given)
        if caller is not None:
            return caller
        if not given:
            raise Unauthorized(
                "No API key was given.",
                advice="Send it as Authorization: Bearer KEY or as x-api-key.",
            )
        if self._registry is None or not given.startswith(PREFIX):
            raise _unknown()
        digest = digest_of(given)
        await self._renew(self._registry)
        entry = self._entries.get(digest)
        if entry is None:
            entry = await self._look_up(self._registry, digest)
        if self._clock.today() >= entry.open_until:
            raise _closed(entry.known)
        return entry.caller

    def expire(self) -> None:
        """Something was changed here: nobody is let in before the registry said what."""
        self._expired += 1
        self._due = self._stale = float("-inf")

    async def _look_up(self, registry: Registry, digest: bytes) -> _Entry:
        known = await registry.known(digest) if digest in self._there else None
        if known is None:
            self._there.discard(digest)
            raise _unknown()
        if len(self._entries) >= REMEMBERED_MAX:
            del self._entries[next(iter(self._entries))]
        self._entries[digest] = entry = _entry(known)
        return entry

    async def _renew(self, registry: Registry) -> None:
        """One asks, and all others go by what is known until that is stale."""
        clock = self._clock
        if clock.now() < self._due:
            return
        failures = self._failures
        async with self._asking:
            asked = clock.now()
            if asked < self._due:
                return
            if self._failures != failures and asked >= self._stale:
                raise StoreFailed("The keys of this server cannot be read now.")
            self._due, expired = self._stale, self._expired
            try:
                news = await registry.news(max(0, self._seen - _OVERLAP_MICROS))
            except StoreFailed:
                self._failures += 1
                if clock.now() >= self._stale:
                    raise
                return
            self._take(news)
            if self._expired == expired:  # Else the news may be older than the change.
                self._due, self._stale = asked + RENEWED_SECONDS, asked + STALE_SECONDS

    def _take(self, news: News) -> None:
        keys = {(each.tenant, each.id): each.changed_at for each in news.keys}
        tenants = dict(news.tenants)
        self._seen = max(self._seen, *keys.values(), *tenants.values(), 0)
        for each in news.keys:
            self._there.update(each.digests)
        if keys or tenants:
            self._entries = {
                digest: entry
                for digest, entry in self._entries.items()
                if not _outdated(entry.known, keys, tenants)
            }


def _outdated(known: Known, keys: dict[tuple[str, str], int], tenants: dict[str, int]) -> bool:
    key = known.key
    newest = max(keys.get((key.tenant, key.id), 0), tenants.get(key.tenant, 0))
    return newest > known.version


def _entry(known: Known) -> _Entry:
    key = known.key
    rights = replace(key.rights, infers=False) if key.stopped else key.rights
    caller = Caller(
        id=key.tenant,
        user=key.user,
        key=key.id,
        rights=rights,
        stopped=key.stopped or "",
        expires_at=key.expires_at,
    )
    until = float("inf") if known.until is None else known.until
    return _Entry(caller, known, 0.0 if known.closed else until)


def _unknown() -> Fault:
    return Unauthorized("The API key is not known here.", advice="Check the value of your key.")


def _closed(known: Known) -> Fault:
    """Whoever holds the key may know why it does not open."""
    if known.closed:
        why, who = f"The {known.closed} of this API key is disabled.", "Ask whoever manages it."
        return Unauthorized(
            "This API key is disabled." if known.closed == "key" else why, advice=who
        )
    if known.until != known.key.expires_at:
        return Unauthorized("This API key was replaced.", advice="Use the one that replaced it.")
    return Unauthorized("This API key has expired.", advice="Ask for a new one.")
