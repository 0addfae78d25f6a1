"""Budgets hold, whoever spends them and wherever it is counted."""

from random import Random

import anyio
import pytest
from msgspec.structs import replace

from manymind.canon.faults import KeyStopped, OverBudget, RateSpent
from manymind.canon.origins import Rights
from tests.ledger.books import ANN, a_budget, an_attempt, call, serving, sums
from tests.world import FakeClock

pytestmark = pytest.mark.anyio


async def test_a_call_is_paid_from_every_budget_of_its_origin(url: str) -> None:
    budgets = [
        a_budget(id="k", scope="key", subject="k1", cap=1000),
        a_budget(id="u", scope="user", subject="u1", cap=500, period="day"),
        a_budget(id="t", scope="tenant", subject="ann", cap=1000, unit="tokens", period="week"),
        a_budget(id="f", scope="feature", subject="chat", cap=9, unit="requests", period="month"),
        a_budget(id="other", scope="key", subject="k2"),
    ]
    async with serving(url) as [one]:
        for budget in budgets:
            await one.budgets.define(budget)
        origin = replace(ANN, feature="chat")
        purse = await one.purse(origin)
        assert (purse.left(), purse.bounded, purse.counts_tokens) == (500, True, True)
        await call(purse, 100, 70, origin)
        await call(purse, 100, 70, origin)
        with pytest.raises(OverBudget, match=r"user's budget u of this day \(\$0.00000005\)"):
            await purse.reserve(361)
        await one.bank.write()
        used = [await sums(one.database, budget) for budget in budgets]
        assert [each.spent for each in used] == [140, 140, 140, 1, 0]
        assert [each.rows for each in used] == [140, 140, 140, 1, 0]


async def test_a_call_without_budgets_is_written_and_never_refused(url: str) -> None:
    async with serving(url) as [one]:
        purse = await one.purse()
        assert (purse.left(), purse.bounded) == (None, False)
        await call(purse, 0, 10**9)
        await one.bank.write()
        assert (await sums(one.database, a_budget())).rows == 10**9


async def test_many_callers_never_overspend_and_use_it_up(url: str) -> None:
    chance = Random(4)
    async with serving(url) as [one]:
        budget = a_budget(cap=10_000)
        await one.budgets.define(budget)
        refused = 0

        async def caller(seed: int) -> None:
            nonlocal refused
            dice = Random(seed)
            purse = await one.purse()
            for _ in range(20):
                worst = dice.randint(1, 60)
                try:
                    hold = await purse.reserve(worst)
                except OverBudget:
                    refused += 1
                    continue
                await anyio.sleep(dice.random() * 0.01)
                used = dice.randint(0, worst)
                await hold.settle(used, an_attempt(used))

        async with anyio.create_task_group() as group:
            for _ in range(64):
                group.start_soon(caller, chance.randrange(10**9))
        await one.keeper.aclose()
        left = await sums(one.database, budget)
        assert left.spent == left.rows
        assert (left.leased, left.lent) == (0, 0)
        assert refused
        assert 10_000 - 60 < left.spent <= 10_000


async def test_a_call_that_fits_is_not_refused_because_another_server_holds_an_idle_slice(
    url: str,
) -> None:
    async with serving(url, 3) as servers:
        budget = a_budget(cap=1000)
        await servers[0].budgets.define(budget)
        purses = [await each.purse() for each in servers[:1]]
        await anyio.sleep(1.3)
        purses = [await each.purse() for each in servers]
        spent = 0
        for turn in range(100):
            await call(purses[turn % 3], 10, 10)
            spent += 10
        assert spent == 1000
        with pytest.raises(OverBudget):
            await purses[0].reserve(1)


async def test_the_limit_of_a_new_key_holds_from_its_first_call_on_any_server(url: str) -> None:
    """The other server has its books open, and has not looked for changes since."""
    async with serving(url, 2) as [one, other]:
        await other.purse(replace(ANN, key="k0"))
        await one.budgets.define(a_budget(cap=10))
        purse = await other.purse()
        assert purse.bounded
        with pytest.raises(OverBudget):
            await purse.reserve(11)


async def test_a_rate_is_refused_with_its_number_its_limit_and_its_reset(url: str) -> None:
    async with serving(url, clock=FakeClock()) as [one]:
        origin = replace(ANN, rights=Rights(requests_per_minute=2, tokens_per_minute=100))
        for _ in range(2):
            await call(await one.purse(origin), 30, 30, origin)
        with pytest.raises(RateSpent, match="2 requests in a minute, and 0 are left") as refused:
            await call(await one.purse(origin), 30, 30, origin)
        assert refused.value.retry_after is not None
        assert 0 < refused.value.retry_after <= 60
        assert not refused.value.retryable
        quicker = replace(origin, rights=Rights(requests_per_minute=9, tokens_per_minute=100))
        with pytest.raises(RateSpent, match="100 tokens in a minute, and 40 are left"):
            await call(await one.purse(quicker), 41, 1, quicker)
        with pytest.raises(RateSpent, match="its key may use 100"):
            await call(await one.purse(quicker), 101, 1, quicker)


async def test_more_than_was_reserved_is_booked_and_stops_the_key(url: str) -> None:
    async with serving(url, 2) as [one, two]:
        budget = a_budget(cap=1000)
        await one.budgets.define(budget)
        purse, other = await one.purse(), await one.purse()
        await call(purse, 10, 25)
        for each in (purse, other):
            with pytest.raises((KeyStopped, OverBudget), match="charged more than was reserved"):
                await each.reserve(1)
        fresh = await one.purse()
        with pytest.raises(KeyStopped, match="is stopped"):
            await fresh.reserve(0)
        await one.bank.write()
        assert (await sums(one.database, budget)).spent == 25
        assert [notice.kind for notice in one.notices] == ["key.stopped"]
        assert two.notices == []
