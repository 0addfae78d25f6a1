"""A caller's `anthropic-beta` reaches an upstream of Messages, and is reported lost elsewhere."""

from pathlib import Path

import aiohttp
import pytest

from manymind.server.stream import DROPPED_HEADER
from tests.flows.stage import Stage, on_stage


async def ask(stage: Stage, model: str, beta: str) -> tuple[int, str]:
    body = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{stage.url}/v1/messages", json=body, headers={"anthropic-beta": beta}
        ) as reply,
    ):
        return reply.status, reply.headers.get(DROPPED_HEADER, "")


async def test_betas_go_where_they_are_understood(tmp_path: Path) -> None:
    async with on_stage(tmp_path) as stage:
        assert await ask(stage, "anthropic/sim-echo", "a-2025-01-01, b-2") == (200, "")
        sent = stage.simulated.visits[-1].headers["anthropic-beta"]
        assert sent == "a-2025-01-01,b-2"
        status, dropped = await ask(stage, "vllm/sim-echo", "a-2025-01-01")
        assert status == 200
        assert "anthropic-beta" in dropped
        assert "anthropic-beta" not in stage.simulated.visits[-1].headers


@pytest.mark.parametrize("beta", ["a b", "x;y", "ü", "a" * 101, ",".join(["a"] * 33)])
async def test_what_is_no_list_of_names_is_refused(tmp_path: Path, beta: str) -> None:
    async with on_stage(tmp_path) as stage:
        status, _ = await ask(stage, "anthropic/sim-echo", beta)
        assert status == 400
        assert stage.simulated.visited == sum(
            visit.method == "GET" for visit in stage.simulated.visits
        )
