"""No history of calls spends more than it was given."""

from random import Random

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.canon.faults import OverBudget
from manymind.ledger.allotments import Purse, Reservation, SettledTwice


async def test_a_reservation_is_set_aside_and_the_rest_of_it_comes_back() -> None:
    purse = Purse(100)
    hold = await purse.reserve(70)
    assert purse.left() == 30
    await hold.settle(20)
    assert (purse.left(), purse.spent, purse.reserved) == (80, 20, 0)


async def test_what_does_not_fit_is_refused_with_both_amounts_and_changes_nothing() -> None:
    root = Purse(10**10)
    child = await root.child(10**9)
    with pytest.raises(OverBudget) as caught:
        await child.reserve(10**9 + 1)
    assert "$0.1000000001" in caught.value.message
    assert "$0.1 is left" in caught.value.message
    assert (root.left(), child.left()) == (10**10, 10**9)


async def test_a_child_is_bound_by_every_allotment_above_it() -> None:
    root = Purse(100)
    left, right = await root.child(80), await root.child(80)
    grandchild = await left.child(60)
    await right.reserve(50)
    assert grandchild.left() == 50
    with pytest.raises(OverBudget):
        await grandchild.reserve(51)
    hold = await grandchild.reserve(50)
    assert (root.left(), left.left(), right.left()) == (0, 0, 0)
    await hold.settle(10)
    assert (root.left(), left.left(), right.left(), grandchild.left()) == (40, 40, 30, 40)


async def test_the_reserve_for_the_answer_is_only_for_the_final_call() -> None:
    purse = Purse(100, kept=15)
    await (await purse.reserve(85)).settle(85)
    assert purse.left() == 0
    with pytest.raises(OverBudget):
        await purse.reserve(1)
    hold = await purse.reserve(15, final=True)
    await hold.settle(15)
    assert purse.spent == 100


async def test_an_allotment_without_a_cap_counts_and_never_refuses() -> None:
    purse = Purse()
    hold = await purse.reserve(10**14)
    await hold.settle(10**15)
    assert purse.left() is None
    assert (purse.spent, purse.exceeded, purse.stopped) == (10**15, 0, False)
    await purse.reserve(1)


async def test_a_provider_that_takes_more_than_was_reserved_stops_the_budget() -> None:
    root = Purse(1000)
    child = await root.child(100)
    other = await root.child(100)
    hold = await child.reserve(10)
    await hold.settle(25)
    assert (root.spent, child.spent, root.exceeded) == (25, 25, 15)
    assert (root.left(), child.left(), other.left()) == (0, 0, 0)
    with pytest.raises(OverBudget, match="stopped"):
        await other.reserve(0)
    with pytest.raises(OverBudget, match="stopped"):
        await root.reserve(1, final=True)


async def test_holds_that_are_open_when_a_budget_stops_are_still_settled() -> None:
    root = Purse(1000)
    first, second = await root.reserve(10), await root.reserve(10)
    await first.settle(11)
    await second.settle(4)
    assert (root.spent, root.reserved, root.open) == (15, 0, 0)


async def test_a_second_settlement_is_an_error_and_moves_no_money() -> None:
    purse = Purse(100)
    hold = await purse.reserve(50)
    await hold.settle(20)
    with pytest.raises(SettledTwice):
        await hold.settle(30)
    assert (purse.spent, purse.left()) == (20, 80)


async def test_less_than_nothing_counts_as_nothing() -> None:
    purse = Purse(-5)
    assert purse.left() == 0
    hold = await purse.reserve(-7)
    await hold.settle(-9)
    assert (purse.spent, purse.reserved, purse.left()) == (0, 0, 0)


async def test_64_callers_at_once_never_overspend_by_a_tick() -> None:
    chance = Random(64)
    root = Purse(100_000)
    team = await root.child(60_000)
    purses = [root, team, *[await team.child(chance.randrange(1, 20_000)) for _ in range(6)]]
    holds: list[Reservation] = []

    async def call(purse: Purse) -> None:
        for _ in range(30):
            worst = chance.randrange(0, 3000)
            try:
                hold = await purse.reserve(worst)
            except OverBudget:
                await anyio.lowlevel.checkpoint()
                continue
            holds.append(hold)
            used = chance.randrange(0, worst + 1)
            try:
                for _ in range(chance.randrange(4)):
                    await anyio.lowlevel.checkpoint()
            finally:
                with anyio.CancelScope(shield=True):
                    await hold.settle(used)

    async def caller(purse: Purse) -> None:
        with anyio.move_on_after(chance.choice([0, 0.001, 5])):
            await call(purse)

    async def watch(done: anyio.Event) -> None:
        while not done.is_set():
            for purse in purses:
                assert purse.cap is not None
                assert purse.spent + purse.reserved <= purse.cap
            await anyio.lowlevel.checkpoint()

    done = anyio.Event()
    async with anyio.create_task_group() as watching:
        watching.start_soon(watch, done)
        async with anyio.create_task_group() as group:
            for _ in range(64):
                group.start_soon(caller, chance.choice(purses))
        done.set()
    assert len(holds) > 100
    assert all(hold.used is not None for hold in holds)
    assert root.spent == sum(hold.used or 0 for hold in holds)
    assert (root.reserved, root.open) == (0, 0)


async def history(seed: int) -> None:
    """A random history against a plain model of what must hold after each step."""
    chance = Random(seed)
    root = Purse(chance.choice([None, chance.randrange(0, 500)]), kept=chance.randrange(0, 50))
    purses = [root]
    opened: list[tuple[Purse, Reservation]] = []
    for _ in range(chance.randrange(5, 40)):
        purse = chance.choice(purses)
        step = chance.random()
        if step < 0.15:
            purses.append(await purse.child(chance.randrange(0, 300)))
        elif step < 0.6:
            room, worst = purse.left(), chance.randrange(0, 120)
            final = chance.random() < 0.1
            try:
                opened.append((purse, await purse.reserve(worst, final=final)))
            except OverBudget:
                assert room is not None
                assert worst > room
            else:
                assert final or room is None or worst <= room
        elif opened:
            _, hold = opened.pop(chance.randrange(len(opened)))
            await hold.settle(chance.randrange(0, hold.worst + 1))
        for each in purses:
            mine = [hold.worst for owner, hold in opened if each in lineage(owner)]
            assert (each.reserved, each.open) == (sum(mine), len(mine))
            assert each.cap is None or each.spent + each.reserved <= each.cap
    for _, hold in opened:
        await hold.settle(0)
    assert all(each.reserved == 0 and not each.stopped for each in purses)


def lineage(purse: Purse | None) -> list[Purse]:
    return [] if purse is None else [purse, *lineage(purse.parent)]


async def test_nothing_is_overspent_in_10_000_random_histories() -> None:
    for seed in range(10_000):
        await history(seed)


@given(st.integers(0, 10**12))
@settings(max_examples=100)
def test_and_in_none_that_a_machine_can_think_of(seed: int) -> None:
    anyio.run(history, seed)
