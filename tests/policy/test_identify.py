"""Who calls, by the keys of the store: without asking it each time, and never long after it said
no."""

import sys

import anyio
import pytest
from msgspec.structs import replace

from manymind.canon.accounts import Changed, Key, Known, News
from manymind.canon.faults import StoreFailed, Unauthorized
from manymind.canon.origins import Rights
from manymind.policy.keys import OPERATING, REMEMBERED_MAX, Keys
from manymind.policy.minting import digest, mint
from tests.policy.stage import Here, Server, opened
from tests.world import FakeClock


async def refused(server: Server, secret: str) -> str:
    assert server.keys.known(secret) is None
    with pytest.raises(Unauthorized) as hit:
        await server.keys.identify(secret)
    assert secret not in hit.value.full
    return hit.value.full


async def disable(stage: Here, key: Key) -> None:
    def disabled(found: Key) -> Key:
        return replace(found, disabled=True)

    await stage.office.amend_key(OPERATING, key.tenant, key.id, disabled)


async def test_a_key_is_its_tenant_its_user_and_its_rights(url: str) -> None:
    async with opened(url) as stage:
        tenant = await stage.office.create_tenant(OPERATING, "Acme")
        user = await stage.office.create_user(OPERATING, tenant.id, "Ann")
        rights = Rights(models=("openai/*",), max_cost=5)
        made = await stage.key(tenant.id, user=user.id, rights=rights)
        caller = await stage.other.keys.identify(made.secret)
        assert (caller.id, caller.user, caller.key) == (tenant.id, user.id, made.key.id)
        assert caller.rights == rights
        assert not caller.operates


async def test_a_known_key_asks_nobody(url: str) -> None:
    async with opened(url) as stage:
        made = await stage.key()
        await stage.here.keys.identify(made.secret)
        asked = stage.here.registry.looked_up, stage.here.registry.news_read
        for _ in range(100):
            assert stage.here.keys.known(made.secret) is not None
        assert (stage.here.registry.looked_up, stage.here.registry.news_read) == asked
        await stage.clock.advance(60)
        await stage.here.keys.identify(made.secret)
        assert stage.here.registry.looked_up == asked[0], "what did not change is not read again"


async def test_a_key_is_shown_once_and_kept_nowhere(url: str) -> None:
    async with opened(url) as stage:
        made = await stage.key()
        assert made.secret.startswith("mm-")
        assert len(made.secret) >= 35
        assert made.key.label == f"{made.secret[:7]}…"
        news = await stage.stored.news(0)
        assert made.secret not in repr((await stage.stored.find("owner", made.key.id), news))


async def test_what_is_disabled_here_is_refused_at_once_and_elsewhere_within_a_second(
    url: str,
) -> None:
    async with opened(url) as stage:
        made = await stage.key()
        for server in (stage.here, stage.other):
            await server.keys.identify(made.secret)
        await disable(stage, made.key)
        assert "disabled" in await refused(stage.here, made.secret)
        await stage.clock.advance(1.0)
        assert "disabled" in await refused(stage.other, made.secret)


async def test_a_deleted_key_is_unknown_everywhere_within_a_second(url: str) -> None:
    async with opened(url) as stage:
        made = await stage.key()
        await stage.other.keys.identify(made.secret)
        await stage.office.forget_key(OPERATING, "owner", made.key.id)
        await stage.clock.advance(1.0)
        assert "not known" in await refused(stage.other, made.secret)
        looked_up = stage.other.registry.looked_up
        assert "not known" in await refused(stage.other, made.secret)
        assert stage.other.registry.looked_up == looked_up


@pytest.mark.parametrize("whose", ["tenant", "user"])
async def test_who_is_disabled_has_no_keys_that_open(url: str, whose: str) -> None:
    async with opened(url) as stage:
        tenant = (await stage.office.create_tenant(OPERATING, "Acme")).id
        user = (await stage.office.create_user(OPERATING, tenant, "Ann")).id
        made = await stage.key(tenant, user=user)
        await stage.other.keys.identify(made.secret)
        for disabled in (True, False):
            if whose == "tenant":
                await stage.office.amend_tenant(OPERATING, tenant, None, disabled)
            else:
                await stage.office.amend_user(OPERATING, tenant, user, None, disabled)
            await stage.clock.advance(1.0)
            if disabled:
                assert f"{whose} of this API key" in await refused(stage.other, made.secret)
        assert (await stage.other.keys.identify(made.secret)).user == user


async def test_a_key_ends_when_it_expires(url: str) -> None:
    async with opened(url) as stage:
        made = await stage.key(expires_at=int(stage.clock.today()) + 30)
        await stage.here.keys.identify(made.secret)
        await stage.clock.advance(29.9)
        await stage.here.keys.identify(made.secret)
        await stage.clock.advance(0.1)
        assert "expired" in await refused(stage.here, made.secret)
        assert "expired" in await refused(stage.other, made.secret)


async def test_after_a_rotation_the_key_before_is_good_for_the_grace_alone(url: str) -> None:
    async with opened(url) as stage:
        first = await stage.key()
        await stage.other.keys.identify(first.secret)
        second = await stage.office.rotate_key(OPERATING, "owner", first.key.id, 60)
        await stage.clock.advance(1.0)
        both = [await stage.other.keys.identify(each.secret) for each in (first, second)]
        assert both[0] == both[1]
        await stage.clock.advance(59.0)
        assert "replaced" in await refused(stage.other, first.secret)
        third = await stage.office.rotate_key(OPERATING, "owner", first.key.id)
        await stage.clock.advance(1.0)
        assert "not known" in await refused(stage.other, second.secret)
        assert (await stage.other.keys.identify(third.secret)).key == first.key.id


