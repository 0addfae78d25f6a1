"""A caller who hangs up, at any moment, leaves nothing running and nothing unsettled."""

import anyio
import anyio.lowlevel
import pytest

from manymind.canon.events import Chunk, Say
from manymind.canon.faults import Fault, Overloaded, UpstreamBroken
from manymind.canon.ports import Desk
from manymind.canon.requests import Request
from manymind.ledger.allotments import Purse
from tests.engine.laws import assert_grammar
from tests.engine.roles import planner
from tests.engine.stage import LIBRARY, Stage, a_desk, team
from tests.world import a_request, listener

REQUEST = a_request("How far away is the Moon, and how high are the tides?")


class HangUp(Exception):
    """What a door raises when its socket is gone."""


async def others() -> int:
    """Tasks that run beside this one."""
    await anyio.lowlevel.checkpoint()
    return len(anyio.get_running_tasks()) - 1


@pytest.mark.parametrize("tenth", range(60))
async def test_a_cancel_at_any_moment_leaves_no_task_and_no_open_hold(tenth: int) -> None:
    purse, before = Purse(), await others()
    stage = Stage({"plan": planner(3)}, latency=0.97)
    _, say = listener()
    with anyio.move_on_after(tenth / 10):
        await team(stage, *LIBRARY).run(REQUEST, say, a_desk(purse))
    assert (stage.running, purse.open, await others()) == (0, 0, before)


@pytest.mark.parametrize("chunk", range(45))
async def test_a_reader_that_breaks_off_at_any_chunk_ends_the_run(chunk: int) -> None:
    purse, before = Purse(), await others()
    stage = Stage({"plan": planner(3)})
    count = 0

    async def say(spoken: Chunk) -> None:
        nonlocal count
        count += 1
        if count > chunk:
            raise HangUp

    with pytest.raises(HangUp):
        await team(stage, *LIBRARY).run(REQUEST, say, a_desk(purse))
    assert (stage.running, purse.open, await others()) == (0, 0, before)


async def test_a_fault_of_the_callers_ear_is_the_callers_and_no_agents() -> None:
    async def say(spoken: Chunk) -> None:
        raise Overloaded("The door is closing.")

    with pytest.raises(Overloaded):
        await team(Stage(), *LIBRARY).run(REQUEST, say, a_desk())


async def test_a_reader_that_stops_reading_stops_the_team() -> None:
    stage = Stage({"plan": planner(3)}, chunk_tokens=1)

    async def say(spoken: Chunk) -> None:
        await anyio.sleep_forever()

    with anyio.move_on_after(30):
        await team(stage, *LIBRARY).run(REQUEST, say, a_desk())
    assert not stage.asked("write")
    assert stage.running == 0


@pytest.mark.parametrize("number", range(12))
async def test_whichever_call_fails_the_grammar_holds_and_money_is_settled(number: int) -> None:
    purse = Purse()
    stage = Failing(number)
    heard, say = listener()
    try:
        await team(stage, *LIBRARY).run(REQUEST, say, a_desk(purse))
    except Fault:
        return
    finally:
        assert (stage.running, purse.open) == (0, 0)
    assert_grammar(heard.events)


class Failing(Stage):
    """Its n-th call fails, whoever makes it."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        if len(self.requests) == self._number:
            self.requests.append(request)
            self.desks.append(desk)
            raise UpstreamBroken("It fell over.")
        await super().run(request, say, desk)
