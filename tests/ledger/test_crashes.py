"""Servers die, and are thought dead, and databases fail. What was spent is known to the tick, and
what is not known stays charged."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest

from manymind.canon.faults import BadRequest, NotFound, OverBudget, StoreFailed
from manymind.canon.origins import Origin
from manymind.ledger.bank import QUEUE_MAX
from manymind.store.database import Database
from tests.ledger.books import Server, Sums, a_budget, an_attempt, call, server, serving, sums
from tests.world import FakeClock

pytestmark = pytest.mark.anyio
BOB = Origin(tenant="bob")
BUDGET = a_budget(cap=1000, unit="ticks")


@asynccontextmanager
async def dead(url: str) -> AsyncGenerator[Server]:
    """A server that spent 50 of what it borrowed, and died with a call of 100 on its way."""
    database = Database(url)
    one = server(database, FakeClock())
    await one.keeper.open()
    await one.budgets.define(BUDGET)
    purse = await one.purse()
    await call(purse, 60, 50)
    await purse.reserve(100)
    await one.bank.write()
    yield one
    await database.aclose()


async def test_what_a_dead_server_had_borrowed_stays_charged_until_somebody_says_what_it_was(
    url: str,
) -> None:
    clock = FakeClock()
    async with dead(url) as one, serving(url, clock=clock) as [other]:
        before = await sums(other.database, BUDGET)
        assert (before.spent, before.rows) == (50, 50)
        assert before.leased == before.lent >= 100
        await other.keeper.watch()
        await clock.advance(40)
        await other.keeper.watch()
        after = await sums(other.database, BUDGET)
        assert after == Sums(50 + before.lent, 50 + before.lent, 0, 0)
        [loss] = await other.lost.listed("ann")
        assert (loss.budget, loss.amount) == ("b1", before.lent)
        assert [notice.kind for notice in other.notices] == ["ledger.lost"]
        assert await other.lost.listed("bob") == ()
        with pytest.raises(NotFound):
            await other.lost.reconcile("bob", loss.id, 0)
        with pytest.raises(BadRequest):
            await other.lost.reconcile("ann", loss.id, -1)
        await other.lost.reconcile("ann", loss.id, 30)
        assert await sums(other.database, BUDGET) == Sums(80, 80, 0, 0)
        with pytest.raises(NotFound):
            await other.lost.reconcile("ann", loss.id, 0)
        assert one.bank.holder not in await other.keeper.beats()


async def test_what_is_left_can_be_used_at_once_after_a_crash(url: str) -> None:
    async with dead(url), serving(url) as [other]:
        lent = (await sums(other.database, BUDGET)).lent
        purse = await other.purse()
        left = 1000 - 50 - lent
        await call(purse, left, left)
        with anyio.fail_after(20):
            with pytest.raises(OverBudget):
                await purse.reserve(1)


async def test_who_was_thought_dead_goes_on_and_nothing_is_counted_twice(url: str) -> None:
    clock = FakeClock()
    async with serving(url, 2, clock=clock) as [one, other]:
        await one.budgets.define(BUDGET)
        purse = await one.purse()
        held = await purse.reserve(100)
        await one.bank.write()
        name = one.bank.holder
        await other.keeper.watch()
        await clock.advance(40)
        while not await other.lost.bury(name, (await other.keeper.beats())[name]):
            pass  # It gave a sign of life in between.
        await held.settle(70, an_attempt(70))
        await one.bank.write()
        assert one.bank.holder != name
        left = await sums(other.database, BUDGET)
        assert left.spent == left.rows
        await call(await one.purse(), 200, 150)
        await one.bank.write()
        left = await sums(other.database, BUDGET)
        assert left.spent == left.rows
        [loss] = await other.lost.listed("ann")
        await other.lost.reconcile("ann", loss.id, 0)
        assert (await sums(other.database, BUDGET)).spent == 220


async def test_a_sign_of_life_in_the_last_moment_counts(url: str) -> None:
    async with serving(url, 2) as [one, other]:
        beats = (await other.keeper.beats())[one.bank.holder]
        await one.bank.write()
        assert await other.lost.bury(one.bank.holder, beats) == ()


async def test_a_batch_is_booked_once_though_nobody_heard_that_it_was(url: str) -> None:
    async with serving(url, clock=FakeClock()) as [one]:
        await one.budgets.define(BUDGET)
        await call(await one.purse(), 60, 50)
        batch = one.bank.gather()
        await one.bank.rows.write(batch)
        await one.bank.rows.write(batch)
        assert (await sums(one.database, BUDGET)).spent == 50


async def test_while_nothing_can_be_written_calls_with_budgets_are_refused_and_others_not(
    url: str,
) -> None:
    async with serving(url, clock=FakeClock()) as [one]:
        await one.budgets.define(BUDGET)
        purse, free = await one.purse(), await one.purse(BOB)
        await call(purse, 60, 50)
        for _ in range(QUEUE_MAX):
            await call(free, 0, 1, BOB)
        with pytest.raises(StoreFailed):
            await purse.reserve(1)
        await call(free, 0, 1, BOB)
        assert one.bank.lost_rows >= 1
        await one.bank.write()
        await call(purse, 1, 1)
