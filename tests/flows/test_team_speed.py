"""A team is as fast as its longest chain of calls, measured on real sockets."""

import re
import time
from collections import Counter
from pathlib import Path

import aiohttp

from manymind.server.simulated import Visit
from tests.flows.stage import on_stage

CALL_SECONDS = 1.0
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


async def test_a_team_of_16_takes_no_longer_than_its_longest_chain(tmp_path: Path) -> None:
    body = {
        "model": "manymind/multi-agent",
        "agent_count": 16,
        "input": DOCUMENTS + "How much oil do lamp 3, lamp 17 and lamp 29 burn?",
    }
    async with on_stage(tmp_path, settings=SETTINGS) as stage, aiohttp.ClientSession() as session:
        started = time.monotonic()
        async with session.post(f"{stage.url}/v1/responses", json=body) as answered:
            reply = await answered.json()
        elapsed = time.monotonic() - started
        visits = [visit for visit in stage.simulated.visits if visit.method == "POST"]
        calls = Counter(map(speaker, visits))
    assert reply["status"] == "completed"
    leader = calls.pop("the leader")
    assert len(calls) == 15
    longest = (leader + max(calls.values())) * CALL_SECONDS
    assert elapsed <= 1.2 * longest, f"{elapsed:.2f} s for a chain of {longest:.0f} s"
