"""Budgets as they are defined, on both databases."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from manymind.canon.budgets import CAP_MAX, Budget, Standing
from manymind.canon.faults import BadRequest, Conflict, NotFound
from manymind.store.budgets import Budgets
from manymind.store.database import Database
from tests.world import FakeClock

pytestmark = pytest.mark.anyio


def a_budget(**fields: Any) -> Budget:
    plain = Budget(
        owner="ann", id="b1", scope="key", subject="k1", unit="ticks", period="day", cap=100
    )
    return replace(plain, **fields)


@asynccontextmanager
async def budgets_of(url: str) -> AsyncGenerator[Budgets]:
    database = Database(url)
    try:
        yield Budgets(database, FakeClock())
    finally:
        await database.aclose()


async def test_what_is_defined_is_found_by_its_owner_alone(url: str) -> None:
    async with budgets_of(url) as budgets:
        await budgets.define(a_budget())
        await budgets.define(a_budget(id="b2", scope="tenant", subject="ann"))
        assert await budgets.find("ann", "b1") == a_budget()
        assert [each.id for each in await budgets.listed("ann")] == ["b1", "b2"]
        assert [each.id for each in await budgets.listed("ann", scope="key")] == ["b1"]
        assert await budgets.listed("bob") == ()
        for asked in (budgets.find, budgets.drop, budgets.amend, budgets.standing):
            with pytest.raises(NotFound):
                await asked("bob", "b1")
            with pytest.raises(NotFound):
                await asked("ann", "b1' OR 1=1")


async def test_an_amendment_and_a_loss_change_the_mark(url: str) -> None:
    async with budgets_of(url) as budgets:
        marks = [await budgets.mark()]
        await budgets.define(a_budget())
        marks.append(await budgets.mark())
        assert (await budgets.amend("ann", "b1", cap=50)).cap == 50
        marks.append(await budgets.mark())
        assert (await budgets.amend("ann", "b1", alarm_percent=0)).alarm_percent == 0
        marks.append(await budgets.mark())
        assert await budgets.every() == (a_budget(cap=50, alarm_percent=0),)
        await budgets.drop("ann", "b1")
        assert await budgets.mark() == marks[0]
        assert len(set(marks)) == 4
        assert budgets.changes == 4


async def test_nothing_is_used_at_first(url: str) -> None:
    async with budgets_of(url) as budgets:
        await budgets.define(a_budget())
        midnight = 1_800_000_000 - 1_800_000_000 % 86_400
        assert await budgets.standing("ann", "b1") == Standing(
            used=0, lent=0, begins_at=midnight, resets_at=midnight + 86_400
        )


async def test_an_id_is_given_once(url: str) -> None:
    async with budgets_of(url) as budgets:
        await budgets.define(a_budget())
        with pytest.raises(Conflict):
            await budgets.define(a_budget(cap=1))


@pytest.mark.parametrize(
    ("field", "value"),
    [("cap", -1), ("cap", CAP_MAX + 1), ("alarm_percent", 101), ("id", "a b")],
)
async def test_what_is_no_budget_is_refused_by_its_field(url: str, field: str, value: Any) -> None:
    async with budgets_of(url) as budgets:
        with pytest.raises(BadRequest) as refused:
            await budgets.define(a_budget(**{field: value}))
        assert refused.value.field == field
        await budgets.define(a_budget())
        if field in ("cap", "alarm_percent"):
            with pytest.raises(BadRequest):
                await budgets.amend("ann", "b1", **{field: value})
        assert await budgets.find("ann", "b1") == a_budget()
