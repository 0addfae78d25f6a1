"""Records as they go out: in OpenRouter's forms, and in our own."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from io import StringIO

from msgspec import Raw
from msgspec.structs import asdict

from manymind.canon import faults
from manymind.canon.faults import Fault
from manymind.canon.values import Json, Ticks
from manymind.catalog.money import dollars
from manymind.catalog.titles import title
from manymind.store.attempt_rows import AttemptRow
from manymind.store.facts import SECOND_MICROS
from manymind.store.reports import Line, Sums

_STATUSES: Mapping[str, int] = {
    "completed": 200,
    "cancelled": 499,
    "failed": 500,
    **{
        kind.code: kind.status
        for kind in vars(faults).values()
        if isinstance(kind, type) and issubclass(kind, Fault)
    },
}
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would not take for a text."""


def generation(name: str, rows: Sequence[AttemptRow], spent: Ticks) -> Json:
    """One request, as OpenRouter tells of it. What nobody here knows is null."""
    own = [row for row in rows if row.own] or list(rows)
    last = next((row for row in reversed(own) if row.outcome == "completed"), own[-1])
    return {
        "id": name,
        "request_id": last.request,
        "upstream_id": last.reply,
        "api_type": "embeddings" if last.dialect == "embeddings" else "completions",
        "model": last.slug,
        "provider_name": title(last.provider),
        "router": None,
        "streamed": last.streamed,
        "cancelled": last.outcome == "cancelled",
        "created_at": instant(own[0].at),
        "finish_reason": last.finish if last.outcome == "completed" else "error",
        "native_finish_reason": last.native_finish,
        "latency": milliseconds(last.first_micros),
        "generation_time": milliseconds(last.micros),
        "moderation_latency": None,
        **_counts(last),
        "total_cost": amount(spent),
        "usage": amount(spent),
        "upstream_inference_cost": amount(spent),
        "cache_discount": None,
        "is_byok": False,
        "service_tier": None,
        "data_region": "global",
        "preset_id": last.route or None,
        "session_id": last.session or None,
        "external_user": last.user or None,
        "workspace_id": None,
        "app_id": app_id(last.app) if last.app else None,
        "http_referer": last.app or None,
        "origin": last.app,
        "user_agent": None,
        "response_cache_source_id": None,
        "provider_responses": list(map(_tried, own)),
        "cost_in_usd_ticks": spent,
        "attempts": list(map(attempt, rows)),
    }


def _counts(row: AttemptRow) -> Json:
    """What was counted of the attempt that answered."""
    return {
        "tokens_prompt": row.input_tokens,
        "tokens_completion": row.output_tokens,
        "native_tokens_prompt": row.input_tokens,
        "native_tokens_completion": row.output_tokens,
        "native_tokens_completion_images": None,
        "native_tokens_reasoning": row.reasoning_tokens,
        "native_tokens_cached": row.cached_tokens,
        "num_media_prompt": None,
        "num_media_completion": None,
        "num_input_audio_prompt": None,
        "num_search_results": row.tools.get("web_search"),
        "num_fetches": row.tools.get("web_fetch"),
        "web_search_engine": None,
    }


def _tried(row: AttemptRow) -> Json:
    return {
        "endpoint_id": row.offer,
        "id": row.reply or row.key,
        "is_byok": False,
        "latency": milliseconds(row.micros),
        "model_permaslug": row.slug,
        "provider_name": title(row.provider),
        "status": _STATUSES.get(row.outcome),
    }


def attempt(row: AttemptRow) -> Json:
    """One row, in our own words."""
    told: Json = asdict(row)
    for name in ("micros", "first_micros"):
        del told[name]
    return {
        **told,
        "at": instant(row.at),
        "seconds": row.micros / SECOND_MICROS,
        "first_word_seconds": None if row.first_micros is None else row.first_micros / 1e6,
        "cost_usd": dollars(row.ticks),
    }


def activity(line: Line) -> Json:
    """Of one day, model and provider, as OpenRouter tells it."""
    model, provider = line.by
    return {
        "date": day(line.at),
        "model": model,
        "model_permaslug": model,
        "endpoint_id": f"{provider}:{model}",
        "provider_name": title(provider),
        "usage": amount(line.sums.ticks),
        "byok_usage_inference": 0,
        "requests": line.sums.attempts,
        "prompt_tokens": line.sums.input_tokens,
        "completion_tokens": line.sums.output_tokens,
        "reasoning_tokens": line.sums.reasoning_tokens,
        "cached_tokens": line.sums.cached_tokens,
        "cost_in_usd_ticks": line.sums.ticks,
    }


def sums(of: Sums) -> Json:
    return {**asdict(of), "cost_usd": dollars(of.ticks)}


def usage(line: Line, by: Sequence[str], period: str | None) -> Json:
    """One line of sums, in our own words."""
    at: Json = {} if period is None else {"at": instant(line.at)}
    titled: Json = {"app_title": line.title} if "app" in by else {}
    return {**at, **dict(zip(by, line.by, strict=True)), **titled, **sums(line.sums)}


def app_id(url: str) -> int:
    """A number that is always that of this address, and that any reader of JSON holds."""
    return int.from_bytes(sha256(url.encode()).digest()[:6], "big")


def amount(ticks: Ticks) -> Raw:
    """Dollars as a decimal number, exact."""
    return Raw(dollars(ticks).encode())


def instant(micros: int) -> str:
    return datetime.fromtimestamp(micros / SECOND_MICROS, UTC).isoformat(timespec="milliseconds")


def day(micros: int) -> str:
    return datetime.fromtimestamp(micros / SECOND_MICROS, UTC).date().isoformat()


def milliseconds(micros: int | None) -> float | None:
    return None if micros is None else micros / 1000


def csv_rows(rows: Iterable[Iterable[object]]) -> bytes:
    """Lines of a table, in which no text can pass for a formula."""
    text = StringIO()
    csv.writer(text).writerows([list(map(_cell, row)) for row in rows])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULAS):
        return f"'{value}"
    return "" if value is None else value
