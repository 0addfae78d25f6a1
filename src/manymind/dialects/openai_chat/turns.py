"""Items of a request, written as messages.

An assistant's thoughts, words and calls make one message, parallel calls together, because
servers want the results of calls right after the message that made them. A message from Chat
keeps its bounds; where items come from a dialect without messages, bounds are set by rule.
Images and files that a tool gave back stand in a user's message after the results: providers
take only text in a message of role `tool`.
"""

from typing import assert_never, cast

from msgspec import Struct

from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import Part, Refusal, Text
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.losses import Losses, nest, places, spelt
from manymind.dialects.openai_chat.citations import write_annotation
from manymind.dialects.openai_chat.flavour import Flavour
from manymind.dialects.openai_chat.parts import NAME, PartWriter
from manymind.dialects.openai_chat.thoughts import STRINGS, told, write_details


class _Placed(Struct, frozen=True):
    item: Item
    place: str
    number: int


def write_messages(request: Request, flavour: Flavour, losses: Losses) -> list[Json]:
    return _Turns(request, flavour, losses).write()


class _Turns:
    def __init__(self, request: Request, flavour: Flavour, losses: Losses) -> None:
        self._request = request
        self._losses = losses
        self._flavour = flavour
        self._ours = request.dialect == NAME
        self._parts = PartWriter(losses, ours=self._ours, extended=flavour.extended)
        self._written: list[Json] = []
        self._turn: list[_Placed] = []
        self._shown: list[Json] = []
        self._asked = max(
            (n for n, item in enumerate(request.items) if _role(item) == "user"), default=-1
        )

    def write(self) -> list[Json]:
        if self._request.instructions:
            place = spelt(self._request, "instructions")
            content = self._parts.content(self._request.instructions, place)
            self._written.append({"role": "system", "content": content})
        for number, place in enumerate(places(self._request)):
            self._take(_Placed(self._request.items[number], place, number))
        self._close_turn()
        self._show()
        return self._written

    def _take(self, placed: _Placed) -> None:
        item = placed.item
        if not self._readable(item):
            self._losses.lose(placed.place)
            return
        if _role(item) == "assistant":
            if not self._continues(item):
                self._close_turn()
                self._show()
            self._turn.append(placed)
            return
        self._close_turn()
        match item:
            case Returned():
                self._return(item, placed.place)
            case Said():
                self._show()
                self._say(item, placed.place)
            case Unread():
                self._show()
                self._written.append(item.data)
            case _:
                raise AssertionError(item)

    def _readable(self, item: Item) -> bool:
        """Whether a Chat server could make anything of this item."""
        match item:
            case Hosted():
                return False
            case Unread():
                return item.dialect == NAME
            case _:
                return True

    def _continues(self, item: Item) -> bool:
        """Whether an assistant's item belongs to the message that is being gathered."""
        if not self._turn or item.joined is not None:
            return bool(self._turn) and item.joined is True
        if isinstance(item, Called) or any(isinstance(p.item, Called) for p in self._turn):
            return True
        return not any(isinstance(p.item, Said) for p in self._turn)

    def _say(self, item: Said, place: str) -> None:
        content = self._parts.content(item.parts, place)
        if not content and not self._ours:
            return
        message: Json = {"role": item.role, "content": content}
        self._name(message, item, place)
        message = self._losses.merge(message, item.aside, place)
        last = self._written[-1] if self._written else None
        if item.joined and last is not None and last.get("role") == item.role:
            last["content"] = _listed(last.get("content")) + _listed(content)
            return
        self._written.append(message)

    def _name(self, message: Json, item: Said, place: str) -> None:
        if self._flavour.nameless:
            self._losses.unless(item.name, f"{place}.name")
        elif item.name is not None:
            message["name"] = item.name

    def _return(self, item: Returned, place: str) -> None:
        text = item.parts
        if not self._ours:
            text = tuple(part for part in item.parts if isinstance(part, Text))
            self._set_aside(item, place)
        if item.failed:
            self._losses.lose(f"{place}.is_error")
        content = self._parts.content(text, place)
        if not content and not self._ours:
            content = "" if item.parts == text else _SHOWN
        if item.cache is not None:
            content = self._marked(content, item.cache, place)
        message: Json = {"role": "tool", "tool_call_id": item.call_id, "content": content}
        self._written.append(self._losses.merge(message, item.aside, place))

    def _marked(self, content: str | list[Json], cache: Json, place: str) -> str | list[Json]:
        mark = self._parts.cache(cache, place)
        listed = _listed(content)
        return [*listed[:-1], listed[-1] | mark] if mark and listed else content

    def _set_aside(self, item: Returned, place: str) -> None:
        others = tuple(part for part in item.parts if not isinstance(part, Text))
        written = [self._parts.part(part, place) for part in others]
        shown = [part for part in written if part is not None]
        if shown:
            self._shown.append({"type": "text", "text": f"Returned by call {item.call_id}:"})
            self._shown += shown

    def _show(self) -> None:
        """What tools gave back beside text, once all their results stand."""
        if self._shown:
            self._written.append({"role": "user", "content": self._shown})
            self._shown = []

    def _close_turn(self) -> None:
        turn, self._turn = self._turn, []
        message: Json = {"role": "assistant", "content": None}
        parts: list[Part] = []
        place = turn[0].place if turn else ""
        for placed in turn:
            match placed.item:
                case Said():
                    parts += placed.item.parts
                    self._name(message, placed.item, placed.place)
                    message = self._losses.merge(message, placed.item.aside, placed.place)
                case Thought():
                    self._think(message, placed.item, placed)
                case Called():
                    _append(message, "tool_calls", self._call(placed.item, placed.place))
                case Unread():
                    _append(message, "tool_calls", placed.item.data)
                case Returned() | Hosted():
                    raise AssertionError(placed.item)
                case _:
                    assert_never(placed.item)
        self._word(message, tuple(parts), place)
        if len(message) > 2 or message["content"] is not None or (turn and self._ours):
            self._written.append(message)

    def _word(self, message: Json, parts: tuple[Part, ...], place: str) -> None:
        """The words of an assistant's message; its refusal has a field of its own."""
        if parts and isinstance(parts[-1], Refusal) and parts[-1].aside is None:
            message["refusal"] = parts[-1].text
            parts = parts[:-1]
        if parts:
            content = self._parts.content(parts, place)
            message["content"] = content if content or self._ours else None
        if self._ours and len(parts) == 1 and isinstance(parts[0], Text) and parts[0].citations:
            message["annotations"] = [write_annotation(note) for note in parts[0].citations]

    def _call(self, item: Called, place: str) -> Json:
        function: Json = {"name": item.name, "arguments": item.arguments}
        fields = self._losses.merge({"id": item.call_id, "type": "function"}, item.aside, place)
        if item.cache is not None:
            self._losses.lose(f"{place}.cache_control")
        return nest(fields, "function", function)

    def _think(self, message: Json, item: Thought, placed: _Placed) -> None:
        form = item.form or self._flavour.thoughts
        if form == "reasoning_details":
            for detail in write_details(item):
                _append(message, form, detail)
        elif form in STRINGS and (item.content or item.summary):
            message[form] = f"{message.get(form, '')}{told(item.content + item.summary)}"
        elif placed.number > self._asked:
            self._losses.lose(placed.place)


_SHOWN = "The result follows in the next message."


def _role(item: Item) -> str:
    match item:
        case Said():
            return item.role
        case Returned():
            return "tool"
        case Unread() if "role" in item.data:
            return "unread"
        case _:
            return "assistant"


def _listed(content: object) -> list[Json]:
    if isinstance(content, list):
        return cast("list[Json]", content)
    return [{"type": "text", "text": content}] if content else []


def _append(message: Json, name: str, value: Json) -> None:
    cast("list[Json]", message.setdefault(name, [])).append(value)
