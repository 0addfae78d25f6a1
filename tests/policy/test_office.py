"""No key raises its own rights, by whatever field; and none acts outside its tenant."""

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from manymind.canon.accounts import Key
from manymind.canon.budgets import Budget
from manymind.canon.faults import BadRequest, Conflict, Fault, Forbidden, NotFound
from manymind.canon.origins import Rights
from manymind.policy.keys import OPERATING, Caller
from manymind.policy.office import Limit, Wish, limit_id
from tests.policy.stage import USUAL, opened

NARROW = Rights(models=("openai/*",), max_cost=5)


def renamed(key: Key) -> Key:
    return replace(key, name="another name")


def budget(scope: str, subject: str, *, tenant: str = "owner", cap: int = 5) -> Budget:
    kind = {"scope": scope, "unit": "tokens", "period": "day"}
    return Budget(owner=tenant, id="", subject=subject, cap=cap, **kind)  # pyright: ignore[reportArgumentType] # as they are written


async def test_no_key_changes_itself(url: str) -> None:
    async with opened(url) as stage:
        me = await stage.manager()
        office = stage.office
        ways: list[Callable[[], Awaitable[object]]] = [
            lambda: office.amend_key(me, "owner", me.key, renamed),
            lambda: office.amend_key(me, "owner", me.key, lambda key: key, lambda _: None),
            lambda: office.rotate_key(me, "owner", me.key),
            lambda: office.open_key(me, "owner", me.key),
            lambda: office.forget_key(me, "owner", me.key),
            lambda: office.define_budget(me, budget("key", me.key)),
        ]
        for way in ways:
            with pytest.raises(Forbidden, match="itself"):
                await way()
        assert (await stage.stored.find("owner", me.key)).name == "a key"


async def test_a_key_with_larger_rights_is_out_of_reach(url: str) -> None:
    """Its secret above all: to hold it would be to have its rights."""
    async with opened(url) as stage:
        me = await stage.manager(models=("openai/*",), max_cost=5)
        office, wide = stage.office, (await stage.key()).key.id
        ways: list[Callable[[], Awaitable[object]]] = [
            lambda: office.amend_key(me, "owner", wide, renamed),
            lambda: office.rotate_key(me, "owner", wide),
            lambda: office.open_key(me, "owner", wide),
            lambda: office.forget_key(me, "owner", wide),
        ]
        for way in ways:
            with pytest.raises(Forbidden, match="smaller"):
                await way()
        narrow = (await office.create_key(me, "owner", Wish(name="n", rights=NARROW))).key.id

        def widened(key: Key) -> Key:
            return replace(key, rights=replace(key.rights, models=("*",)))

        with pytest.raises(Forbidden, match="models"):
            await office.amend_key(me, "owner", narrow, widened)
        assert (await office.rotate_key(me, "owner", narrow)).secret


async def test_no_key_outlives_the_one_that_made_it(url: str) -> None:
    async with opened(url) as stage:
        end = int(stage.clock.today()) + 100
        wanted = Rights(infers=False, manages=True)
        me = await stage.here.keys.identify((await stage.key(rights=wanted, expires_at=end)).secret)
        for expires_at in (None, end + 1):
            with pytest.raises(Forbidden, match="expires"):
                await stage.office.create_key(me, "owner", Wish(name="x", expires_at=expires_at))
        made = await stage.office.create_key(me, "owner", Wish(name="x", expires_at=end))
        with pytest.raises(Forbidden, match="expires"):
            await stage.office.amend_key(
                me, "owner", made.key.id, lambda key: replace(key, expires_at=None)
            )


async def test_no_limit_is_larger_than_that_of_whoever_gives_it(url: str) -> None:
    async with opened(url) as stage:
        wanted, own = Rights(infers=False, manages=True), Limit(cap=10, period="day")
        made = await stage.key(rights=wanted, limit=own, capped=True)
        me = await stage.here.keys.identify(made.secret)
        for limit in (None, Limit(cap=11, period="day"), Limit(cap=10, period="week")):
            with pytest.raises(Forbidden, match="limit"):
                wish = Wish(name="x", limit=limit, capped=True)
                await stage.office.create_key(me, "owner", wish)
        wish = Wish(name="x", limit=own, capped=True)
        key = (await stage.office.create_key(me, "owner", wish)).key
        for after in (None, Limit(cap=11, period="day")):
            with pytest.raises(Forbidden, match="limit"):
                await stage.office.amend_key(
                    me, "owner", key.id, lambda key: key, lambda _, after=after: after
                )


async def test_a_new_key_has_the_usual_limit_unless_its_maker_says_otherwise(url: str) -> None:
    async with opened(url) as stage:
        usual, none = await stage.key(), await stage.key(capped=True)
        smaller = await stage.key(limit=Limit(cap=3), capped=True)
        limits = [
            await stage.office.limit_of("owner", made.key.id) for made in (usual, none, smaller)
        ]
        assert [None if each is None else (each.cap, each.period) for each in limits] == [
            (USUAL.cap, USUAL.period),
            None,
            (3, "total"),
        ]


