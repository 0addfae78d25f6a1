"""Tool calls that the server made itself, both ways."""

from msgspec import Struct

from manymind.canon.items import Hosted
from manymind.canon.values import Json
from manymind.dialects.openai_responses.words import NAME
from manymind.dialects.reading import Object, encode


class Form(Struct, frozen=True):
    """How the calls of one tool look: type and id prefix of the item, which of its fields are
    the action (none: a field of that name holds it) and which the output, and the states that
    a stream may report."""

    kind: str
    prefix: str
    action: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    states: tuple[str, ...] = ("in_progress", "searching", "completed")


FORMS = {
    "web_search": Form("web_search_call", "ws"),
    "x_search": Form("x_search_call", "xs"),
    "file_search": Form("file_search_call", "fs", ("queries",), ("results",)),
    "code_interpreter": Form(
        "code_interpreter_call",
        "ci",
        ("code", "container_id"),
        ("outputs",),
        ("in_progress", "interpreting", "completed"),
    ),
    "mcp": Form(
        "mcp_call",
        "mcp",
        ("name", "server_label", "arguments"),
        ("output", "error", "approval_request_id"),
        ("in_progress", "completed", "failed"),
    ),
    "image_generation": Form(
        "image_generation_call",
        "ig",
        ("prompt", "revised_prompt"),
        ("result",),
        ("in_progress", "generating", "completed"),
    ),
}

_TOOLS = {form.kind: tool for tool, form in FORMS.items()}

_PAGES = frozenset({"open_page", "find_in_page"})
"""Tools of ours that this dialect calls actions of a web search."""


def form_of(tool: str) -> Form:
    """A tool that the dialect has no form for looks like one of a remote server."""
    return FORMS["web_search"] if tool in _PAGES else FORMS.get(tool, FORMS["mcp"])


def tool_of(kind: object) -> str | None:
    return _TOOLS.get(kind) if isinstance(kind, str) else None


def read_hosted(item: Object, tool: str) -> Hosted:
    form = FORMS[tool]
    return Hosted(
        tool=tool,
        id=item.text("id"),
        status=item.text("status"),
        action=_taken(item, form.action) if form.action else item.json("action"),
        output=_taken(item, form.output),
        aside=item.rest(NAME),
    )


def _taken(item: Object, names: tuple[str, ...]) -> Json | None:
    return {name: item.take(name) for name in names if item.peek(name) is not None} or None


def write_hosted(call: Hosted) -> Json:
    """The call as its own dialect wrote it, without id, status and aside."""
    form = form_of(call.tool)
    fields: Json = {"type": form.kind}
    if form.action:
        fields |= {name: value for name, value in (call.action or {}).items() if name != "type"}
    elif call.action is not None:
        fields["action"] = call.action
    return fields | (call.output or {} if form.output else {})


def show_hosted(call: Hosted) -> Json:
    """The call with all that readers of a reply insist on, whoever made it."""
    action = call.action or {}
    match form_of(call.tool).kind:
        case "web_search_call" | "x_search_call":
            return write_hosted(call) | {"action": _search(call.tool, action)}
        case "file_search_call":
            return {"queries": _queries(action)} | write_hosted(call)
        case "code_interpreter_call":
            return {"code": None, "container_id": "", "outputs": None} | write_hosted(call)
        case "mcp_call" if "arguments" not in action:
            return {
                "type": "mcp_call",
                "name": call.tool,
                "server_label": "manymind",
                "arguments": encode(action).decode(),
                "output": None if call.output is None else encode(call.output).decode(),
            }
        case "mcp_call":
            return {"name": call.tool, "server_label": "manymind"} | write_hosted(call)
        case _:
            return write_hosted(call)


def _search(tool: str, action: Json) -> Json:
    if "type" in action:
        return action
    if tool in _PAGES:
        return {"type": tool, **action}
    return {"type": "open_page" if "url" in action else "search", **action}


def _queries(action: Json) -> list[object]:
    query = action.get("query")
    return [] if query is None else [query]
