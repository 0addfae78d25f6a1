"""What providers tell afterwards takes the place of what had arrived: once, in the row and in every
budget that it counts in, or not at all."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import text

from manymind.canon.attempts import Attempt, Bill
from manymind.canon.budgets import Budget
from manymind.canon.faults import KeyStopped
from manymind.canon.usage import Usage
from manymind.ledger.afterwards import ASKING_MAX, Afterwards
from manymind.store.corrections import Corrections
from tests.ledger.books import ANN, Server, a_budget, an_attempt, serving, sums
from tests.world import FakeClock

pytestmark = pytest.mark.anyio

MONEY = a_budget(cap=10_000, period="day")
TOKENS = a_budget(id="b2", scope="user", subject="u1", unit="tokens", cap=10_000, period="total")
TENANT = a_budget(id="b3", scope="tenant", subject="ann", cap=10_000, period="month")
REQUESTS = a_budget(id="b4", unit="requests", cap=10, period="week")
SOMEBODY_ELSE = a_budget(id="b5", subject="k2", cap=10_000)
ALL = (MONEY, TOKENS, TENANT, REQUESTS, SOMEBODY_ELSE)

MIDNIGHT = 1_799_971_200.0


class Teller:
    """A provider that knows from the n-th question on."""

    def __init__(self, usage: Usage, knows_at: int = 1) -> None:
        self.asked: list[str] = []
        self._usage = usage
        self._knows_at = knows_at

    async def __call__(self, reply: str) -> Usage | None:
        self.asked.append(reply)
        return self._usage if len(self.asked) >= self._knows_at else None


class Stage(Struct, frozen=True):
    server: Server
    clock: FakeClock
    teller: Teller
    late: Afterwards

    async def cut(self, reserved: int = 500, arrived: int = 300) -> Attempt:
        """A call that ends before its end."""
        hold = await (await self.server.purse()).reserve(reserved, tokens=reserved)
        bill = Bill(ticks=arrived, basis="arrived", tokens=arrived)
        attempt = replace(
            an_attempt(arrived),
            outcome="cancelled",
            reply="gen-1",
            bill=bill,
            reserved=reserved,
            reserved_tokens=reserved,
        )
        await hold.settle(arrived, attempt)
        self.late.attempted(attempt)
        return attempt

    async def pass_by(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        with anyio.move_on_after(0.3):
            while self.late.asking:
                await anyio.sleep(0.01)

    async def row(self) -> tuple[str, int, int, bool]:
        await self.server.keeper.write()
        async with self.server.database.reading() as connection:
            query = "SELECT basis, ticks, tokens, flagged FROM attempts"
            basis, ticks, tokens, flagged = (await connection.execute(text(query))).one()
            return basis, ticks, tokens, bool(flagged)

    async def spent(self, budget: Budget) -> int:
        found = await sums(self.server.database, budget)
        assert found.spent == found.rows
        return found.spent


@asynccontextmanager
async def staged(url: str, teller: Teller, today: float = MIDNIGHT) -> AsyncGenerator[Stage]:
    clock = FakeClock(today=today)
    async with serving(url, clock=clock) as [one]:
        for budget in ALL:
            await one.budgets.define(budget)
        late = Afterwards(
            {"acme": teller},
            Corrections(one.database),
            one.keeper,
            clock,
            lambda attempt: attempt.bill.basis.encode(),
        )
        yield Stage(one, clock, teller, late)
        await late.aclose()


def said(ticks: int, tokens: int) -> Usage:
    return Usage(input_tokens=tokens - 5, output_tokens=5, reported_cost=ticks)


@pytest.mark.parametrize("ticks", [0, 120, 450])
async def test_the_row_and_each_of_its_budgets_change_by_the_difference(
    url: str, ticks: int
) -> None:
    async with staged(url, Teller(said(ticks, 42))) as stage:
        await stage.cut()
        assert await stage.row() == ("arrived", 300, 300, False)
        assert [await stage.spent(each) for each in ALL] == [300, 300, 300, 1, 0]
        await stage.pass_by(1)
        assert await stage.row() == ("late", ticks, 42, False)
        assert [await stage.spent(each) for each in ALL] == [ticks, 42, ticks, 1, 0]
        assert (stage.teller.asked, stage.late.asking) == (["gen-1"], 0)


async def test_it_counts_in_the_window_of_the_call_and_not_of_the_report(url: str) -> None:
    async with staged(url, Teller(said(120, 42)), today=MIDNIGHT - 0.5) as stage:
        await stage.cut()
        await stage.pass_by(1)
        assert await stage.row() == ("late", 120, 42, False)
        assert await stage.spent(MONEY) == 120
        standing = await stage.server.budgets.standing("ann", MONEY.id)
        assert (standing.used, standing.begins_at) == (0, MIDNIGHT)


async def test_who_does_not_know_yet_is_asked_again(url: str) -> None:
    async with staged(url, Teller(said(120, 42), knows_at=3)) as stage:
        await stage.cut()
        await stage.pass_by(4)
        assert await stage.row() == ("arrived", 300, 300, False)
        await stage.pass_by(10)
        assert await stage.row() == ("late", 120, 42, False)


async def test_where_nobody_knows_what_had_arrived_stays(url: str) -> None:
    async with staged(url, Teller(said(120, 42), knows_at=99)) as stage:
        await stage.cut()
        await stage.pass_by(60)
        assert await stage.row() == ("arrived", 300, 300, False)
        assert await stage.spent(MONEY) == 300
        assert (len(stage.teller.asked), stage.late.asking) == (3, 0)


async def test_above_the_reservation_it_is_booked_and_flagged_and_the_key_is_stopped(
    url: str,
) -> None:
    async with staged(url, Teller(said(700, 42))) as stage:
        await stage.cut(reserved=500)
        await stage.pass_by(1)
        assert await stage.row() == ("late", 700, 42, True)
        assert await stage.spent(MONEY) == 700
        with pytest.raises(KeyStopped):
            await (await stage.server.purse()).reserve(1)


async def test_a_row_is_corrected_once(url: str) -> None:
    async with staged(url, Teller(said(120, 42))) as stage:
        attempt = await stage.cut()
        await stage.pass_by(1)
        late = replace(attempt, bill=Bill(ticks=5, basis="late", usage=said(5, 6)))
        corrections = Corrections(stage.server.database)
        assert await corrections.book(late, None) is None
        assert await corrections.book(replace(late, reply="gen-2"), None) is None
        assert await stage.row() == ("late", 120, 42, False)
        assert await stage.spent(MONEY) == 120


async def test_the_end_of_the_server_waits_for_no_report(url: str) -> None:
    async with staged(url, Teller(said(120, 42))) as stage:
        await stage.cut()
        await stage.late.aclose()
        await stage.clock.advance(60)
        assert (stage.teller.asked, stage.late.asking) == ([], 0)
        assert await stage.row() == ("arrived", 300, 300, False)


async def test_only_so_many_calls_are_asked_about_at_once(url: str) -> None:
    async with staged(url, Teller(said(120, 42))) as stage:
        attempt = await stage.cut()
        for _ in range(ASKING_MAX + 10):
            stage.late.attempted(attempt)
        assert stage.late.asking == ASKING_MAX
        for other in (
            replace(attempt, provider="other"),
            replace(attempt, reply=""),
            an_attempt(1, ANN, reply="gen-1"),
        ):
            await stage.late.aclose()
            stage.late.attempted(other)
            assert stage.late.asking == 0
