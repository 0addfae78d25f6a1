"""A settlement that takes its time is not lost when the caller hangs up."""

import anyio

from manymind.canon.attempts import Attempt
from manymind.ledger.allotments import Purse, Reservation
from tests.routing.stage import HELLO, Player, Stage, asked, deaf
from tests.world import settle


class Written(Reservation):
    """A hold whose settlement is written down somewhere else, which takes a moment."""

    async def settle(self, used: int, attempt: Attempt | None = None) -> None:
        await anyio.sleep(0.01)
        await super().settle(used, attempt)


class Book(Purse):
    async def reserve(self, worst: int, *, tokens: int = 0, final: bool = False) -> Reservation:
        await super().reserve(worst, tokens=tokens, final=final)
        return Written(self, worst)


async def test_a_hang_up_waits_for_the_settlement() -> None:
    stage, book = Stage({"one": Player((*HELLO[:3], None))}), Book(10**6)
    async with anyio.create_task_group() as group:
        group.start_soon(stage.run, asked(), deaf, book)
        await settle()
        group.cancel_scope.cancel()
    assert (book.open, book.reserved) == (0, 0)
    assert book.spent == stage.attempts[0].bill.ticks > 0


async def test_the_final_call_of_a_team_may_use_its_reserve() -> None:
    stage = Stage({"one": Player(HELLO)})
    worst = stage.pricing.worst("one/one-m", asked()).ticks
    purse = Purse(worst, kept=worst)
    await stage.run(asked(), deaf, purse, final=True)
    assert purse.spent == 12
