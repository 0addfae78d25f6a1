"""A team is as fast as its longest chain of calls, measured on real sockets."""

import re
import time
from collections import defaultdict
from pathlib import Path

import aiohttp

from manymind.server.simulated import Visit
from tests.flows.stage import on_stage

SETTINGS = """
[team]
leader = "vllm/sim-researcher;latency=1.0"
agent = "vllm/sim-researcher;latency=1.0"
"""
DOCUMENTS = "".join(
    f'<document id="lamp-{n}">Lamp {n} burns {n * 7} litres of oil on a winter night.</document>\n'
    for n in range(40)
)
_VOICE = re.compile(rb"You are (agent-\d+|the leader)")


def speaker(visit: Visit) -> str:
    """Who made a call, by the last brief in its prompt."""
    found = _VOICE.findall(visit.raw)
    return found[-1].decode()


def kept_waiting() -> float:
    """Seconds for which this thread could have run, and the machine ran somebody else's work."""
    told = Path("/proc/thread-self/schedstat")
    return int(told.read_text().split()[1]) / 1e9 if told.exists() else 0.0


async def test_a_team_of_16_takes_no_longer_than_its_longest_chain(tmp_path: Path) -> None:
    """The chain is taken as the upstream saw it, and what the machine did for others meanwhile is
    not the team's."""
    body = {
        "model": "manymind/multi-agent",
        "agent_count": 16,
        "input": DOCUMENTS + "How much oil do lamp 3, lamp 17 and lamp 29 burn?",
    }
    async with on_stage(tmp_path, settings=SETTINGS) as stage, aiohttp.ClientSession() as session:
        started, waited = time.monotonic(), kept_waiting()
        async with session.post(f"{stage.url}/v1/responses", json=body) as answered:
            reply = await answered.json()
        elapsed, kept = time.monotonic() - started, kept_waiting() - waited
        visits = [visit for visit in stage.simulated.visits if visit.method == "POST"]
    assert reply["status"] == "completed"
    spent = defaultdict[str, float](float)
    for visit in visits:
        assert visit.ended is not None
        spent[speaker(visit)] += visit.ended - visit.began
    leader = spent.pop("the leader")
    assert len(spent) == 15
    longest = leader + max(spent.values())
    assert elapsed - kept <= 1.2 * longest, (
        f"{elapsed:.2f} s for a chain of {longest:.2f} s, {kept:.2f} s of them for others' work"
    )
