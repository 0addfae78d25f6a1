"""What a response used, both ways."""

from typing import Annotated, cast

import msgspec
from msgspec import Meta, Raw, Struct
from msgspec.structs import replace

from manymind.canon.items import Hosted, Item
from manymind.canon.usage import Usage
from manymind.canon.values import Aside, Json
from manymind.dialects.mirror import View
from manymind.dialects.money import COUNT_MAX, claimed
from manymind.dialects.openai_responses.words import NAME
from manymind.dialects.reading import Object, upstream

_TOOLS = (
    "web_search",
    "x_search",
    "code_interpreter",
    "file_search",
    "mcp",
    "document_search",
)
"""The server-side tools that are always counted where one of them ran."""

_CALLS = "_calls"

_NESTED = ("input_tokens_details", "output_tokens_details")


def read_usage(response: Object, items: tuple[Item, ...]) -> Usage | None:
    """The usage of a response. Upstreams that count no tools elsewhere list them as output."""
    usage = response.inner("usage")
    if usage is None:
        return None
    counted = usage.peek("num_server_side_tools_used")
    details = usage.inner("server_side_tool_usage_details")
    tools = _read_tools(details) if details is not None else {}
    if counted is None and details is None:
        tools = _searches(response, items)
    aside: Json = {}
    count = usage.whole("num_server_side_tools_used")
    if count is not None and count != sum(tools.values()):
        aside["num_server_side_tools_used"] = count
    read = usage.inner(_NESTED[0]) or Object({}, "", usage.blame)
    written = usage.inner(_NESTED[1]) or Object({}, "", usage.blame)
    usage.whole("total_tokens")
    result = Usage(
        input_tokens=usage.whole("input_tokens", 0, COUNT_MAX) or 0,
        cached_tokens=read.whole("cached_tokens", 0, COUNT_MAX) or 0,
        cache_written_tokens=read.whole("cache_write_tokens", 0, COUNT_MAX) or 0,
        output_tokens=usage.whole("output_tokens", 0, COUNT_MAX) or 0,
        reasoning_tokens=written.whole("reasoning_tokens", 0, COUNT_MAX) or 0,
        tools=tools,
        sources=usage.whole("num_sources_used", 0, COUNT_MAX) or 0,
        reported_cost=claimed(usage),
    )
    inner = zip(_NESTED, (read.left(), written.left()), strict=True)
    aside |= {name: left for name, left in inner if left} | usage.left()
    return replace(result, aside=Aside(NAME, aside) if aside else None)


Count = Annotated[int, Meta(ge=0, le=COUNT_MAX)]


class _Before(Struct, forbid_unknown_fields=True):
    cached_tokens: Count = 0
    cache_write_tokens: Count = 0


class _After(Struct, forbid_unknown_fields=True):
    reasoning_tokens: Count = 0


class _Plain(Struct, forbid_unknown_fields=True):
    input_tokens: Count = 0
    output_tokens: Count = 0
    total_tokens: Count = 0
    input_tokens_details: _Before | None = None
    output_tokens_details: _After | None = None


_PLAIN = msgspec.json.Decoder(_Plain)
_ANY = msgspec.json.Decoder(dict[str, object])


def skim_usage(raw: Raw) -> Usage | None:
    """The same of a usage that nobody has decoded, of a response without searches; most hold
    nothing but plain counts."""
    try:
        plain = _PLAIN.decode(raw)
    except msgspec.MsgspecError:
        return read_usage(Object({"usage": _ANY.decode(raw)}, "", upstream), ())
    before, after = plain.input_tokens_details, plain.output_tokens_details
    return Usage(
        input_tokens=plain.input_tokens,
        output_tokens=plain.output_tokens,
        cached_tokens=0 if before is None else before.cached_tokens,
        cache_written_tokens=0 if before is None else before.cache_write_tokens,
        reasoning_tokens=0 if after is None else after.reasoning_tokens,
    )


def _read_tools(details: Object) -> dict[str, int]:
    counts = {
        name.removesuffix(_CALLS): details.whole(name, 0, COUNT_MAX) or 0
        for name in tuple(details.left())
    }
    return {name: count for name, count in counts.items() if count}


def _searches(response: Object, items: tuple[Item, ...]) -> dict[str, int]:
    """OpenAI counts billable searches beside the usage, or leaves counting to us."""
    counted = _dig(response.peek("tool_usage"), "web_search", "num_requests")
    if isinstance(counted, int):
        return {"web_search": min(counted, COUNT_MAX)} if counted > 0 else {}
    searches = sum(isinstance(item, Hosted) and _is_search(item) for item in items)
    return {"web_search": searches} if searches else {}


def _is_search(call: Hosted) -> bool:
    return call.tool == "web_search" and (call.action or {}).get("type") == "search"


def _dig(value: object, *names: str) -> object:
    for name in names:
        value = cast("Json", value).get(name) if isinstance(value, dict) else None
    return value


def write_usage(usage: Usage, view: View) -> Json:
    """Cost is left out where nobody knows it: nought would be a lie."""
    own = usage.aside.fields if usage.aside is not None and usage.aside.dialect == NAME else {}
    read: Json = {"cached_tokens": usage.cached_tokens}
    if view.house != "cloudflare":
        read["cache_write_tokens"] = usage.cache_written_tokens
    fields: Json = {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": _with(own, "input_tokens_details", read),
        "output_tokens": usage.output_tokens,
        "output_tokens_details": _with(
            own, "output_tokens_details", {"reasoning_tokens": usage.reasoning_tokens}
        ),
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "num_sources_used": usage.sources,
        "num_server_side_tools_used": sum(usage.tools.values()),
    }
    if usage.tools:
        counts = dict.fromkeys(_TOOLS, 0) | usage.tools
        fields["server_side_tool_usage_details"] = {
            f"{name}{_CALLS}": count for name, count in counts.items()
        }
    cost = usage.cost if usage.cost is not None else usage.reported_cost
    if cost is not None:
        fields["cost_in_usd_ticks"] = cost
    return fields | {name: value for name, value in own.items() if name not in _NESTED}


def _with(own: Json, name: str, fields: Json) -> Json:
    more = own.get(name)
    return {**cast("Json", more), **fields} if isinstance(more, dict) else fields
