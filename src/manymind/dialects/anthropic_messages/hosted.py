"""Tool calls that the server made itself: a block for the call, another for what came of it."""

from typing import cast

from msgspec.structs import replace

from manymind.canon.items import Hosted, Item
from manymind.canon.values import Json
from manymind.dialects.anthropic_messages.words import NAME, TOOL_NAMES, TOOLS
from manymind.dialects.reading import Object

USE = "server_tool_use"
RESULT = "_tool_result"

_ELSEWHERE = frozenset({"type", "sources"})
"""What other dialects say in the action of a search beside its input."""


def readable(block: Object) -> bool:
    """Whether the canon can hold this call; one that it cannot is carried unread."""
    name = block.peek("name")
    named = isinstance(name, str) and TOOL_NAMES.get(name, name) == name
    return named and isinstance(block.peek("id"), str)


def read_use(block: Object) -> Hosted:
    block.take("type")
    name = block.needed("name", block.text("name"))
    return Hosted(
        tool=TOOLS.get(name, name),
        id=block.needed("id", block.text("id")),
        action=block.json("input") or {},
        aside=block.rest(NAME),
    )


def answers(block: Object, call: Item | None) -> bool:
    """Whether a block holds what came of the call."""
    kind = block.peek("type")
    return (
        isinstance(call, Hosted)
        and call.output is None
        and isinstance(kind, str)
        and kind.endswith(RESULT)
        and block.peek("tool_use_id") == call.id
    )


def finished(call: Hosted, block: Object) -> Hosted:
    """The call with the block that answers it."""
    block.take("tool_use_id")
    return replace(call, output=block.left())


def native(call: Hosted) -> bool:
    """Whether a server of this dialect made the call. It takes back none that it has not made,
    and marks its own in their ids."""
    return (call.id or "").startswith("srvtoolu_")


def write_native(call: Hosted) -> list[Json]:
    """The blocks as they came."""
    kept = call.aside.fields if call.aside is not None and call.aside.dialect == NAME else {}
    use: Json = {
        **kept,
        "type": USE,
        "id": call.id,
        "name": TOOL_NAMES.get(call.tool, call.tool),
        "input": call.action or {},
    }
    if call.output is None:
        return [use]
    return [use, {**call.output, "tool_use_id": call.id}]


def show(call: Hosted) -> list[Json]:
    """The blocks for a client, whoever made the call; none for a tool that it cannot know."""
    if native(call):
        return write_native(call)
    name = TOOL_NAMES.get(call.tool)
    if name is None:
        return []
    action = call.action or {}
    asked = {key: value for key, value in action.items() if key not in _ELSEWHERE}
    use: Json = {"type": USE, "id": call.id or "", "name": name, "input": asked}
    if call.tool != "web_search":
        return [use]
    result: Json = {"type": "web_search_tool_result", "tool_use_id": call.id or ""}
    return [use, {**result, "content": _sources(action)}]


def _sources(action: Json) -> list[Json]:
    """What a search found, as far as another dialect has said it."""
    found = action.get("sources")
    sources = cast("list[object]", found) if isinstance(found, list) else []
    results: list[Json] = []
    for source in sources:
        url = cast("Json", source).get("url") if isinstance(source, dict) else None
        if isinstance(url, str):
            title = cast("Json", source).get("title")
            results.append(
                {
                    "type": "web_search_result",
                    "url": url,
                    "title": title if isinstance(title, str) else url,
                    "encrypted_content": "",
                }
            )
    return results