async def test_of_two_rotations_within_the_grace_only_the_last_before_is_good(url: str) -> None:
    async with opened(url) as stage:
        first = await stage.key()
        second = await stage.office.rotate_key(OPERATING, "owner", first.key.id, 60)
        await stage.office.rotate_key(OPERATING, "owner", first.key.id, 60)
        assert "not known" in await refused(stage.here, first.secret)
        await stage.here.keys.identify(second.secret)


async def test_a_stopped_key_comes_in_but_asks_no_models(url: str) -> None:
    async with opened(url) as stage:
        made = await stage.key()
        await stage.other.keys.identify(made.secret)
        await stage.stored.stop("owner", made.key.id, "It cost more than was reserved.")
        await stage.stored.stop("owner", made.key.id, "Another reason.")
        await stage.clock.advance(1.0)
        caller = await stage.other.keys.identify(made.secret)
        assert (caller.rights.infers, caller.stopped) == (False, "It cost more than was reserved.")
        await stage.office.open_key(OPERATING, "owner", made.key.id)
        await stage.clock.advance(1.0)
        assert (await stage.other.keys.identify(made.secret)).rights.infers


async def test_strangers_cost_neither_memory_nor_the_database(url: str) -> None:
    async with opened(url) as stage:
        made, keys = await stage.key(), stage.here.keys
        await keys.identify(made.secret)
        registry = stage.here.registry
        before, size = (registry.looked_up, registry.news_read), _size(keys)
        for number in range(10_000):
            with pytest.raises(Unauthorized):
                await keys.identify(f"mm-{number:043d}")
        assert (registry.looked_up, registry.news_read) == before
        assert _size(keys) == size


def _size(keys: Keys) -> int:
    held: list[object] = list(vars(keys).values())
    return sum(sys.getsizeof(each) for each in held)


class Endless:
    """A registry of very many keys."""

    def __init__(self, secrets: list[str]) -> None:
        self._digests = tuple(map(digest, secrets))
        self.looked_up = 0

    async def known(self, digest: bytes) -> Known:
        self.looked_up += 1
        name = digest.hex()
        made = {"created_at": 1, "created_by": "operator", "changed_at": 1}
        key = Key(tenant="t", id=name, name=name, label="mm-…", rights=Rights(), **made)  # pyright: ignore[reportArgumentType] # as they are written
        return Known(key=key, until=None, closed="", version=1)

    async def news(self, after: int) -> News:
        changed = Changed(tenant="t", id="all", changed_at=1, digests=self._digests)
        return News(keys=(changed,), tenants=())


async def test_only_so_many_keys_are_remembered() -> None:
    secrets = [f"mm-{number}" for number in range(REMEMBERED_MAX + 1)]
    registry = Endless(secrets)
    keys = Keys(None, registry, FakeClock())
    for secret in secrets:
        await keys.identify(secret)
    assert registry.looked_up == len(secrets)
    assert keys.known(secrets[-1]) is not None
    assert keys.known(secrets[0]) is None, "the oldest made room"


async def test_without_its_database_no_key_of_the_store_is_let_in_for_long(url: str) -> None:
    async with opened(url) as stage:
        made = await stage.key()
        await stage.other.keys.identify(made.secret)
        stage.other.registry.broken = True
        await stage.clock.advance(0.6)
        await stage.other.keys.identify(made.secret)
        await stage.clock.advance(0.4)
        for _ in range(2):
            with pytest.raises(StoreFailed):
                await stage.other.keys.identify(made.secret)
        assert await stage.other.keys.identify("mm-operator") == OPERATING
        stage.other.registry.broken = False
        assert (await stage.other.keys.identify(made.secret)).key == made.key.id


async def test_of_many_at_once_one_asks_what_changed(url: str) -> None:
    async with opened(url) as stage:
        made = await stage.key()
        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(stage.other.keys.identify, made.secret)
        assert stage.other.registry.news_read == 1


async def test_a_change_made_while_others_are_looked_up_is_not_missed(url: str) -> None:
    """Whoever looked a key up just before its change holds an old one; the next news say so."""
    async with opened(url) as stage:
        made = await stage.key()
        await stage.other.keys.identify(made.secret)
        for number in range(20):
            async with anyio.create_task_group() as group:
                group.start_soon(stage.other.keys.identify, made.secret)
                group.start_soon(stage.stored.stop, "owner", made.key.id, f"{number}")
            await stage.clock.advance(1.0)
            assert (await stage.other.keys.identify(made.secret)).stopped
            await stage.office.open_key(OPERATING, "owner", made.key.id)
            await stage.clock.advance(1.0)


async def test_keys_of_the_store_open_where_the_operator_has_none(url: str) -> None:
    async with opened(url, operator=None) as stage:
        made = await stage.key()
        assert stage.here.keys.known("sk-anything") == OPERATING
        assert (await stage.here.keys.identify(made.secret)).key == made.key.id
        await refused(stage.here, made.secret + "x")


def test_keys_are_drawn_by_chance_alone() -> None:
    drawn = iter(range(43))
    minted = mint(lambda below: next(drawn) % below)
    assert minted.secret == "mm-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
    assert (len(minted.digest), minted.label) == (32, "mm-0123…")
