"""Messages of a request, read into items.

A message's own unknown fields and its name lie on its words (`Said`), or on its `Returned`; an
assistant's message that has such fields but no words begins with an empty `Said`.
"""

from msgspec.structs import replace

from manymind.canon.faults import BadRequest
from manymind.canon.items import Called, Item, Returned, Said, Unread
from manymind.canon.parts import Refusal, Text
from manymind.canon.values import Aside
from manymind.dialects.openai_chat.citations import read_annotations
from manymind.dialects.openai_chat.parts import NAME, read_content
from manymind.dialects.openai_chat.thoughts import read_thoughts
from manymind.dialects.reading import Object, encode


def read_messages(body: Object) -> tuple[Item, ...]:
    messages = body.needed("messages", body.each("messages"))
    if not messages:
        raise body.wrong("messages", "must hold at least one message")
    items: list[Item] = []
    for message in messages:
        items += _read_message(message)
    return tuple(items)


def _read_message(message: Object) -> list[Item]:
    role = message.needed("role", message.text("role"))
    match role:
        case "system" | "developer" | "user":
            return [_read_said(message, role)]
        case "assistant":
            return _read_turn(message)
        case "tool":
            return [_read_returned(message)]
        case "function":
            raise old_form(message.at("role"))
        case _:
            data = {"role": role, **message.left()}
            return [Unread(dialect=NAME, data=data, joined=False)]


def old_form(field: str) -> BadRequest:
    return BadRequest(
        f"{field} uses the old form of function calls, without ids.",
        advice="Send `tools`, `tool_choice`, `tool_calls` and messages of role `tool` instead.",
        field=field,
    )


def _read_said(message: Object, role: str) -> Said:
    parts = message.needed("content", read_content(message))
    name = message.text("name")
    return Said(role=role, parts=parts, name=name, joined=False, aside=message.rest(NAME))


def _read_returned(message: Object) -> Returned:
    parts = read_content(message)
    return Returned(
        call_id=message.needed("tool_call_id", message.text("tool_call_id")),
        parts=(Text(text=""),) if parts is None else parts,
        joined=False,
        aside=message.rest(NAME),
    )


def _read_turn(message: Object) -> list[Item]:
    """An assistant's message: thoughts, words, calls."""
    if message.take("function_call") is not None:
        raise old_form(message.at("function_call"))
    thoughts = read_thoughts(message)
    calls = [read_call(call) for call in message.each("tool_calls") or ()]
    said = _read_words(message)
    silent = not said.parts and said.name is None and said.aside is None
    if silent and (thoughts or calls):
        turn: list[Item] = [*thoughts, *calls]
    else:
        turn = [*thoughts, said, *calls]
    return [joined(item, n > 0) for n, item in enumerate(turn)]


def _read_words(message: Object) -> Said:
    parts = read_content(message) or ()
    notes = read_annotations(message)
    refusal = message.text("refusal")
    if notes and len(parts) == 1 and isinstance(parts[0], Text):
        parts = (replace(parts[0], citations=notes),)
    if refusal is not None:
        parts = (*parts, Refusal(text=refusal))
    name = message.text("name")
    return Said(role="assistant", parts=parts, name=name, aside=message.rest(NAME))


def joined(item: Item, to_last: bool) -> Item:
    return replace(item, joined=to_last)


def read_call(call: Object, spare_id: str | None = None) -> Item:
    """A tool call. `spare_id` stands in where a server gave none, as some do."""
    if call.peek("type") not in (None, "function"):
        return Unread(dialect=NAME, data=call.left())
    call.take("type")
    function = call.needed("function", call.inner("function"))
    if isinstance(function.peek("arguments"), dict):
        arguments = encode(function.json("arguments")).decode()
    else:
        arguments = function.text("arguments") or ""
    name = function.needed("name", function.text("name"))
    inner, given = function.left(), call.text("id")
    left = {**call.left(), "function": inner} if inner else call.left()
    return Called(
        call_id=given or call.needed("id", spare_id),
        name=name,
        arguments=arguments,
        aside=Aside(NAME, left) if left else None,
    )
