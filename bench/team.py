"""What the team of 16 costs beside its models: its overhead per call, against a plain gather of
calls of the same size, and its time against the critical path.

    .venv/bin/python -m bench.team [runs]
"""

import asyncio
import sys
import time
from statistics import median

from manymind.canon.requests import Reasoning
from manymind.engine.team import Team
from manymind.ledger.allotments import Purse
from tests.engine.roles import planner
from tests.engine.stage import LIBRARY, SETTINGS, OneShelf, Shelf, Stage
from tests.world import WallClock, a_desk, a_request, listener

REQUEST = a_request(
    "How far away is the Moon, and how high are the tides?", reasoning=Reasoning(effort="high")
)
AGENTS, TURNS = 15, 3


async def team(latency: float) -> tuple[float, Stage]:
    """One run of the whole team: the seconds it took, and the calls it made."""
    stage = Stage({"plan": planner(AGENTS)}, latency=latency)
    player = Team(stage.run, OneShelf(Shelf(*LIBRARY)), None, SETTINGS)
    _, say = listener()
    desk = a_desk(allotment=Purse(10**12), clock=WallClock())
    start = time.perf_counter()
    await player.run(REQUEST, say, desk)
    return time.perf_counter() - start, stage


async def gather(played: Stage) -> float:
    """The calls of a run once more, in the same waves, with nobody to think about them."""
    stage = Stage({"plan": planner(AGENTS)}, latency=0.0)
    _, say = listener()
    calls = list(zip(played.requests, played.desks, strict=True))
    waves = [calls[:1], *(calls[1 + n * AGENTS :][:AGENTS] for n in range(TURNS)), calls[-1:]]
    start = time.perf_counter()
    for wave in waves:
        await asyncio.gather(*(stage.run(request, say, desk) for request, desk in wave))
    return time.perf_counter() - start


async def main(runs: int) -> None:
    teams: list[float] = []
    gathers: list[float] = []
    calls = 0
    for _ in range(runs):
        seconds, stage = await team(0.0)
        calls = len(stage.requests)
        teams.append(seconds)
        gathers.append(await gather(stage))
    each = (median(teams) - median(gathers)) / calls
    print(f"calls in a run            {calls}")
    print(f"a run, models of no time  {median(teams) * 1e3:8.2f} ms")
    print(f"a gather of the calls     {median(gathers) * 1e3:8.2f} ms")
    print(f"the team's own, per call  {each * 1e6:8.0f} µs")
    seconds, _ = await team(1.0)
    print(f"a run, each call 1 s      {seconds:8.3f} s  ({seconds / (2 + TURNS):.3f} x critical)")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
