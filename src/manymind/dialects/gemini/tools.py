"""Declared tools and the choice among them, both ways."""

from collections.abc import Iterator
from typing import assert_never, cast

from manymind.canon.requests import Function, HostedTool, Request, Tool, ToolChoice, UnreadTool
from manymind.canon.values import Json
from manymind.dialects.gemini.casing import camel
from manymind.dialects.gemini.schemas import json_schema
from manymind.dialects.gemini.words import NAME
from manymind.dialects.losses import Losses, nest, spelt
from manymind.dialects.reading import Object

_HOSTED = {
    "googleSearch": "web_search",
    "googleSearchRetrieval": "web_search",
    "urlContext": "open_page",
    "codeExecution": "code_interpreter",
    "fileSearch": "file_search",
}
"""Tools that the server runs, and what `canon` calls them."""

_KIND = "type"
"""Where the canon keeps which of them it is, as other dialects have it; no tool has such a
setting."""

_MODES = {"AUTO": "auto", "NONE": "none", "ANY": "required"}
_WORDS = {"auto": "AUTO", "none": "NONE", "required": "ANY", "named": "ANY"}


def read_tools(body: Object) -> tuple[Tool, ...] | None:
    """Functions are declared several at once here, beside other tools."""
    tools = body.each("tools")
    if tools is None:
        return None
    return tuple(read for tool in tools for read in _read_tool(camel(tool)))


def _read_tool(tool: Object) -> Iterator[Tool]:
    for declared in tool.each("functionDeclarations") or ():
        yield _read_function(camel(declared))
    for name, value in tool.left().items():
        if name in _HOSTED and isinstance(value, dict):
            data: Json = {**cast("Json", value), _KIND: name}
            yield HostedTool(tool=_HOSTED[name], dialect=NAME, data=data)
        else:
            yield UnreadTool(dialect=NAME, data={name: value})


def _read_function(declared: Object) -> Function:
    name = declared.needed("name", declared.text("name"))
    schema = declared.json("parametersJsonSchema")
    older = declared.json("parameters")
    if schema is None and older is not None:
        schema = json_schema(older)
    return Function(
        name=name,
        description=declared.text("description"),
        parameters=schema,
        aside=declared.rest(NAME),
    )


def write_tools(request: Request, losses: Losses) -> list[Json] | None:
    """Some servers take no more than one declaration of functions, so that what comes from
    elsewhere is gathered in the first."""
    if request.tools is None:
        return None
    own = request.dialect == NAME
    tools: list[Json] = []
    gathering: list[Json] | None = None
    for n, tool in enumerate(request.tools):
        written = _write_tool(tool, losses, f"tools[{n}]")
        if written is None:
            continue
        if not isinstance(tool, Function):
            gathering = None if own else gathering
            tools.append(written)
        elif gathering is None:
            gathering = [written]
            tools.append({"functionDeclarations": gathering})
        else:
            gathering.append(written)
    return tools if tools or own else None


def _write_tool(tool: Tool, losses: Losses, place: str) -> Json | None:
    match tool:
        case Function():
            return _write_function(tool, losses, place)
        case UnreadTool() if tool.dialect == NAME:
            return tool.data
        case HostedTool() if tool.dialect == NAME:
            settings = {name: value for name, value in tool.data.items() if name != _KIND}
            return {str(tool.data[_KIND]): settings}
        case HostedTool(tool="web_search"):
            for name, value in tool.data.items():
                if name != _KIND and value is not None:
                    losses.lose(f"{place}.{name}")
            return {"googleSearch": {}}
        case HostedTool() | UnreadTool():
            losses.lose(place)
            return None
        case _:
            assert_never(tool)


def _write_function(tool: Function, losses: Losses, place: str) -> Json:
    fields: Json = {"name": tool.name}
    if tool.description is not None:
        fields["description"] = tool.description
    if tool.parameters is not None:
        fields["parametersJsonSchema"] = tool.parameters
    if tool.strict:
        losses.lose(f"{place}.strict")
    losses.unless(tool.cache, f"{place}.cache_control")
    return losses.merge(fields, tool.aside, place)


def read_choice(body: Object) -> ToolChoice | None:
    config = body.inner("toolConfig")
    if config is None:
        return None
    calling = camel(config).inner("functionCallingConfig")
    if config.left():
        body.left()["toolConfig"] = config.left()
    if calling is None:
        return None
    whole: Json = dict(camel(calling).left())
    mode = _MODES.get((calling.text("mode") or "AUTO").upper())
    names = calling.texts("allowedFunctionNames") or ()
    if mode is None or calling.left() or (names and (mode != "required" or len(names) > 1)):
        return ToolChoice(mode=mode or "auto", unread=whole, dialect=NAME)
    return ToolChoice(mode="named", name=names[0]) if names else ToolChoice(mode=mode)


def write_choice(body: Json, request: Request, losses: Losses) -> Json:
    """The body with the choice, which stands in an object beside other settings."""
    own = request.dialect == NAME
    choice = request.tool_choice
    if request.parallel_tool_calls is False and not own:
        losses.lose(spelt(request, "parallel_tool_calls"))
    if choice is None:
        return body
    if choice.unread is not None and choice.dialect != NAME:
        losses.lose("tool_choice")
        return body
    if not request.tools and not own:
        if choice.mode in ("required", "named"):
            losses.lose("tool_choice")
        return body
    fields: Json = {"mode": _WORDS.get(choice.mode, "AUTO")}
    if choice.unread is not None:
        fields = choice.unread
    elif choice.name is not None:
        fields["allowedFunctionNames"] = [choice.name]
    kept = body.get("toolConfig")
    known = cast("Json", kept) if isinstance(kept, dict) else {}
    return nest({**body, "toolConfig": known}, "toolConfig", {"functionCallingConfig": fields})
