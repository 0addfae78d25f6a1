"""Rows go after their time, and every total stays as it was."""

from contextlib import suppress
from random import Random

import anyio

from manymind.canon.faults import StoreFailed
from manymind.store.database import Database
from manymind.store.facts import DIMENSIONS, Wanted, Whose
from manymind.store.rankings import Rankings
from manymind.store.reports import Reports
from manymind.store.retention import BATCH, Retention
from tests.store.rows import DAY, NOON, SECOND, row, write

NOW = NOON / SECOND


async def test_totals_outlive_the_rows_to_the_tick(url: str) -> None:
    chance = Random(7)
    rows = [
        row(
            f"req_{n}",
            owner=chance.choice(["ann", "bob"]),
            at=NOON - chance.randrange(40 * DAY),
            ticks=chance.randrange(10**13),
            slug=chance.choice(["a/x", "a/y"]),
            app=chance.choice(["", "https://app.example/"]),
            app_title="App",
            outcome=chance.choice(["completed", "timeout", "rate_limit_exceeded"]),
        )
        for n in range(2 * BATCH + 77)
    ]
    database = Database(url)
    await write(database, rows)
    reports, rankings, retention = Reports(database), Rankings(database), Retention(database)

    async def told() -> list[object]:
        found: list[object] = [await rankings.models(Whose(), Wanted(), "week")]
        found.append(await rankings.apps(Whose(), Wanted()))
        for whose in (Whose(), Whose(tenant="ann")):
            for by in ((), *((name,) for name in DIMENSIONS)):
                found.append(await reports.usage(whose, Wanted(), by=by, period="day"))
        return found

    before = await told()
    gone = await retention.sweep(NOW, 30)
    assert gone == sum(each["at"] < NOON - 30 * DAY for each in rows)
    assert await told() == before
    assert await retention.sweep(NOW, 30) == 0
    assert await retention.sweep(NOW, 10) > 0
    assert await told() == before
    left = await reports.logs(Whose(), Wanted(), limit=10_000)
    assert len(left) == sum(each["at"] >= NOON - 10 * DAY for each in rows)
    await database.aclose()


async def test_an_owner_forgets_no_one_else_s(url: str) -> None:
    database = Database(url)
    await write(database, [row("req_1"), row("req_2", owner="bob"), row("req_3", at=NOON + DAY)])
    assert await Retention(database).forget(Whose(tenant="ann"), NOON + 1) == 1
    left = await Reports(database).logs(Whose(), Wanted())
    assert {each.request for each in left} == {"req_2", "req_3"}
    assert (await Reports(database).total(Whose(tenant="ann"), Wanted())).ticks == 200
    await database.aclose()


async def test_nothing_is_lost_or_counted_twice_while_others_write_and_sweep(url: str) -> None:
    database, other = Database(url), Database(url)
    await write(database, [row(f"req_{n}", at=NOON - 9 * DAY, ticks=3) for n in range(3000)])

    async def sweep(one: Database) -> None:
        for _ in range(6):
            with suppress(StoreFailed):  # Another was quicker, and this one's batch is void.
                await Retention(one).sweep(NOW, 5)

    async def late() -> None:
        for n in range(40):
            await write(other, [row(f"req_late{n}", at=NOON - 9 * DAY, ticks=5)])

    async with anyio.create_task_group() as group:
        group.start_soon(sweep, database)
        group.start_soon(sweep, other)
        group.start_soon(late)
    await Retention(database).sweep(NOW, 5)
    total = await Reports(database).total(Whose(), Wanted())
    assert (total.ticks, total.attempts) == (3000 * 3 + 40 * 5, 3040)
    assert await Reports(database).logs(Whose(), Wanted()) == ()
    for one in (database, other):
        await one.aclose()
