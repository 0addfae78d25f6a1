"""The whole program with a database of its own, and OpenAI's client before it."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from openai import AsyncOpenAI

from tests.flows.stage import Stage, on_stage


def settings(url: str) -> str:
    return f"[store]\nurl = {json.dumps(url)}\n"


def client(stage: Stage, house: str = "/v1", key: str = "sk-any") -> AsyncOpenAI:
    return AsyncOpenAI(base_url=stage.url + house, api_key=key, max_retries=0)


@asynccontextmanager
async def remembering(
    folder: Path, url: str, environment: Mapping[str, str] | None = None
) -> AsyncGenerator[tuple[Stage, AsyncOpenAI]]:
    async with (
        on_stage(folder, settings=settings(url), environment=environment) as stage,
        client(stage) as openai,
    ):
        yield stage, openai


def sent(stage: Stage) -> list[dict[str, object]]:
    """The bodies that the simulated vendors got, in order."""
    return [visit.body for visit in stage.simulated.visits]
