"""Declared tools and the choice among them, both ways."""

import re
from typing import assert_never, cast

from manymind.canon.requests import Function, HostedTool, Request, Tool, ToolChoice, UnreadTool
from manymind.canon.values import Json
from manymind.dialects.anthropic_messages.words import NAME, TOOLS
from manymind.dialects.losses import Losses
from manymind.dialects.reading import Object

WEB_SEARCH = "web_search_20250305"
"""The search that is declared for callers of other dialects: every model that can search has it."""

_DATED = re.compile(r"(.+)_\d{8}")

_MODES = {"auto": "auto", "any": "required", "none": "none", "tool": "named"}
_TYPES = {mode: kind for kind, mode in _MODES.items()}

_NO_INPUT: Json = {"type": "object", "properties": {}}
"""The schema of a function that takes nothing; elsewhere it may be left out."""

_DOMAINS = {"allowed_domains": "allowed_domains", "excluded_domains": "blocked_domains"}
"""What Responses calls the filters of a search, and what they are called here."""


def read_tools(body: Object) -> tuple[Tool, ...] | None:
    tools = body.each("tools")
    return None if tools is None else tuple(_read_tool(tool) for tool in tools)


def _read_tool(tool: Object) -> Tool:
    match tool.peek("type"):
        case None | "custom":
            return _read_function(tool)
        case str() as kind:
            dated = _DATED.fullmatch(kind)
            name = TOOLS.get(dated[1]) if dated else None
            if name is None:
                return UnreadTool(dialect=NAME, data=tool.left())
            return HostedTool(tool=name, dialect=NAME, data=tool.left())
        case other:
            raise tool.mistyped("type", "a string", other)


def _read_function(tool: Object) -> Function:
    tool.take("type")
    return Function(
        name=tool.needed("name", tool.text("name")),
        description=tool.text("description"),
        parameters=tool.needed("input_schema", tool.json("input_schema")),
        strict=tool.flag("strict"),
        cache=tool.json("cache_control"),
        aside=tool.rest(NAME),
    )


def write_tools(request: Request, losses: Losses) -> list[Json] | None:
    if request.tools is None:
        return None
    written = [_write_tool(tool, losses, f"tools[{n}]") for n, tool in enumerate(request.tools)]
    tools = [tool for tool in written if tool is not None]
    return tools if tools or request.dialect == NAME else None


def _write_tool(tool: Tool, losses: Losses, place: str) -> Json | None:
    match tool:
        case Function():
            return _write_function(tool, losses, place)
        case HostedTool(dialect=dialect) | UnreadTool(dialect=dialect) if dialect == NAME:
            return tool.data
        case HostedTool(tool="web_search"):
            return _write_search(tool.data, losses, place)
        case HostedTool() | UnreadTool():
            losses.lose(place)
            return None
        case _:
            assert_never(tool)


def _write_function(tool: Function, losses: Losses, place: str) -> Json:
    fields: Json = {"name": tool.name}
    if tool.description is not None:
        fields["description"] = tool.description
    fields["input_schema"] = _NO_INPUT if tool.parameters is None else tool.parameters
    if tool.strict is not None:
        fields["strict"] = tool.strict
    if tool.cache is not None:
        fields["cache_control"] = tool.cache
    return losses.merge(fields, tool.aside, place)


def _write_search(data: Json, losses: Losses, place: str) -> Json:
    """A search that was declared in another dialect; of its settings, what means the same."""
    fields: Json = {"type": WEB_SEARCH, "name": "web_search"}
    filters = data.get("filters")
    for name, value in (cast("Json", filters) if isinstance(filters, dict) else {}).items():
        if name in _DOMAINS:
            fields[_DOMAINS[name]] = value
        elif value is not None:
            losses.lose(f"{place}.filters.{name}")
    if data.get("user_location") is not None:
        fields["user_location"] = data["user_location"]
    for name, value in data.items():
        if name not in ("type", "filters", "user_location") and value is not None:
            losses.lose(f"{place}.{name}")
    return fields


def read_choice(body: Object) -> tuple[ToolChoice | None, bool | None]:
    """The choice, and whether calls may be parallel, which stands in it here."""
    choice = body.inner("tool_choice")
    if choice is None:
        return None, None
    whole = dict(choice.left())
    kind = choice.needed("type", choice.text("type"))
    alone = choice.flag("disable_parallel_tool_use")
    parallel = None if alone is None else not alone
    mode = _MODES.get(kind)
    name = choice.text("name") if mode == "named" else None
    if mode == "named":
        choice.needed("name", name)
    if mode is None or choice.left():
        return ToolChoice(mode=mode or "auto", name=name, unread=whole, dialect=NAME), parallel
    return ToolChoice(mode=mode, name=name), parallel


def write_choice(request: Request, losses: Losses) -> Json | None:
    choice, parallel = request.tool_choice, request.parallel_tool_calls
    if request.dialect == NAME:
        return None if choice is None else _choice(choice, parallel)
    if choice is not None and choice.unread is not None and choice.dialect != NAME:
        losses.lose("tool_choice")
    if not request.tools:
        # Servers refuse a choice among no tools, which elsewhere means nothing.
        if choice is not None and choice.mode in ("required", "named"):
            losses.lose("tool_choice")
        return None
    if choice is None:
        return _choice(ToolChoice(mode="auto"), parallel) if parallel is False else None
    return _choice(choice, None if choice.mode == "none" else parallel)


def _choice(choice: ToolChoice, parallel: bool | None) -> Json:
    fields: Json = {}
    if choice.unread is not None and choice.dialect == NAME:
        fields = dict(choice.unread)
    else:
        fields["type"] = _TYPES.get(choice.mode, "auto")
        if choice.name is not None:
            fields["name"] = choice.name
    if parallel is not None:
        fields["disable_parallel_tool_use"] = not parallel
    return fields
