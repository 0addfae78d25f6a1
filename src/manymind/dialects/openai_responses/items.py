"""Items of history and of answers, both ways."""

from typing import assert_never

from msgspec.structs import replace

from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.values import Json
from manymind.dialects.openai_responses.hosted import read_hosted, tool_of, write_hosted
from manymind.dialects.openai_responses.parts import (
    plain,
    read_parts,
    read_thought_text,
    write_parts,
    write_thought_texts,
)
from manymind.dialects.openai_responses.pen import Pen, given
from manymind.dialects.openai_responses.words import NAME
from manymind.dialects.reading import Object

ROLES = ("user", "assistant", "system", "developer")


def read_item(item: Object) -> Item:
    kind = item.peek("type")
    if kind is None and item.peek("role") is None:
        if item.peek("id") is not None:
            return Unread(
                dialect=NAME, data=item.left()
            )  # a reference to a stored item, in its short form
        raise item.wrong("type", "is missing")
    match kind:
        case None | "message":
            item.take("type")
            return _read_message(item)
        case "function_call":
            item.take("type")
            return _read_call(item)
        case "function_call_output":
            item.take("type")
            return _read_output(item)
        case "reasoning":
            item.take("type")
            return _read_thought(item)
        case _:
            return _read_other(item)


def _read_other(item: Object) -> Item:
    kind = item.text("type")
    tool = tool_of(kind)
    if tool is not None:
        return read_hosted(item, tool)
    return Unread(dialect=NAME, data={"type": kind, **item.left()})


def _read_message(item: Object) -> Said:
    role = item.needed("role", item.text("role"))
    if role not in ROLES:
        raise item.wrong("role", f"must be one of {', '.join(ROLES)}")
    return Said(
        role=role,
        parts=read_parts(item, "content"),
        id=item.text("id"),
        status=item.text("status"),
        aside=item.rest(NAME),
    )


def _read_call(item: Object) -> Called:
    return Called(
        call_id=item.needed("call_id", item.text("call_id")),
        name=item.needed("name", item.text("name")),
        arguments=item.needed("arguments", item.text("arguments")),
        id=item.text("id"),
        status=item.text("status"),
        cache=item.json("cache_control"),
        aside=item.rest(NAME),
    )


def _read_output(item: Object) -> Returned:
    if item.peek("output") is None:
        raise item.wrong("output", "is missing")
    return Returned(
        call_id=item.needed("call_id", item.text("call_id")),
        parts=read_parts(item, "output"),
        id=item.text("id"),
        status=item.text("status"),
        cache=item.json("cache_control"),
        aside=item.rest(NAME),
    )


def _read_thought(item: Object) -> Thought:
    return Thought(
        summary=tuple(read_thought_text(part) for part in item.each("summary") or ()),
        content=tuple(read_thought_text(part) for part in item.each("content") or ()),
        encrypted=item.text("encrypted_content"),
        id=item.text("id"),
        status=item.text("status"),
        aside=item.rest(NAME),
    )


def write_item(item: Item, at: str, pen: Pen) -> Json | None:
    """An item of history. None where this dialect has no such item; the pen then knows."""
    match item:
        case Said():
            return _write_message(item, at, pen)
        case Called():
            return _write_call(item, at, pen)
        case Returned():
            return _write_output(item, at, pen)
        case Thought():
            return _write_thought(item, at, pen)
        case Hosted():
            if pen.own:
                fields = write_hosted(item) | given(id=item.id, status=item.status)
                return pen.merge(fields, item.aside, at)
        case Unread():
            if item.dialect == NAME:
                return item.data
        case _:
            assert_never(item)
    pen.lose(at)
    return None


def _write_message(item: Said, at: str, pen: Pen) -> Json:
    fields: Json = {"type": "message", **_mark(item, pen), "role": item.role}
    text = plain(item.parts)
    if text is not None and (item.role != "assistant" or (item.id is None and not item.status)):
        fields["content"] = text
    else:
        fields["content"] = write_parts(item.parts, item.role, f"{at}.content", pen)
    if item.name is not None:
        pen.lose(f"{at}.name")
    return pen.merge(fields, item.aside, at)


def _write_call(item: Called, at: str, pen: Pen) -> Json:
    fields: Json = {
        "type": "function_call",
        **_mark(item, pen),
        "call_id": item.call_id,
        "name": item.name,
        "arguments": item.arguments,
    }
    pen.extend(fields, "cache_control", item.cache, f"{at}.cache_control")
    return pen.merge(fields, item.aside, at)


def _write_output(item: Returned, at: str, pen: Pen) -> Json:
    text = plain(item.parts)
    fields: Json = {
        "type": "function_call_output",
        **_mark(item, pen),
        "call_id": item.call_id,
        "output": write_parts(item.parts, "tool", f"{at}.output", pen) if text is None else text,
    }
    if item.failed:
        pen.lose(f"{at}.is_error")
    pen.extend(fields, "cache_control", item.cache, f"{at}.cache_control")
    return pen.merge(fields, item.aside, at)


def _write_thought(item: Thought, at: str, pen: Pen) -> Json | None:
    """What another vendor redacted, none but that vendor can read. What is sealed goes with the
    id that it was sealed under. A digest is a summary here, which is what clients show."""
    if item.digest:
        item = replace(item, summary=(*item.summary, *item.content), content=())
    if item.redacted:
        pen.lose(at)
        return None
    fields: Json = {
        "type": "reasoning",
        **_mark(item, pen),
        **given(id=item.id if item.encrypted is not None else None),
        "summary": write_thought_texts(item.summary, "summary_text", f"{at}.summary", pen),
        **given(encrypted_content=item.encrypted),
    }
    if item.content:
        fields["content"] = write_thought_texts(
            item.content, "reasoning_text", f"{at}.content", pen
        )
    if item.signature is not None:
        pen.lose(f"{at}.signature")
    return pen.merge(fields, item.aside, at)


def _mark(item: Said | Called | Returned | Thought, pen: Pen) -> Json:
    """Ids of other dialects mean nothing here, and upstreams refuse them."""
    return given(id=item.id, status=item.status) if pen.own else {}
