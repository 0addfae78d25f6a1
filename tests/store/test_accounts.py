"""Tenants, users and keys, and who changed what, on both databases."""

import anyio
import pytest
from msgspec.structs import replace

from manymind.canon.accounts import Key
from manymind.canon.faults import BadRequest, NotFound
from manymind.canon.origins import Rights
from manymind.store.accounts import Accounts
from manymind.store.answers import Window
from manymind.store.changing import changes
from manymind.store.database import Database
from manymind.store.keys import New, StoredKeys
from tests.store.stage import kept, opened
from tests.world import FakeClock

HOSTILE = ["", "x" * 10_000, "key_\0", "key_1'--", "ä", "key_1 OR 1=1"]


def new(number: int) -> New:
    secret = f"secret {number}".encode()
    return New(id=f"key_{number}", name=f"k{number}", digest=secret, label="mm-…", rights=Rights())


def allowed(_key: Key) -> None:
    """Anybody may change it."""


class Stage:
    def __init__(self, url: str) -> None:
        self.database, self.clock = Database(url), FakeClock()
        self.accounts = Accounts(self.database, self.clock)
        self.keys = StoredKeys(self.database, self.clock)

    async def __aenter__(self) -> "Stage":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.database.aclose()


async def test_the_operator_is_a_tenant_from_the_beginning(url: str) -> None:
    async with Stage(url) as stage:
        (tenant,) = await stage.accounts.tenants(Window())
        assert (tenant.id, tenant.disabled) == ("owner", False)


@pytest.mark.parametrize("oldest_first", [True, False])
async def test_lists_come_in_pages_without_gaps(url: str, oldest_first: bool) -> None:
    async with Stage(url) as stage:
        for number in range(25):
            await stage.keys.create("owner", new(number), by="operator")
        found: list[str] = []
        after = None
        while True:
            window = Window(limit=7, after=after, oldest_first=oldest_first)
            some = [key.id for key in await stage.keys.listed("owner", window)]
            if not some:
                break
            found += some
            after = some[-1]
        wanted = [f"key_{number}" for number in range(25)]
        assert found == (wanted if oldest_first else wanted[::-1])


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_name_that_none_has_is_not_found(url: str, name: str) -> None:
    async with Stage(url) as stage:
        for finding in (
            stage.accounts.tenant(name),
            stage.accounts.user("owner", name),
            stage.keys.find("owner", name),
            stage.keys.forget("owner", name, by="operator", check=allowed),
        ):
            with pytest.raises(NotFound):
                await finding
        with pytest.raises(BadRequest):
            await stage.keys.listed("owner", Window(after=name))


async def test_another_tenants_key_is_not_there(url: str) -> None:
    async with Stage(url) as stage:
        await stage.accounts.create_tenant("acme", "Acme", by="operator")
        key = await stage.keys.create("owner", new(1), by="operator")
        assert await stage.keys.listed("acme", Window()) == ()
        for finding in (
            stage.keys.find("acme", key.id),
            stage.keys.amend(replace(key, tenant="acme"), by="x", check=allowed),
            stage.keys.rotate("acme", key.id, b"d", "l", grace_seconds=0, by="x", check=allowed),
            stage.keys.open("acme", key.id, by="x", check=allowed),
        ):
            with pytest.raises(NotFound):
                await finding


async def test_changes_are_numbered_in_the_order_in_which_they_can_be_seen(url: str) -> None:
    """Whoever asks for what is later than the last that it saw misses nothing."""
    async with Stage(url) as stage:
        seen: list[str] = []
        done = anyio.Event()

        async def follow() -> None:
            after = 0
            while len(seen) < 30:
                news = await stage.keys.news(after)
                seen.extend(each.id for each in news.keys)
                after = max([after, *(each.changed_at for each in news.keys)])
            done.set()

        async def make(number: int) -> None:
            await stage.keys.create("owner", new(number), by="operator")

        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                group.start_soon(follow)
                for number in range(30):
                    group.start_soon(make, number)
        assert done.is_set()
        assert sorted(seen) == sorted({*seen}), "each was seen once"


async def test_it_is_known_who_changed_what_but_not_to_what(url: str) -> None:
    async with Stage(url) as stage:
        key = await stage.keys.create("owner", new(1), by="operator")
        await stage.keys.amend(replace(key, name="secret plan"), by="key_9", check=allowed)
        await stage.keys.forget("owner", key.id, by="key_9", check=allowed)
        found = await changes(stage.database, "owner", Window(oldest_first=False))
        assert [(each.actor, each.action, each.subject) for each in found] == [
            ("key_9", "deleted", "key_1"),
            ("key_9", "changed", "key_1"),
            ("operator", "created", "key_1"),
        ]
        assert found[1].fields == ("name",)
        assert "secret plan" not in repr(found)
        later = await changes(stage.database, "owner", Window(after=str(found[2].at)))
        assert [each.action for each in later] == ["changed", "deleted"]
        assert await changes(stage.database, "acme", Window()) == ()


async def test_with_a_tenant_goes_what_it_kept(url: str) -> None:
    async with Stage(url) as stage, opened(url) as store:
        await stage.accounts.create_tenant("acme", "Acme", by="operator")
        await stage.accounts.create_user("acme", "usr_1", "Ann", by="operator")
        await store.answers.keep(kept("resp_1", owner="acme"))
        await store.conversations.create("acme", "conv_1", {}, {})
        await stage.accounts.forget_tenant("acme", by="operator")
        with pytest.raises(NotFound):
            await store.answers.find("acme", "resp_1", "openai_responses")
        with pytest.raises(NotFound):
            await store.conversations.find("acme", "conv_1")
