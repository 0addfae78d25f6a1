"""The whole program with records of the past in its database."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from msgspec import Struct

from manymind.canon.attempts import Attempt
from manymind.store.database import Database
from tests.flows.stage import Stage, on_stage
from tests.store.rows import row, write


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


def as_row(attempt: Attempt) -> dict[str, Any]:
    """An attempt as its row would be, for as long as its writer is somewhere else."""
    origin, bill = attempt.origin, attempt.bill
    usage = bill.usage
    return row(
        origin.request,
        attempt.number,
        key=attempt.key,
        owner=origin.tenant,
        at=int(attempt.at * 1e6),
        api_key=origin.key,
        user=origin.user,
        feature=origin.feature,
        session=origin.session,
        app=origin.app.url,
        app_title=origin.app.title,
        dialect=origin.dialect,
        streamed=origin.streamed,
        requested=attempt.requested,
        slug=attempt.slug,
        provider=attempt.provider,
        offer=attempt.offer,
        served=attempt.served,
        outcome=attempt.outcome,
        finish=attempt.finish,
        native_finish=attempt.native_finish,
        dropped=list(attempt.dropped) or None,
        micros=int(attempt.seconds * 1e6),
        ticks=bill.ticks,
        basis=bill.basis,
        input_tokens=0 if usage is None else usage.input_tokens,
        output_tokens=0 if usage is None else usage.output_tokens,
        reply=attempt.reply or None,
    )


async def settle(database: Database, attempts: list[Attempt]) -> None:
    await write(database, map(as_row, attempts))
