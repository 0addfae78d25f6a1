"""Items of a request, written as messages.

A request that came in this dialect keeps the bounds and the order of its messages. In any other,
what one side said in a row makes one message, the results of tools stand first in it, and what
the system said goes to the `system` field: only the newest models take it in between.
"""

import re
from typing import assert_never, cast

from manymind.canon.faults import BadRequest
from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import Text
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.anthropic_messages import hosted
from manymind.dialects.anthropic_messages.parts import PartWriter
from manymind.dialects.anthropic_messages.words import NAME
from manymind.dialects.losses import Losses, places, spelt
from manymind.dialects.reading import decode

_OPENING = "(The conversation so far:)"
"""Servers take no history that begins with the assistant, as those of other dialects may."""

_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")
"""What may not stand in the id of a call."""


class Turns:
    """Gathers the messages and the system's words of one request."""

    def __init__(self, request: Request, losses: Losses) -> None:
        self._losses = losses
        self._own = request.dialect == NAME
        self._parts = PartWriter(losses, own=self._own)
        self._flat = request.dialect == "openai_responses"
        self._messages: list[Json] = []
        self._system = self._instructions(request)
        for item, place in zip(request.items, places(request), strict=True):
            self._take(item, place)

    def messages(self) -> list[Json]:
        for message in self._messages:
            content = _content(message)
            if not self._own and message["role"] == "user":
                content.sort(key=_after_results)
            message["content"] = shortened(content)
        if not self._own and self._messages and self._messages[0]["role"] == "assistant":
            return [{"role": "user", "content": _OPENING}, *self._messages]
        return self._messages

    def system(self) -> object:
        return None if self._system is None else shortened(self._system)

    def _instructions(self, request: Request) -> list[Json] | None:
        if request.instructions is None:
            return None
        place = spelt(request, "instructions")
        texts = [text for text in request.instructions if text.text or self._own]
        return [self._parts.text(text, f"{place}[{n}]") for n, text in enumerate(texts)]

    def _take(self, item: Item, place: str) -> None:
        if isinstance(item, Said) and self._instructs(item.role):
            self._instruct(item, place)
            return
        blocks = self.blocks(item, place)
        if blocks or self._own:
            self._message(item)
            _content(self._messages[-1]).extend(blocks)
        if isinstance(item, Said):
            self._losses.unless(item.name, f"{place}.name")
            self._keep(item, place)

    def _instructs(self, role: str) -> bool:
        return role == "developer" or (role == "system" and not self._own)

    def _instruct(self, item: Said, place: str) -> None:
        """What the system said after others had spoken is heard, but in another place."""
        if self._messages:
            self._losses.lose(f"{place}.role")
        self._losses.unless(item.name, f"{place}.name")
        self._losses.merge({}, item.aside, place)
        self._system = self._system or []
        for n, part in enumerate(item.parts):
            if isinstance(part, Text):
                self._system.append(self._parts.text(part, f"{place}.content[{n}]"))
            else:
                self._losses.lose(f"{place}.content[{n}]")

    def _message(self, item: Item) -> None:
        """Begin a message, unless the item belongs to the last one."""
        role = _role(item)
        last = self._messages[-1] if self._messages else None
        apart = self._own and item.joined is False
        if last is None or apart or last["role"] != role:
            self._messages.append({"role": role, "content": []})

    def _keep(self, item: Said, place: str) -> None:
        """The message's own unknown fields."""
        if self._own and self._messages:
            self._messages[-1] = self._losses.merge(self._messages[-1], item.aside, place)
        else:
            self._losses.merge({}, item.aside, place)

    def blocks(self, item: Item, place: str) -> list[Json]:
        match item:
            case Said():
                return self._parts.blocks(item.parts, place)
            case Thought():
                return self._thought(item, place)
            case Called():
                return [self._call(item, place)]
            case Returned():
                return [self._returned(item, place)]
            case Hosted() if hosted.native(item):
                return hosted.write_native(item)
            case Unread() if item.dialect == NAME:
                return [item.data]
            case Hosted() | Unread():
                self._losses.lose(place)
                return []
            case _:
                assert_never(item)

    def _thought(self, item: Thought, place: str) -> list[Json]:
        """Servers take back only the reasoning that they have signed or sealed themselves."""
        if item.redacted and item.encrypted is not None:
            fields: Json = {"type": "redacted_thinking", "data": item.encrypted}
        elif item.signature:
            text = "".join(text.text for text in item.content)
            fields = {"type": "thinking", "thinking": text, "signature": item.signature}
        else:
            self._losses.lose(place if self._flat else f"{place}.reasoning")
            return []
        return [self._losses.merge(fields, item.aside, place)]

    def _call(self, item: Called, place: str) -> Json:
        fields: Json = {
            "type": "tool_use",
            "id": self._id(item.call_id),
            "name": item.name,
            "input": self._input(item.arguments, place),
        }
        if item.cache is not None:
            fields["cache_control"] = item.cache
        return self._losses.merge(fields, item.aside, place)

    def _input(self, arguments: str, place: str) -> Json:
        value = read_arguments(arguments)
        if value is not None:
            return value
        self._losses.lose(f"{place}.arguments")
        return {"arguments": arguments}

    def _returned(self, item: Returned, place: str) -> Json:
        fields: Json = {"type": "tool_result", "tool_use_id": self._id(item.call_id)}
        blocks = self._parts.blocks(item.parts, place)
        if blocks:
            fields["content"] = shortened(blocks)
        if item.failed is not None:
            fields["is_error"] = item.failed
        if item.cache is not None:
            fields["cache_control"] = item.cache
        return self._losses.merge(fields, item.aside, place)

    def _id(self, call_id: str) -> str:
        return call_id if self._own else _FOREIGN.sub("_", call_id)


def read_arguments(arguments: str) -> Json | None:
    """The object that a call's arguments are; None where a model wrote anything else."""
    if not arguments.strip():
        return {}
    try:
        return decode(arguments).left()
    except BadRequest:
        return None


def shortened(blocks: list[Json]) -> object:
    """Content that is nothing but one plain text, as a string."""
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        return blocks[0]["text"]
    return blocks


def _content(message: Json) -> list[Json]:
    return cast("list[Json]", message["content"])


def _after_results(block: Json) -> bool:
    return block.get("type") != "tool_result"


def _role(item: Item) -> str:
    match item:
        case Said():
            return item.role
        case Returned():
            return "user"
        case Thought() | Called() | Hosted() | Unread():
            return "assistant"
        case _:
            assert_never(item)
