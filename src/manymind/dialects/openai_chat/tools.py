"""Tools, the choice among them, and the form of the output, both ways."""

from typing import assert_never

from manymind.canon.requests import (
    Function,
    HostedTool,
    OutputFormat,
    Request,
    Tool,
    ToolChoice,
    UnreadTool,
)
from manymind.canon.values import Aside, Json
from manymind.dialects.losses import Losses, nest, spelt
from manymind.dialects.openai_chat.parts import NAME
from manymind.dialects.reading import Object

_HOSTED = {
    "web_search": "web_search",
    "web_search_preview": "web_search",
    "openrouter:web_search": "web_search",
    "x_search": "x_search",
    "file_search": "file_search",
    "code_interpreter": "code_interpreter",
    "mcp": "mcp",
}
"""Declarations of tools that the server runs, and what `canon` calls them."""


def read_tools(body: Object) -> tuple[Tool, ...] | None:
    tools = body.each("tools")
    return None if tools is None else tuple(_read_tool(tool) for tool in tools)


def _read_tool(tool: Object) -> Tool:
    kind = tool.peek("type")
    if kind == "function" or (kind is None and tool.peek("function") is not None):
        return _read_function(tool)
    if not isinstance(kind, str):
        raise (
            tool.wrong("type", "is missing")
            if kind is None
            else tool.mistyped("type", "a string", kind)
        )
    if kind in _HOSTED:
        return HostedTool(tool=_HOSTED[kind], dialect=NAME, data=tool.left())
    return UnreadTool(dialect=NAME, data=tool.left())


def _read_function(tool: Object) -> Function:
    tool.take("type")
    function = tool.needed("function", tool.inner("function"))
    name = function.needed("name", function.text("name"))
    description, parameters = function.text("description"), function.json("parameters")
    strict, cache = function.flag("strict"), tool.json("cache_control")
    inner, left = function.left(), tool.left()
    if inner:
        left = {**left, "function": inner}
    return Function(
        name=name,
        description=description,
        parameters=parameters,
        strict=strict,
        cache=cache,
        aside=Aside(NAME, left) if left else None,
    )


def write_tools(tools: tuple[Tool, ...], losses: Losses, *, caching: bool) -> list[Json]:
    written = [
        _write_tool(tool, losses, f"tools[{n}]", caching=caching) for n, tool in enumerate(tools)
    ]
    return [tool for tool in written if tool is not None]


def _write_tool(tool: Tool, losses: Losses, place: str, *, caching: bool) -> Json | None:
    match tool:
        case Function():
            return _write_function(tool, losses, place, caching=caching)
        case HostedTool() | UnreadTool():
            if tool.dialect == NAME:
                return tool.data
            losses.lose(place)
            return None
        case _:
            assert_never(tool)


def _write_function(tool: Function, losses: Losses, place: str, *, caching: bool) -> Json:
    function: Json = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    if tool.strict is not None:
        function["strict"] = tool.strict
    fields = losses.merge({"type": "function"}, tool.aside, place)
    if tool.cache is not None and caching:
        fields["cache_control"] = tool.cache
    elif tool.cache is not None:
        losses.lose(f"{place}.cache_control")
    return nest(fields, "function", function)


def read_choice(body: Object) -> ToolChoice | None:
    if isinstance(body.peek("tool_choice"), str):
        mode = body.text("tool_choice")
        if mode in ("auto", "none", "required"):
            return ToolChoice(mode=mode)
        raise body.wrong("tool_choice", "must be auto, none, required or an object")
    choice = body.inner("tool_choice")
    if choice is None:
        return None
    whole: Json = dict(choice.left())
    if choice.text("type") != "function":
        return ToolChoice(mode="auto", unread=whole, dialect=NAME)
    function = choice.needed("function", choice.inner("function"))
    return ToolChoice(mode="named", name=function.needed("name", function.text("name")))


def write_choice(choice: ToolChoice, losses: Losses) -> object:
    if choice.unread is not None:
        if choice.dialect == NAME:
            return choice.unread
        losses.lose("tool_choice")
        return None
    if choice.mode == "named":
        return {"type": "function", "function": {"name": choice.name}}
    return choice.mode


def read_output(body: Object) -> OutputFormat | None:
    output = body.inner("response_format")
    if output is None:
        return None
    form = output.needed("type", output.text("type"))
    if form != "json_schema":
        return OutputFormat(form=form, aside=output.rest(NAME))
    schema = output.needed("json_schema", output.inner("json_schema"))
    name, described = schema.text("name"), schema.text("description")
    shape, strict = schema.json("schema"), schema.flag("strict")
    inner, left = schema.left(), output.left()
    if inner:
        left = {**left, "json_schema": inner}
    return OutputFormat(
        form=form,
        name=name,
        schema=shape,
        strict=strict,
        description=described,
        aside=Aside(NAME, left) if left else None,
    )


def write_output(output: OutputFormat, request: Request, losses: Losses) -> Json | None:
    place = spelt(request, "output")
    foreign = output.aside is not None and output.aside.dialect != NAME
    if foreign and output.form not in ("text", "json_object", "json_schema"):
        losses.lose(place)
        return None
    fields = losses.merge({"type": output.form}, output.aside, place)
    if output.form != "json_schema":
        return fields
    schema: Json = {"name": output.name or "answer"}
    if output.description is not None:
        schema["description"] = output.description
    if output.schema is not None:
        schema["schema"] = output.schema
    if output.strict is not None:
        schema["strict"] = output.strict
    return nest(fields, "json_schema", schema)
