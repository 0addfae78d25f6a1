"""What an agent is told of its past: whole, then by handles, and the same bytes turn after turn."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec
from msgspec.structs import replace

from manymind.canon.documents import Document
from manymind.canon.items import Returned
from manymind.canon.parts import Text
from manymind.canon.requests import Caps, Request
from manymind.engine.briefs import asked
from manymind.engine.trace import Trace
from manymind.providers.scripted import Line
from tests.engine.roles import call, encoded, may_call, planner, returned
from tests.engine.stage import SETTINGS, Stage, noted, performed
from tests.world import a_request

LONG = Document(
    id="log", text="".join(f"On day {n} the keeper saw {n * 7} ships. " for n in range(4_000))
)


def result(number: int, size: int) -> Returned:
    return Returned(call_id=f"c{number}", parts=(Text(text=f"{number}:" + "x" * size),))


def test_long_results_become_handles_and_can_be_read_again() -> None:
    trace = Trace(asked("Go."), 30_000)
    for number in range(20):
        trace.keep([("read", result(number, 5_000))])
    told = [
        part.text
        for item in trace.items
        if isinstance(item, Returned)
        for part in item.parts
        if isinstance(part, Text)
    ]
    assert sum(map(len, told)) <= 30_000 + 20 * 400
    assert all(len(text) > 5_000 for text in told[-1:])
    stub = msgspec.json.decode(told[0])
    assert (stub["handle"], stub["tool"], stub["characters"]) == ("R1", "read", 5_002)
    assert trace.recall("R1") == "0:" + "x" * 5_000
    assert trace.recall("R99") is None


def test_what_was_told_stays_the_same_until_room_is_made() -> None:
    trace = Trace(asked("Go."), 60_000)
    before: tuple[object, ...] = ()
    changes = 0
    for number in range(40):
        trace.keep([("read", result(number, 5_000))])
        changes += trace.items[: len(before)] != before
        before = trace.items
    assert 1 <= changes <= 10


def reading(request: Request) -> Sequence[Line]:
    """Reads on and on, and at the end goes back to what it read first."""
    results = returned(request)
    if not may_call(request):
        return ("I have read it.",)
    if len(results) == 6:
        return (call("recall", handle="R1"),)
    return (
        call(
            "read", document_id="log", start=12_000 * len(results), end=12_000 * (len(results) + 1)
        ),
    )


async def test_an_agent_reads_an_old_result_again_by_its_handle() -> None:
    stage = Stage({"plan": planner(1), "agent-1": reading})
    settings = replace(SETTINGS, memory_characters=40_000)
    heard = await performed(stage, a_request("What?", caps=Caps(turns=9)), LONG, settings=settings)
    asked_last = stage.asked("agent-1")[-1]
    again = msgspec.json.decode(returned(asked_last)[6])
    assert again["handle"] == "R1" and LONG.text[:200] in again["text"]
    assert sum(map(len, returned(asked_last))) < 60_000
    assert not noted(heard, "failed")


async def test_turns_share_their_beginning_to_the_byte() -> None:
    stage = Stage({"plan": planner(1), "agent-1": reading})
    await performed(stage, a_request("What?", caps=Caps(turns=9)), LONG)
    turns = [encoded(request.items) for request in stage.asked("agent-1")]
    assert len(turns) > 5
    for earlier, later in pairwise(turns):
        assert later.startswith(earlier.removesuffix("]"))
