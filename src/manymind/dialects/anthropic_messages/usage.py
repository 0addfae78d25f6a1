"""What a message used, both ways. Here input excludes what was read from and written to the
cache; in the canon it includes both."""

from typing import Annotated, cast

import msgspec
from msgspec import Meta, Raw, Struct

from manymind.canon.usage import Usage
from manymind.canon.values import Aside, Json
from manymind.dialects.anthropic_messages.words import NAME, TOOLS
from manymind.dialects.money import COUNT_MAX, claimed
from manymind.dialects.reading import Object, upstream

_REQUESTS = "_requests"
_NAMES = {canon: own for own, canon in TOOLS.items()}

_FIVE_MINUTES, _HOUR = "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"


def read_usage(usage: Object) -> Usage:
    read = usage.whole("cache_read_input_tokens", 0, COUNT_MAX) or 0
    written, long = _read_written(usage)
    fresh = usage.whole("input_tokens", 0, COUNT_MAX) or 0
    output = usage.whole("output_tokens", 0, COUNT_MAX) or 0
    left: Json = {}
    details = usage.inner("output_tokens_details")
    thinking = None if details is None else details.whole("thinking_tokens", 0, COUNT_MAX)
    if details is not None and details.left():
        left["output_tokens_details"] = details.left()
    tools = _read_tools(usage)
    cost = claimed(usage)
    left |= {name: value for name, value in usage.left().items() if value is not None}
    return Usage(
        input_tokens=fresh + read + written,
        cached_tokens=read,
        cache_written_tokens=written,
        cache_written_long_tokens=long,
        output_tokens=output,
        reasoning_tokens=thinking or 0,
        tools=tools,
        reported_cost=cost,
        aside=Aside(NAME, left) if left else None,
    )


Count = Annotated[int, Meta(ge=0, le=COUNT_MAX)]


class _Terms(Struct, forbid_unknown_fields=True):
    ephemeral_5m_input_tokens: Count = 0
    ephemeral_1h_input_tokens: Count = 0


class _Plain(Struct, forbid_unknown_fields=True):
    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_creation: _Terms | None = None
    server_tool_use: None = None
    service_tier: str | None = None


_PLAIN = msgspec.json.Decoder(_Plain)
_ANY = msgspec.json.Decoder(dict[str, object])


def skim_usage(raw: Raw) -> Usage:
    """The same of a usage that nobody has decoded; most hold nothing but plain counts."""
    try:
        plain = _PLAIN.decode(raw)
    except msgspec.MsgspecError:
        return read_usage(Object(_ANY.decode(raw), "usage", upstream))
    read, terms = plain.cache_read_input_tokens or 0, plain.cache_creation
    written = plain.cache_creation_input_tokens
    long = 0 if terms is None else terms.ephemeral_1h_input_tokens
    if written is None:
        written = 0 if terms is None else terms.ephemeral_5m_input_tokens + long
    tier = plain.service_tier
    return Usage(
        input_tokens=plain.input_tokens + read + written,
        cached_tokens=read,
        cache_written_tokens=written,
        cache_written_long_tokens=min(long, written),
        output_tokens=plain.output_tokens,
        aside=None if tier is None else Aside(NAME, {"service_tier": tier}),
    )


def _read_written(usage: Object) -> tuple[int, int]:
    """Tokens written to the cache, and those of them that it keeps for an hour."""
    total = usage.whole("cache_creation_input_tokens", 0, COUNT_MAX)
    terms = usage.inner("cache_creation")
    if terms is None:
        return total or 0, 0
    short, long = (
        terms.whole(_FIVE_MINUTES, 0, COUNT_MAX) or 0,
        terms.whole(_HOUR, 0, COUNT_MAX) or 0,
    )
    total = short + long if total is None else total
    return total, min(long, total)


def _read_tools(usage: Object) -> dict[str, int]:
    counted = usage.inner("server_tool_use")
    if counted is None:
        return {}
    tools: dict[str, int] = {}
    for key in tuple(counted.left()):
        name = key.removesuffix(_REQUESTS)
        count = counted.whole(key, 0, COUNT_MAX)
        if count:
            tools[TOOLS.get(name, name)] = count
    return tools


def write_usage(usage: Usage | None) -> Json:
    """Cost is left out where nobody knows it: nought would be a lie."""
    if usage is None:
        usage = Usage()
    apart = usage.cached_tokens + usage.cache_written_tokens
    fields: Json = {
        "input_tokens": max(0, usage.input_tokens - apart),
        "cache_read_input_tokens": usage.cached_tokens,
        "cache_creation_input_tokens": usage.cache_written_tokens,
        "output_tokens": usage.output_tokens,
    }
    if usage.cache_written_tokens:
        long = usage.cache_written_long_tokens
        fields["cache_creation"] = {_FIVE_MINUTES: usage.cache_written_tokens - long, _HOUR: long}
    kept = usage.aside.fields if usage.aside is not None and usage.aside.dialect == NAME else {}
    if usage.reasoning_tokens:
        details = kept.get("output_tokens_details")
        fields["output_tokens_details"] = {
            **(cast("Json", details) if isinstance(details, dict) else {}),
            "thinking_tokens": usage.reasoning_tokens,
        }
    if usage.tools:
        counts = {"web_search": 0, "open_page": 0} | usage.tools
        fields["server_tool_use"] = {
            f"{_NAMES.get(name, name)}{_REQUESTS}": count for name, count in counts.items()
        }
    cost = usage.cost if usage.cost is not None else usage.reported_cost
    if cost is not None:
        fields["cost_in_usd_ticks"] = cost
    return {**kept, **fields}
