"""An office with a database of its own, and servers beside it that let people in."""

import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from msgspec import Struct

from manymind.canon.accounts import Known, News
from manymind.canon.faults import StoreFailed
from manymind.canon.origins import Rights
from manymind.policy.keys import OPERATING, Caller, Keys
from manymind.policy.office import Limit, Made, Office, Wish
from manymind.store.accounts import Accounts
from manymind.store.budgets import Budgets
from manymind.store.database import Database
from manymind.store.keys import StoredKeys
from tests.world import FakeClock

USUAL = Limit(cap=10 * 10**10, period="day")


class Registry:
    """The stored keys, counting what they are asked; out of order while `broken`."""

    def __init__(self, keys: StoredKeys) -> None:
        self._keys = keys
        self.looked_up = self.news_read = 0
        self.broken = False

    async def known(self, digest: bytes) -> Known | None:
        self.looked_up += 1
        return await self._keys.known(digest)

    async def news(self, after: int) -> News:
        self.news_read += 1
        if self.broken:
            raise StoreFailed("The database does not work now.")
        return await self._keys.news(after)


class Server(Struct, frozen=True):
    """What one process knows of keys."""

    keys: Keys
    registry: Registry


class Here(Struct, frozen=True):
    office: Office
    clock: FakeClock
    here: Server
    other: Server
    accounts: Accounts
    stored: StoredKeys
    budgets: Budgets

    async def key(self, tenant: str = "owner", **wish: object) -> Made:
        made = Wish(name="a key", **wish)  # pyright: ignore[reportArgumentType] # of whatever kind a test wants
        return await self.office.create_key(OPERATING, tenant, made)

    async def manager(self, tenant: str = "owner", **rights: object) -> Caller:
        """A management key of a tenant, as its holder comes in with it."""
        wanted = Rights(infers=False, manages=True, **rights)  # pyright: ignore[reportArgumentType] # likewise
        made = await self.key(tenant, rights=wanted)
        return await self.here.keys.identify(made.secret)


@asynccontextmanager
async def opened(url: str, operator: str | None = "mm-operator") -> AsyncGenerator[Here]:
    database, clock = Database(url), FakeClock()
    stored, budgets = StoredKeys(database, clock), Budgets(database, clock)
    accounts = Accounts(database, clock)
    registries = Registry(stored), Registry(stored)
    here, other = (Server(Keys(operator, each, clock), each) for each in registries)
    office = Office(
        accounts,
        stored,
        budgets,
        chance=random.Random(7).randrange,
        usual=USUAL,
        changed=here.keys.expire,
    )
    try:
        yield Here(office, clock, here, other, accounts, stored, budgets)
    finally:
        await database.aclose()
