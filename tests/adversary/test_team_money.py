"""A team over real sockets, with bad luck of every kind: its budget holds, and its bill is true."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any, cast

import pytest

from manymind.ledger.allotments import Purse
from manymind.server.simulated import Simulated
from tests.adversary.stage import Json, Stage, facing, replied
from tests.flows.stage import HANDBOOK

LUCK = (
    "jitter=0.05",
    "fault=500;times=4;retry_after=0",
    "cut=9",
    "usage=0",
    "malformed=6",
    "fault=429;retry_after=0;times=6",
    "error=4",
    "empty",
)
"""What happens to the agents; the leader is only slow."""

TICKS_PER_DOLLAR = 10**10


def _settings(luck: str) -> str:
    return f"""
    [team]
    leader = "vllm/sim-researcher;jitter=0.05;seed=3"
    agent = "vllm/sim-researcher;seed=5;{luck}"
    [providers.vllm.prices."*"]
    input = 2.00
    output = 10
    context = 128000
    max_output = 8000
    """


def _body(front: str, cap: float, agents: int, *, stream: bool) -> Json:
    more: Json = {"max_cost_usd": cap, "agent_count": agents, "stream": stream}
    question = HANDBOOK + "Who approves leave, and when was the lamp electrified?"
    if front == "responses":
        return {"model": "manymind/multi-agent", "input": question, **more}
    turns = [{"role": "user", "content": question}]
    if front == "chat":
        more["stream_options"] = {"include_usage": True} if stream else None
    else:
        more["max_tokens"] = 2000
    return {"model": "manymind/multi-agent", "messages": turns, **more}


PATHS = {"chat": "/v1/chat/completions", "responses": "/v1/responses", "messages": "/v1/messages"}


async def _ask(stage: Stage, chance: random.Random) -> list[int]:
    """One caller, who may hang up. The costs that the reply told, the last one last."""
    front = chance.choice(tuple(PATHS))
    cap = chance.choice((0.0, 1e-9, 0.02, 0.1, 0.3, 1.0, 3.0)) * chance.uniform(0.5, 1.5)
    stream, leaves = chance.random() < 0.6, chance.random() < 0.2
    body = _body(front, cap, chance.choice((1, 2, 4, 16, 64)), stream=stream)
    heard = b""
    try:
        async with asyncio.timeout(chance.uniform(0.02, 0.6) if leaves else 60):
            async with stage.session.post(stage.url + PATHS[front], json=body) as reply:
                async for piece in reply.content.iter_any():
                    heard += piece
                assert reply.status in (200, 402, 502, 503, 429), heard
    except TimeoutError:
        assert leaves
        return []
    return list(_costs(_values(heard)))


def _values(heard: bytes) -> list[object]:
    if heard[:1] == b"{":
        return [json.loads(heard)]
    lines = (line.removeprefix(b"data: ") for line in heard.split(b"\n") if line[:6] == b"data: ")
    return [json.loads(line) for line in lines if line != b"[DONE]"]


def _costs(value: object) -> list[int]:
    match value:
        case dict():
            fields = cast("dict[str, Any]", value)
            own = fields.get("cost_in_usd_ticks")
            inner = [cost for each in fields.values() for cost in _costs(each)]
            return [*inner, own] if isinstance(own, int) else inner
        case list():
            return [cost for each in cast("list[object]", value) for cost in _costs(each)]
        case _:
            return []


@pytest.mark.matrix(keep=4)
@pytest.mark.parametrize("luck", LUCK)
async def test_a_team_with_bad_luck_keeps_its_budget_and_settles_every_hold(
    tmp_path: Path, luck: str, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(f"{luck} {request.config.getoption('--seed')}")
    purses: list[Purse] = []
    played = Simulated(key=None)
    async with facing(
        tmp_path, replied, settings=_settings(luck), played=played, purses=purses
    ) as stage:
        for _ in range(3):
            await asyncio.gather(*(_ask(stage, chance) for _ in range(5)))
        async with asyncio.timeout(10):
            while any(purse.open for purse in purses):
                await asyncio.sleep(0.02)
        for purse in purses:
            assert (purse.open, purse.reserved, purse.exceeded) == (0, 0, 0)
            assert purse.cap is not None
            assert purse.spent <= purse.cap
        for _ in range(3):
            purses.clear()
            costs = await _ask(stage, chance)
            if costs:
                assert costs[-1] == purses[0].spent, "the reply's cost is what was settled"


async def test_sixty_four_agents_for_next_to_nothing_are_refused_with_what_would_do(
    tmp_path: Path,
) -> None:
    async with facing(
        tmp_path, replied, settings=_settings("jitter=0"), played=Simulated(key=None)
    ) as stage:
        for front, path in PATHS.items():
            for stream in (False, True):
                heard = await stage.post(path, _body(front, 1e-6, 64, stream=stream))
                assert heard.status in (200, 402)
                if heard.status == 402:
                    assert b"This could cost $" in heard.body
        for agents in (0, -1, 65, 10**9, 1.5, "4", True):
            body = _body("chat", 1.0, 4, stream=False) | {"agent_count": agents}
            heard = await stage.post(PATHS["chat"], body)
            assert heard.status == 400
            assert b"agent_count" in heard.body
