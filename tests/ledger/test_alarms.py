"""Somebody hears of it before the money is gone."""

import pytest
from sqlalchemy import insert

from manymind.canon.faults import KeyStopped
from manymind.canon.notices import Notice
from manymind.store.database import Database
from manymind.store.tables import KEYS
from tests.ledger.books import ANN, a_budget, call, serving
from tests.world import FakeClock

pytestmark = pytest.mark.anyio

HOUR = 3600


class Dated(FakeClock):
    """A clock whose date somebody sets."""

    date = 1_800_000_000.0

    def today(self) -> float:
        return self.date


def kinds(*notices: Notice) -> list[str]:
    return [notice.kind for notice in notices]


async def test_an_alarm_is_told_once_in_a_window_whichever_server_comes_to_it(url: str) -> None:
    clock = Dated()
    async with serving(url, 2, clock=clock) as [one, two]:
        await one.budgets.define(a_budget(cap=1000, period="day", alarm_percent=80))
        await two.keeper.look()
        await call(await one.purse(), 500, 500)
        await one.bank.write()
        assert (one.notices, two.notices) == ([], [])
        await call(await two.purse(), 300, 300)
        await two.bank.write()
        await call(await one.purse(), 10, 10)
        await one.bank.write()
        [notice] = [*one.notices, *two.notices]
        assert (notice.kind, notice.owner) == ("budget.alarm", "ann")
        assert notice.data["budget"] == "b1"
        assert (notice.data["used"], notice.data["cap"]) == (800, 1000)
        clock.date += 24 * HOUR
        await call(await one.purse(), 900, 900)
        await one.bank.write()
        assert kinds(*one.notices, *two.notices) == ["budget.alarm"] * 2


async def test_a_key_that_spends_far_more_than_usual_is_told_of_and_stopped(url: str) -> None:
    clock = Dated()
    async with serving(url, clock=clock) as [one]:
        for _ in range(30):
            await call(await one.purse(), 0, 50)
            clock.date += HOUR
        await one.bank.write()
        await one.keeper.look()
        clock.date += HOUR / 2
        await call(await one.purse(), 0, 1500)
        await one.bank.write()
        await one.keeper.look()
        assert kinds(*one.notices) == ["key.spike", "key.stopped"]
        assert one.notices[0].data["hour_ticks"] == 1500
        with pytest.raises(KeyStopped, match="far more within an hour"):
            await (await one.purse()).reserve(0)


async def test_a_new_key_has_no_usual_and_is_not_judged(url: str) -> None:
    async with serving(url, clock=Dated()) as [one]:
        await call(await one.purse(), 0, 10**9)
        await one.bank.write()
        await one.keeper.look()
        assert one.notices == []


async def test_a_stop_reaches_other_servers_and_ends_when_it_is_opened(url: str) -> None:
    async with serving(url, 2, clock=FakeClock()) as [one, two]:
        await a_key(one.database)
        one.bank.stop(ANN, "of a test")
        await one.keeper.write()
        await two.keeper.look()
        for each in (one, two):
            with pytest.raises(KeyStopped, match="of a test"):
                await (await each.purse()).reserve(0)
        await one.stops.reopen("ann", "k1")
        for each in (one, two):
            await each.keeper.look()
            await call(await each.purse(), 0, 1)


async def a_key(database: Database) -> None:
    row = {
        "owner": "ann",
        "id": "k1",
        "user": "",
        "name": "",
        "digest": b"d",
        "label": "",
        "created_at": 0,
        "created_by": "",
        "changed_at": 0,
        "disabled": False,
        "rights": b"{}",
    }
    async with database.writing() as connection:
        await connection.execute(insert(KEYS), row)
