"""Clocks jump, callers hang up, and calls end in every way there is."""

from random import Random

import anyio
import pytest
from sqlalchemy import text

from manymind.canon.budgets import Budget, Period
from manymind.canon.faults import OverBudget
from manymind.canon.windows import window
from manymind.ledger.allotments import Reservation
from manymind.store.database import Database
from tests.ledger.books import Server, Sums, a_budget, an_attempt, call, serving, sums
from tests.world import FakeClock

pytestmark = pytest.mark.anyio

DAY = 86_400


class Jumping(FakeClock):
    """A clock whose date somebody sets."""

    date = 1_800_000_000.0

    def today(self) -> float:
        return self.date


async def by_window(database: Database, budget: Budget) -> dict[int, tuple[int, int]]:
    """What each window says is spent, and what the rows of that time come to."""
    found: dict[int, tuple[int, int]] = {}
    async with database.reading() as connection:
        windows = await connection.execute(
            text("SELECT begins_at, spent, leased FROM budget_windows WHERE budget = :b"),
            {"b": budget.id},
        )
        for begins_at, spent, _ in windows.all():
            ends_at = window(budget.period, begins_at).ends_at or 2**40
            given = {"a": begins_at * 10**6, "z": ends_at * 10**6}
            rows = await connection.execute(
                text("SELECT SUM(ticks) FROM attempts WHERE at >= :a AND at < :z"), given
            )
            found[begins_at] = (spent, int(rows.scalar() or 0))
    return found


async def test_a_call_belongs_to_the_window_in_which_it_was_reserved(url: str) -> None:
    clock = Jumping()
    async with serving(url, clock=clock) as [one]:
        budget = a_budget(cap=100, period="day")
        await one.budgets.define(budget)
        purse = await one.purse()
        late = await purse.reserve(100)
        with pytest.raises(OverBudget):
            await purse.reserve(1)
        clock.date += DAY
        await call(purse, 100, 100)
        await late.settle(60, an_attempt(60))
        with pytest.raises(OverBudget, match="It is reset at 2027-01-17 00:00 UTC"):
            await purse.reserve(1)
        clock.date -= DAY
        await call(purse, 40, 40)
        with pytest.raises(OverBudget):
            await purse.reserve(1)
        one.bank.give_back()
        await one.bank.write()
        found = await by_window(one.database, budget)
        assert sorted(found.values()) == [(100, 100), (100, 100)]
        assert (await sums(one.database, budget)).leased == 0


@pytest.mark.parametrize("period", ["minute", "hour", "day", "week", "month"])
async def test_no_window_is_overspent_however_clocks_jump(url: str, period: Period) -> None:
    dice = Random(period)
    clock = Jumping()
    async with serving(url, clock=clock) as [one]:
        budget = a_budget(cap=50, period=period)
        await one.budgets.define(budget)
        length = (window(period, clock.date).ends_at or 0) - window(period, clock.date).begins_at
        open_holds: list[Reservation] = []
        for _ in range(60):
            clock.date += dice.choice([0.0, 1.0, length / 3, length, -length / 2, -1.0])
            purse = await one.purse()
            try:
                open_holds.append(await purse.reserve(dice.randint(1, 20)))
            except OverBudget:
                if open_holds:
                    hold = open_holds.pop(dice.randrange(len(open_holds)))
                    used = dice.randint(0, hold.worst)
                    await hold.settle(used, an_attempt(used))
        for hold in open_holds:
            await hold.settle(hold.worst, an_attempt(hold.worst))
        one.bank.give_back()
        await one.bank.write()
        found = await by_window(one.database, budget)
        assert len(found) > 1
        for spent, rows in found.values():
            assert spent == rows <= 50
        assert (await sums(one.database, budget)).leased == 0


async def _chaos(servers: list[Server], seed: int, callers: int) -> None:
    """Calls of random size and length, of which some fail, some cost nothing, and some are cut
    off by whoever made them."""
    chance = Random(seed)

    async def one_call(dice: Random, server: Server) -> None:
        purse = await server.purse()
        worst = dice.randint(0, 80)
        hold = await purse.reserve(worst, tokens=worst)
        used = 0
        try:
            await anyio.sleep(dice.random() * 0.02)
            used = dice.choice([0, worst, dice.randint(0, worst)])
        finally:
            with anyio.CancelScope(shield=True):
                await hold.settle(used, an_attempt(used))

    async def caller(dice: Random) -> None:
        for _ in range(8):
            with anyio.move_on_after(dice.choice([10.0, dice.random() * 0.03])):
                try:
                    await one_call(dice, dice.choice(servers))
                except OverBudget:
                    await anyio.sleep(0)

    async with anyio.create_task_group() as group:
        for _ in range(callers):
            group.start_soon(caller, Random(chance.random()))


@pytest.mark.parametrize("seed", range(3))
async def test_after_random_faults_and_hang_ups_nothing_stays_reserved(url: str, seed: int) -> None:
    budgets = [
        a_budget(id="money", cap=4000),
        a_budget(id="words", unit="tokens", scope="tenant", subject="ann", cap=5000),
        a_budget(id="asks", unit="requests", scope="user", subject="u1", cap=400, period="month"),
    ]
    async with serving(url, 2) as servers:
        for budget in budgets:
            await servers[0].budgets.define(budget)
        await servers[1].keeper.look()
        await _chaos(servers, seed, 64)
        for each in servers:
            held = [part for meter in each.bank.meters for part in meter.slices.values()]
            assert held
            assert all(part.reserved == 0 for part in held)
            await each.keeper.aclose()
        for budget in budgets:
            left = await sums(servers[0].database, budget)
            if budget.unit != "requests":
                assert left == Sums(left.rows, left.rows, 0, 0)
            assert (left.leased, left.lent) == (0, 0)
            assert 0 < left.spent <= budget.cap
