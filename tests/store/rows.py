"""Rows of the ledger, written by hand."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import insert

from manymind.store.database import Database
from manymind.store.tables import ATTEMPTS

SECOND = 1_000_000
DAY = 86_400 * SECOND
NOON = 20_000 * DAY + DAY // 2
"""Noon of 2024-10-04, a Friday."""

_USUAL: dict[str, Any] = {
    "owner": "ann",
    "number": 1,
    "at": NOON,
    "user": "",
    "api_key": "",
    "route": "",
    "arm": "",
    "feature": "",
    "session": "",
    "app": "",
    "app_title": "",
    "dialect": "openai_chat",
    "streamed": False,
    "requested": "acme/small",
    "slug": "acme/small",
    "provider": "acme",
    "offer": "acme/small",
    "served": "small-1",
    "outcome": "completed",
    "finish": "stop",
    "native_finish": "stop",
    "dropped": None,
    "micros": 2 * SECOND,
    "first_micros": SECOND,
    "reserved": 0,
    "ticks": 100,
    "tokens": 15,
    "basis": "usage",
    "flagged": False,
    "estimated": False,
    "input_tokens": 10,
    "cached_tokens": 0,
    "written_tokens": 0,
    "output_tokens": 5,
    "reasoning_tokens": 0,
    "tools": None,
    "lines": None,
    "budget": None,
    "reply": None,
}


def row(request: str, attempt: int = 1, **fields: Any) -> dict[str, Any]:
    """One row; `fields` replace any column. What is packed may be given as it is."""
    key = f"{request}/attempt-{attempt}"
    whole = {**_USUAL, "request": request, "key": key, "number": attempt, **fields}
    for name in ("dropped", "tools", "lines"):
        if whole[name] is not None:
            whole[name] = msgspec.json.encode(whole[name])
    return whole


async def write(database: Database, rows: Iterable[dict[str, Any]]) -> None:
    async with database.writing() as connection:
        await connection.execute(insert(ATTEMPTS), list(rows))
