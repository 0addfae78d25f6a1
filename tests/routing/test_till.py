"""A settlement that takes its time is not lost when the caller hangs up."""

import anyio

from manymind.canon.attempts import Attempt
from manymind.canon.events import Began, Ended, Noted, Stopped
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


async def test_the_ledger_is_told_how_an_answer_ended_and_what_did_not_reach_its_model() -> None:
    player = Player(
        (
            Noted(what="dropped", data={"parameters": ["seed", 7]}),
            Began(id="chatcmpl-7", model="small-1"),
            *HELLO[1:-1],
            Stopped(reason="length", native="max_tokens"),
            Ended(status="incomplete"),
        )
    )
    stage = Stage({"one": player})
    await stage.run(asked(), deaf)
    told = stage.attempts[0]
    assert (told.finish, told.native_finish) == ("length", "max_tokens")
    assert (told.dropped, told.reply, told.served) == (("seed",), "chatcmpl-7", "small-1")


async def test_an_endless_id_is_no_id() -> None:
    stage = Stage({"one": Player((Began(id="x" * 201, model="m"), *HELLO[1:]))})
    await stage.run(asked(), deaf)
    assert stage.attempts[0].reply == ""
