"""Declared tools and the choice among them, both ways."""

from typing import assert_never

from manymind.canon.requests import Function, HostedTool, Tool, ToolChoice, UnreadTool
from manymind.canon.values import Json
from manymind.dialects.openai_responses.pen import Pen, given
from manymind.dialects.openai_responses.words import NAME
from manymind.dialects.reading import Object

_HOSTED = {
    "web_search": "web_search",
    "web_search_preview": "web_search",
    "x_search": "x_search",
    "file_search": "file_search",
    "collections_search": "file_search",
    "code_interpreter": "code_interpreter",
    "code_execution": "code_interpreter",
    "mcp": "mcp",
    "image_generation": "image_generation",
}
"""Types of tools that servers run, without the dates that may follow, and the canon's names."""

_MODES = ("auto", "none", "required")


def read_tools(top: Object) -> tuple[Tool, ...] | None:
    tools = top.each("tools")
    return None if tools is None else tuple(_read_tool(tool) for tool in tools)


def _read_tool(tool: Object) -> Tool:
    kind = tool.needed("type", tool.text("type"))
    if kind == "function":
        return Function(
            name=tool.needed("name", tool.text("name")),
            description=tool.text("description"),
            parameters=tool.json("parameters"),
            strict=tool.flag("strict"),
            cache=tool.json("cache_control"),
            aside=tool.rest(NAME),
        )
    data: Json = {"type": kind, **tool.left()}
    name = _HOSTED.get(kind) or _HOSTED.get(kind.rstrip("_0123456789"))
    if name is None:
        return UnreadTool(dialect=NAME, data=data)
    return HostedTool(tool=name, dialect=NAME, data=data)


def write_tool(tool: Tool, at: str, pen: Pen) -> Json | None:
    match tool:
        case Function():
            return _write_function(tool, at, pen)
        case HostedTool(dialect=dialect) | UnreadTool(dialect=dialect) if dialect == NAME:
            return tool.data
        case HostedTool():
            return _write_hosted(tool, at, pen)
        case UnreadTool():
            pen.lose(at)
            return None
        case _:
            assert_never(tool)


def _write_function(tool: Function, at: str, pen: Pen) -> Json:
    # Here functions are strict unless they say no; everywhere else it is the other way round.
    strict = tool.strict if pen.own or tool.strict is not None else False
    fields: Json = {
        "type": "function",
        "name": tool.name,
        **given(description=tool.description, parameters=tool.parameters, strict=strict),
    }
    pen.extend(fields, "cache_control", tool.cache, f"{at}.cache_control")
    return pen.merge(fields, tool.aside, at)


def _write_hosted(tool: HostedTool, at: str, pen: Pen) -> Json | None:
    """The same tool in our words; of its settings, only what means the same here."""
    known = {"type", "name"}
    fields: Json = {"type": tool.tool}
    if tool.tool == "web_search":
        if tool.data.get("allowed_domains"):
            fields["filters"] = {"allowed_domains": tool.data["allowed_domains"]}
        if tool.data.get("user_location"):
            fields["user_location"] = tool.data["user_location"]
        known |= {"allowed_domains", "user_location"}
    elif tool.tool == "code_interpreter":
        fields["container"] = {"type": "auto"}
    else:
        pen.lose(at)
        return None
    for name in sorted(tool.data.keys() - known):
        pen.lose(f"{at}.{name}")
    return fields


def echo_tool(tool: Tool) -> Json | None:
    """A tool as a reply repeats it: functions have all their fields, even without a value."""
    fields = write_tool(tool, "tools", Pen(own=True))
    if isinstance(tool, Function) and fields is not None:
        return {"description": None, "parameters": None, "strict": None, **fields}
    return fields


def read_tool_choice(top: Object) -> ToolChoice | None:
    value = top.peek("tool_choice")
    if value is None:
        top.take("tool_choice")
        return None
    if isinstance(value, str):
        if value not in _MODES:
            raise top.wrong("tool_choice", f"must be one of {', '.join(_MODES)}, or an object")
        top.take("tool_choice")
        return ToolChoice(mode=value)
    if not isinstance(value, dict):
        raise top.wrong("tool_choice", "must be a string or an object")
    choice = top.needed("tool_choice", top.inner("tool_choice"))
    whole = dict(choice.left())
    kind = choice.needed("type", choice.text("type"))
    if kind == "function":
        name = choice.needed("name", choice.text("name"))
        if not choice.left():
            return ToolChoice(mode="named", name=name)
        return ToolChoice(mode="named", name=name, unread=whole, dialect=NAME)
    mode = choice.peek("mode")
    mode = mode if isinstance(mode, str) and mode in _MODES else "required"
    return ToolChoice(mode=mode, unread=whole, dialect=NAME)


def write_tool_choice(choice: ToolChoice, pen: Pen) -> object:
    if choice.unread is not None:
        if choice.dialect == NAME:
            return choice.unread
        pen.lose("tool_choice")
    if choice.mode == "named":
        return {"type": "function", "name": choice.name}
    return choice.mode
