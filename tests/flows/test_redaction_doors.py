"""Redaction at the doors that are easily forgotten, and what the operator sees of all of it."""

import re
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import aiohttp
import anyio
import pytest

from tests.flows.records_stage import call
from tests.flows.redaction_stage import CANARIES, CARD, MAIL, ON, SECRET, WORDS, reached
from tests.flows.stage import Stage, on_stage
from tests.server.socketing import talking, text

COUNTED = re.compile(r'manymind_redactions_total\{rule="(\w+)",action="(\w+)"\} (\d+)')
METRICS = "[metrics]\nopen = true\n"
WATCHED = """
[routes.watched]
models = ["vllm/sim-echo"]
shadow = { model = "openai/sim-echo", unstored = true }
[providers.openai.prices."*"]
input = "1"
output = "1"
context = 10_000
max_output = 1_000
"""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    async with on_stage(tmp_path, settings=ON + METRICS) as stage:
        yield stage


async def post(stage: Stage, path: str, body: Mapping[str, object]) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.post(stage.url + path, json=body) as got:
        return got.status, await got.text()


async def counted(stage: Stage) -> dict[tuple[str, str], int]:
    page = (await call(stage, "/metrics")).text
    assert not [canary for canary in CANARIES if canary in page]
    return {(rule, action): int(count) for rule, action, count in COUNTED.findall(page)}


async def test_what_was_found_is_counted_by_rule_and_action(tmp_path: Path) -> None:
    rules = (
        f'{ON}[redaction.rules.staff]\npattern = "\\\\bMM-[0-9]{{6}}\\\\b"\nkind = "personal"\n'
        'action = "flag"\n[redaction.rules.card]\naction = "block"\n'
    )
    async with on_stage(tmp_path, settings=rules + METRICS) as stage:
        assert await counted(stage) == {}
        for words in (f"Write to {MAIL} for MM-123456", f"Use {SECRET}", f"Pay by {CARD}"):
            for path in ("/v1/chat/completions", "/v1/responses"):
                field = "messages" if "chat" in path else "input"
                said = [{"role": "user", "content": words}]
                status, _ = await post(stage, path, {"model": "vllm/sim-echo", field: said})
                assert status == (400 if CARD in words else 200)
        await post(stage, "/v1/embeddings", {"model": "openai/sim-embed", "input": MAIL})
        assert await counted(stage) == {
            ("card", "block"): 2,
            ("email", "redact"): 3,
            ("openai_key", "redact"): 2,
            ("staff", "flag"): 2,
        }


async def test_a_socket_is_an_exit(stage: Stage) -> None:
    async with talking(stage.url) as talker:
        first = await talker.ask(WORDS, model="vllm/sim-echo")
        assert text(first) == WORDS
        before = first["response"]["id"]
        again = await talker.ask(WORDS, model="openai/sim-echo", previous_response_id=before)
        assert text(again) == WORDS
    assert reached(stage) == []
    assert (await counted(stage))["email", "redact"] == 2


async def test_compacting_is_an_exit(stage: Stage) -> None:
    long = [{"role": "assistant", "content": f"{WORDS} " + "and so on " * 300}]
    status, said = await post(stage, "/v1/responses", {"model": "vllm/sim-echo", "input": WORDS})
    assert status == 200
    name = re.findall(r'"id":"(resp_\w+)"', said)[0]
    for before in ({}, {"previous_response_id": name}):
        asked = {"model": "vllm/sim-echo", "input": long, **before}
        status, said = await post(stage, "/v1/responses/compact", asked)
        assert status == 200, said
    assert len([visit for visit in stage.simulated.visits if visit.raw]) == 3
    assert reached(stage) == []


@pytest.mark.parametrize(
    ("path", "field"),
    [("/v1/messages/count_tokens", "messages"), ("/v1/responses/input_tokens", "input")],
)
async def test_what_a_provider_counts_is_what_it_would_be_sent(
    stage: Stage, path: str, field: str
) -> None:
    said = [{"role": "user", "content": WORDS}]
    status, told = await post(stage, path, {"model": "anthropic/sim-echo", field: said})
    assert status == 200, told
    assert reached(stage) == []


@pytest.mark.parametrize("exempt", ["watched", "shadow/watched"])
async def test_a_shadow_is_exempt_by_its_own_name_alone(tmp_path: Path, exempt: str) -> None:
    settings = f'{ON}exempt_routes = ["{exempt}"]\n{WATCHED}'
    async with on_stage(tmp_path, settings=settings) as stage:
        await post(stage, "/v1/responses", {"model": "route/watched", "input": WORDS})
        with anyio.fail_after(10):
            while len(seen := [visit for visit in stage.simulated.visits if visit.raw]) < 2:
                await anyio.sleep(0.01)
        shadow = next(visit for visit in seen if visit.path == "/v1/responses")
        own = next(visit for visit in seen if visit.path != "/v1/responses")
        assert (SECRET in own.raw.decode()) == (exempt == "watched")
        assert SECRET not in shadow.raw.decode()
