"""What an upstream says that it used is neither believed against the price list nor let near the
ledger when it is no count at all."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.adversary.stage import (
    FRONTS,
    Json,
    Stage,
    Visit,
    chat_reply,
    facing,
    messages_reply,
    responses_reply,
)

MODELS = {
    "chat": "openai/gpt-5.4-mini",
    "responses": "openai/gpt-5.4-mini",
    "messages": "anthropic/claude-sonnet-4-5",
}

_REPLIES = {"chat": chat_reply, "responses": responses_reply, "messages": messages_reply}


def _spelt(front: str, usage: dict[str, object]) -> dict[str, object]:
    """Our words for a usage, in those of the dialect."""
    if front != "chat":
        return usage
    names = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}
    return {names.get(name, name): value for name, value in usage.items()}


async def _told(stage: Stage, front: str, **more: object) -> tuple[int, Json]:
    path, ask = FRONTS[front]
    heard = await stage.post(path, {**ask(MODELS[front]), **more})
    return heard.status, heard.json


class Claiming:
    """An upstream whose next reply claims this usage."""

    def __init__(self, front: str, usage: dict[str, object]) -> None:
        self.usage = usage
        self._front = front

    def __call__(self, visit: Visit) -> bytes:
        return _REPLIES[self._front](usage=_spelt(self._front, self.usage))


HONEST: dict[str, object] = {"input_tokens": 1000, "output_tokens": 500}


@pytest.mark.parametrize("front", FRONTS)
async def test_a_claim_below_the_price_list_does_not_lower_the_cost(
    tmp_path: Path, front: str
) -> None:
    costs: list[int] = []
    claims: tuple[Json, ...] = ({}, {"cost_in_usd_ticks": 0}, {"cost": 0}, {"cost": 1e-9})
    upstream = Claiming(front, HONEST)
    async with facing(tmp_path, upstream) as stage:
        for more in claims:
            upstream.usage = {**HONEST, **more}
            status, reply = await _told(stage, front)
            assert status == 200
            costs.append(reply["usage"]["cost_in_usd_ticks"])
    assert costs[0] > 0
    assert len(set(costs)) == 1


@pytest.mark.parametrize("front", FRONTS)
async def test_a_claim_above_the_price_list_is_what_is_charged_however_it_is_spelt(
    tmp_path: Path, front: str
) -> None:
    upstream = Claiming(front, HONEST)
    async with facing(tmp_path, upstream) as stage:
        for claim in ({"cost_in_usd_ticks": 5 * 10**9}, {"cost": 0.5}):
            upstream.usage = {**HONEST, **claim}
            status, reply = await _told(stage, front)
            assert (status, reply["usage"]["cost_in_usd_ticks"]) == (200, 5 * 10**9)


LIES: tuple[dict[str, object], ...] = (
    {"input_tokens": -5},
    {"output_tokens": -1},
    {"input_tokens": 10**18},
    {"output_tokens": 10**30},
    {"input_tokens": 1.5},
    {"input_tokens": "12"},
    {"input_tokens": True},
    {"input_tokens": []},
    {"cost_in_usd_ticks": -1},
    {"cost_in_usd_ticks": 10**17},
    {"cost_in_usd_ticks": 1e300},
)


@pytest.mark.parametrize("front", FRONTS)
async def test_what_is_no_count_makes_the_reply_a_broken_one(tmp_path: Path, front: str) -> None:
    limit = "max_output_tokens" if front == "responses" else "max_completion_tokens"
    limit = "max_tokens" if front == "messages" else limit

    def answers(visit: Visit) -> bytes:
        lie = LIES[int(visit.json[limit]) - 100]
        return _REPLIES[front](usage=_spelt(front, HONEST | lie))

    async with facing(tmp_path, answers) as stage:
        asked = (_told(stage, front, **{limit: 100 + n}) for n in range(len(LIES)))
        for status, reply in await asyncio.gather(*asked):
            assert status == 502
            assert "malformed" in json.dumps(reply)


@pytest.mark.parametrize("front", FRONTS)
async def test_odd_claims_in_dollars_are_passed_over(tmp_path: Path, front: str) -> None:
    costs: tuple[object, ...] = (-3, 1e300, "12", True, [], {"x": 1})
    upstream = Claiming(front, HONEST)
    async with facing(tmp_path, upstream) as stage:
        for cost in costs:
            upstream.usage = {**HONEST, "cost": cost}
            status, reply = await _told(stage, front)
            assert status == 200
            assert 0 < reply["usage"]["cost_in_usd_ticks"] < 10**9


@pytest.mark.parametrize("front", FRONTS)
async def test_a_part_that_is_larger_than_its_whole_is_charged_as_it_stands(
    tmp_path: Path, front: str
) -> None:
    cached = {
        "chat": {"prompt_tokens_details": {"cached_tokens": 10**6}},
        "responses": {"input_tokens_details": {"cached_tokens": 10**6}},
        "messages": {"cache_read_input_tokens": 10**6},
    }[front]
    async with facing(tmp_path, Claiming(front, {**HONEST, **cached})) as stage:
        status, reply = await _told(stage, front)
        assert status == 200
        assert reply["usage"]["cost_in_usd_ticks"] > 10**8


@pytest.mark.parametrize("front", FRONTS)
async def test_an_absurd_cap_on_output_makes_no_absurd_trouble(tmp_path: Path, front: str) -> None:
    name = "max_output_tokens" if front == "responses" else "max_tokens"

    def answers(visit: Visit) -> bytes:
        return _REPLIES[front](usage=None)

    async with facing(tmp_path, answers) as stage:
        status, _ = await _told(stage, front, **{name: 2**62})
        assert status == 200
        status, _ = await _told(stage, front, **{name: 2**62}, max_cost_usd=100)
        assert status == 402
        status, _ = await _told(stage, front, **{name: 2**64})
        assert status == 400


NO_BUDGETS: tuple[object, ...] = (
    -1,
    -1e-9,
    1e308,
    10**400,
    1e17,
    "5",
    "NaN",
    True,
    [],
    {},
)


@pytest.mark.parametrize("front", FRONTS)
async def test_a_budget_that_is_none_is_a_bad_request(tmp_path: Path, front: str) -> None:
    async with facing(tmp_path, Claiming(front, HONEST)) as stage:
        for cap in NO_BUDGETS:
            status, reply = await _told(stage, front, max_cost_usd=cap)
            assert status == 400
            assert "max_cost_usd" in json.dumps(reply)
        assert not stage.upstream.visits


@pytest.mark.parametrize("front", FRONTS)
async def test_a_budget_of_next_to_nothing_buys_nothing(tmp_path: Path, front: str) -> None:
    async with facing(tmp_path, Claiming(front, HONEST)) as stage:
        for cap in (0, 1e-300, 1e-12, 1e-9):
            status, reply = await _told(stage, front, max_cost_usd=cap)
            assert status == 402
            assert "This could cost $" in json.dumps(reply)
        assert not stage.upstream.visits
        for raw in (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"0x10", b"01"):
            body = json.dumps({**FRONTS[front][1](MODELS[front]), "max_cost_usd": 7}).encode()
            broken = body.replace(b'"max_cost_usd": 7', b'"max_cost_usd": ' + raw)
            assert (await stage.post(FRONTS[front][0], broken)).status == 400
