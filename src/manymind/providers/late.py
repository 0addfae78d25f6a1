"""Asks a provider afterwards what a call used whose end nobody heard, where it has an answer for
that. Whoever hangs up, or loses the connection, misses the last words: those with the counts."""

from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import quote

import msgspec
from msgspec import Struct

from manymind.canon.attempts import AskLater
from manymind.canon.faults import Fault
from manymind.canon.usage import Usage
from manymind.dialects.money import COUNT_MAX, ticks
from manymind.egress.reply import Patience
from manymind.egress.trusted import Trusted
from manymind.providers.upstream import Settings, Upstream, greeting, locate

ASK_SECONDS = 5.0
DOLLARS_MAX = 1_000_000

_REPLY_BYTES_MAX = 256 * 1024

PATHS: Mapping[str, str] = {"openrouter": "/generation?id={id}"}
"""Where providers tell it."""


class _Generation(Struct):
    native_tokens_prompt: int | None = None
    native_tokens_cached: int | None = None
    native_tokens_completion: int | None = None
    native_tokens_reasoning: int | None = None
    total_cost: Decimal | None = None


class _Report(Struct):
    data: _Generation


def asking_later(upstream: Upstream, settings: Settings, client: Trusted) -> AskLater | None:
    """How to ask this upstream; None where it does not tell, or we have no key."""
    path = PATHS.get(upstream.name)
    if path is None or not settings.key:
        return None
    base = locate(upstream, settings.base_url)
    headers = {**greeting(upstream, settings), "accept": "application/json"}

    async def ask(answer_id: str) -> Usage | None:
        try:
            async with client.get(
                base + path.replace("{id}", quote(answer_id, safe="")),
                headers=headers,
                deadline_seconds=ASK_SECONDS,
                patience=Patience(first_byte_seconds=ASK_SECONDS),
            ) as reply:
                return _read(await reply.read(_REPLY_BYTES_MAX)) if reply.status == 200 else None
        except Fault:
            return None

    return ask


def _read(body: bytes) -> Usage | None:
    """What was booked; a report without a cost, or with one that is none, says nothing."""
    try:
        told = msgspec.json.decode(body, type=_Report).data
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None
    cost = told.total_cost
    if cost is None or not cost.is_finite() or not 0 <= cost <= DOLLARS_MAX:
        return None
    return Usage(
        input_tokens=_count(told.native_tokens_prompt),
        cached_tokens=_count(told.native_tokens_cached),
        output_tokens=_count(told.native_tokens_completion),
        reasoning_tokens=_count(told.native_tokens_reasoning),
        reported_cost=ticks(float(cost)),
    )


def _count(said: int | None) -> int:
    return said if said is not None and 0 <= said <= COUNT_MAX else 0
