"""What stands beside an answer can be read by a page in a browser, and is described."""

from pathlib import Path
from typing import Any

import pytest

from manymind.server.openapi import document
from tests.flows.keyed_stage import DOORS, FREE, Door, Told, keyed
from tests.flows.redaction_stage import MAIL, ON

PAGE = "https://page.example"
SETTINGS = f"""
[server]
origins = ["{PAGE}"]
[cache]
enabled = true
[routes.half]
models = ["{FREE}"]
[routes.half.arms.trial]
percent = 100
models = ["{FREE}"]
{ON}
[providers.vllm.prices."*"]
input = 0
output = 0
context = 10_000
max_output = 1_000
"""
OURS = ("x-manymind-", "x-ratelimit-", "anthropic-ratelimit-", "x-request-id", "retry-after")


def ours(told: Told) -> set[str]:
    return {name.lower() for name in told.headers if name.lower().startswith(OURS)}


def exposed(told: Told) -> set[str]:
    return set(told.headers["access-control-expose-headers"].split(", "))


def described(path: str, status: str) -> set[str]:
    paths: Any = document("1")["paths"]
    return set(paths[path]["post"]["responses"][status]["headers"])


NAMES = [f"{door.name}-{'streamed' if door.streamed else 'whole'}" for door in DOORS]


@pytest.mark.parametrize("door", DOORS, ids=NAMES)
async def test_a_page_reads_every_header_of_an_answer(tmp_path: Path, door: Door) -> None:
    rates = {"requests_per_minute": 100, "tokens_per_minute": 1_000_000}
    async with keyed(tmp_path, SETTINGS) as house:
        key = await house.key(caches=True, **rates)
        model = "route/half"
        path = door.path(model)
        seen: set[str] = set()
        for state in ("miss", "hit"):
            body = door.body(model, f"Write to {MAIL}", **door.output(20))
            told = await house.post(path, body, key, origin=PAGE, x_manymind_cache="true")
            assert told.status == 200, told.text
            assert told.headers["x-manymind-cache"] == state
            seen |= ours(told)
        assert seen <= exposed(told)
        template = "/v1beta/models/{model}:" + path.rpartition(":")[2].partition("?")[0]
        assert seen <= described(template if door.name == "gemini" else path, "200")
        rate = "anthropic-ratelimit-" if door.name == "messages" else "x-ratelimit-"
        assert len([name for name in seen if name.startswith(rate)]) == 6
        for name in ("route", "arm", "provider", "model", "attempts", "cache", "redacted"):
            assert f"x-manymind-{name}" in seen, name


async def test_a_page_reads_how_a_refusal_and_a_count_came_about(tmp_path: Path) -> None:
    async with keyed(tmp_path, SETTINGS) as house:
        key = await house.key(requests_per_minute=1)
        door = Door("chat")
        for status in (200, 429):
            body = door.body(FREE, **door.output(20))
            told = await house.post(door.path(FREE), body, key, origin=PAGE)
            assert told.status == status, told.text
        assert "retry-after" in ours(told)
        assert ours(told) <= exposed(told)
        said = Door("messages").body(FREE)
        told = await house.post("/v1/messages/count_tokens", said, key, origin=PAGE)
        assert told.status == 200, told.text
        assert "x-manymind-count" in ours(told)
        assert ours(told) <= exposed(told) & described("/v1/messages/count_tokens", "200")
        told = await house.post("/v1/messages/count_tokens", said, key, origin="https://b.example")
        assert told.status == 403
        assert "access-control-expose-headers" not in told.headers
