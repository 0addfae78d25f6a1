"""What a call used, both ways."""

from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from manymind.canon.usage import Usage
from manymind.canon.values import Json, Ticks
from manymind.dialects.money import COUNT_MAX, claimed, dollars
from manymind.dialects.openai_chat.parts import NAME
from manymind.dialects.reading import Object, upstream

_TOOL_FIELDS = ("server_side_tool_usage_details", "server_tool_use_details", "server_tool_use")
_TOOL_SUFFIXES = ("_calls", "_requests")

Count = Annotated[int, Meta(ge=0, le=COUNT_MAX)]


class _Before(Struct):
    cached_tokens: Count = 0
    cache_write_tokens: Count = 0


class _After(Struct):
    reasoning_tokens: Count = 0


class _Plain(Struct, forbid_unknown_fields=True):
    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    total_tokens: Count = 0
    prompt_tokens_details: _Before | None = None
    completion_tokens_details: _After | None = None


_PLAIN = msgspec.json.Decoder(_Plain)
_ANY = msgspec.json.Decoder(dict[str, object])


def read_usage(usage: Object) -> Usage:
    """Some servers (xAI, Gemini) leave reasoning out of `completion_tokens`, but not out of the
    total: what the total has beyond both was put out, too."""
    prompt = _count(usage, "prompt_tokens")
    completion = _count(usage, "completion_tokens")
    total = _count(usage, "total_tokens")
    before = usage.inner("prompt_tokens_details")
    after = usage.inner("completion_tokens_details")
    hits = _count(usage, "prompt_cache_hit_tokens")
    cached = None if before is None else before.whole("cached_tokens", 0, COUNT_MAX)
    return Usage(
        input_tokens=prompt,
        output_tokens=max(completion, total - prompt),
        cached_tokens=hits if cached is None else cached,
        cache_written_tokens=0 if before is None else _count(before, "cache_write_tokens"),
        reasoning_tokens=0 if after is None else _count(after, "reasoning_tokens"),
        tools=_read_tools(usage),
        sources=_count(usage, "num_sources_used"),
        reported_cost=_read_cost(usage),
        aside=usage.rest(NAME),
    )


def skim_usage(raw: Raw) -> Usage:
    """The same of a usage that nobody has decoded; most hold nothing but plain counts."""
    try:
        plain = _PLAIN.decode(raw)
    except msgspec.MsgspecError:
        return read_usage(Object(_ANY.decode(raw), "usage", upstream))
    before, after = plain.prompt_tokens_details, plain.completion_tokens_details
    return Usage(
        input_tokens=plain.prompt_tokens,
        output_tokens=max(plain.completion_tokens, plain.total_tokens - plain.prompt_tokens),
        cached_tokens=0 if before is None else before.cached_tokens,
        cache_written_tokens=0 if before is None else before.cache_write_tokens,
        reasoning_tokens=0 if after is None else after.reasoning_tokens,
    )


def _count(usage: Object, name: str) -> int:
    return usage.whole(name, 0, COUNT_MAX) or 0


def _read_cost(usage: Object) -> Ticks | None:
    """The upstream's own claim, in whose place goes what we charge."""
    cost = claimed(usage)
    if cost is not None:
        usage.take("cost")
    return cost


def _read_tools(usage: Object) -> dict[str, int]:
    """Calls of tools that the server ran, by name."""
    tools: dict[str, int] = {}
    for field in _TOOL_FIELDS:
        if usage.peek(field) is None:
            continue
        details = usage.inner(field)
        for name in tuple(details.left()) if details is not None else ():
            tool = next(
                (name.removesuffix(end) for end in _TOOL_SUFFIXES if name.endswith(end)), ""
            )
            if details is not None and tool:
                tools[tool] = tools.get(tool, 0) + _count(details, name)
    return {tool: count for tool, count in tools.items() if count}


def write_usage(usage: Usage) -> Json:
    fields: Json = {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_written_tokens,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
    if usage.tools:
        details = {f"{tool}_calls": count for tool, count in usage.tools.items()}
        fields["server_side_tool_usage_details"] = details
    if usage.sources:
        fields["num_sources_used"] = usage.sources
    if usage.aside is not None and usage.aside.dialect == NAME:
        fields = {**usage.aside.fields, **fields}
    return fields | write_cost(usage)


def write_cost(usage: Usage) -> Json:
    """What the caller pays, where that is known: in dollars, as OpenRouter writes it, and exact."""
    if usage.cost is None:
        return {}
    return {"cost": dollars(usage.cost), "cost_in_usd_ticks": usage.cost}
