"""The whole program with records of the past in its database."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from msgspec import Struct

from tests.flows.stage import Stage, on_stage
from tests.store.rows import write


class Answered(Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    text: str
    json: Any = None


async def call(stage: Stage, path: str, *, key: str | None = None, method: str = "GET") -> Answered:
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, stage.url + path, headers=headers) as reply,
    ):
        text = await reply.text()
        whole = await reply.json() if reply.content_type == "application/json" else None
        return Answered(reply.status, dict(reply.headers), text, whole)


@asynccontextmanager
async def with_records(
    folder: Path,
    *rows: dict[str, Any],
    settings: str = "",
    environment: Mapping[str, str] | None = None,
) -> AsyncGenerator[Stage]:
    async with on_stage(folder, settings=settings, environment=environment) as stage:
        await stage.house.stored.open()
        if rows:
            await write(stage.house.stored.database, rows)
        yield stage
