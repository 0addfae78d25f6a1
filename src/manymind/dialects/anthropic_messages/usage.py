"""What a message used, both ways. Here input excludes what was read from and written to the
cache; in the canon it includes both."""

from typing import cast

from manymind.canon.usage import Usage
from manymind.canon.values import Aside, Json
from manymind.dialects.anthropic_messages.words import NAME, TOOLS
from manymind.dialects.money import COUNT_MAX, claimed
from manymind.dialects.reading import Object

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