async def test_what_the_operator_limited_only_the_operator_loosens(url: str) -> None:
    async with opened(url) as stage:
        me, key = await stage.manager(), (await stage.key(limit=Limit(cap=5), capped=True)).key

        async def limit(caller: Caller, after: Limit | None) -> None:
            await stage.office.amend_key(caller, "owner", key.id, lambda key: key, lambda _: after)

        for after in (None, Limit(cap=6), Limit(cap=5, period="day")):
            with pytest.raises(Forbidden, match="operator has set"):
                await limit(me, after)
        await limit(me, Limit(cap=4))
        await limit(OPERATING, Limit(cap=6))

        set_by_operator = await stage.office.define_budget(OPERATING, budget("route", "cheap"))
        with pytest.raises(Forbidden):
            await stage.office.amend_budget(me, set_by_operator, 6, 80)
        with pytest.raises(Forbidden):
            await stage.office.drop_budget(me, set_by_operator)
        assert (await stage.office.amend_budget(me, set_by_operator, 4, 80)).cap == 4
        own = await stage.office.define_budget(me, budget("route", "cheap"))
        await stage.office.amend_budget(me, own, 50, 80)
        await stage.office.drop_budget(me, own)


async def test_the_budget_of_a_whole_tenant_is_the_operators(url: str) -> None:
    async with opened(url) as stage:
        me = await stage.manager()
        with pytest.raises(Forbidden):
            await stage.office.define_budget(me, budget("tenant", "owner"))
        made = await stage.office.define_budget(OPERATING, budget("tenant", "owner"))
        for change in (
            stage.office.amend_budget(me, made, 1, 80),
            stage.office.drop_budget(me, made),
        ):
            with pytest.raises(Forbidden):
                await change


@pytest.mark.parametrize("scope", ["user", "key"])
async def test_a_budget_counts_somebody_who_is_there(url: str, scope: str) -> None:
    async with opened(url) as stage:
        with pytest.raises(NotFound):
            await stage.office.define_budget(OPERATING, budget(scope, "absent"))
        with pytest.raises(BadRequest):
            await stage.office.define_budget(OPERATING, budget("route", ""))


async def test_only_the_operator_manages_tenants(url: str) -> None:
    async with opened(url) as stage:
        tenant = (await stage.office.create_tenant(OPERATING, "Acme")).id
        for me in (await stage.manager(), await stage.manager(tenant)):
            ways = (
                stage.office.create_tenant(me, "Mine"),
                stage.office.amend_tenant(me, tenant, "Mine", None),
                stage.office.forget_tenant(me, tenant),
            )
            for way in ways:
                with pytest.raises(Forbidden):
                    await way


async def test_a_manager_names_no_tenant_but_its_own(url: str) -> None:
    async with opened(url) as stage:
        tenant = (await stage.office.create_tenant(OPERATING, "Acme")).id
        me = await stage.manager(tenant)
        assert await stage.office.tenant(me, None) == tenant
        assert await stage.office.tenant(me, tenant) == tenant
        for other in ("owner", "absent", ""):
            with pytest.raises(NotFound):
                await stage.office.tenant(me, other)
        assert await stage.office.tenant(OPERATING, tenant) == tenant
        with pytest.raises(NotFound):
            await stage.office.tenant(OPERATING, "absent")


async def test_who_has_keys_is_not_deleted(url: str) -> None:
    async with opened(url) as stage:
        tenant = (await stage.office.create_tenant(OPERATING, "Acme")).id
        user = (await stage.office.create_user(OPERATING, tenant, "Ann")).id
        key = (await stage.key(tenant, user=user)).key
        with pytest.raises(Conflict):
            await stage.office.forget_user(OPERATING, tenant, user)
        with pytest.raises(Conflict):
            await stage.office.forget_tenant(OPERATING, tenant)
        await stage.office.forget_key(OPERATING, tenant, key.id)
        assert await stage.budgets.listed(tenant) == ()
        await stage.office.forget_user(OPERATING, tenant, user)
        await stage.office.forget_tenant(OPERATING, tenant)
        with pytest.raises(NotFound):
            await stage.accounts.tenant(tenant)


async def test_the_operators_own_tenant_stays(url: str) -> None:
    async with opened(url) as stage:
        with pytest.raises(BadRequest):
            await stage.office.forget_tenant(OPERATING, "owner")
        with pytest.raises(BadRequest):
            await stage.office.amend_tenant(OPERATING, "owner", None, True)


async def test_a_key_that_cannot_be_made_leaves_no_limit_behind(url: str) -> None:
    async with opened(url) as stage:
        with pytest.raises(NotFound):
            await stage.key(user="absent")
        assert await stage.budgets.listed("owner") == ()


async def test_of_two_changes_at_once_the_second_is_told(url: str) -> None:
    async with opened(url) as stage:
        key = (await stage.key()).key

        def slow(found: Key) -> Key:
            return replace(found, name=f"{found.name}!")

        faults: list[Fault] = []
        for _ in range(2):
            try:
                await stage.stored.amend(
                    slow(key), by="operator", check=lambda now: _same(now, key)
                )
            except Conflict as fault:
                faults.append(fault)
        assert len(faults) == 1


def _same(now: Key, before: Key) -> None:
    if now.changed_at != before.changed_at:
        raise Conflict("Somebody else changed this key just now.")


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x00", "\x1b[2J", "x" * 201])
async def test_a_name_is_a_short_line(url: str, name: str) -> None:
    async with opened(url) as stage:
        with pytest.raises(BadRequest):
            await stage.office.create_key(OPERATING, "owner", Wish(name=name))


async def test_the_limit_of_a_key_is_changed_with_its_key(url: str) -> None:
    async with opened(url) as stage:
        key = (await stage.key()).key
        limit = await stage.budgets.find("owner", limit_id(key.id))
        with pytest.raises(Conflict):
            await stage.office.drop_budget(OPERATING, limit)
