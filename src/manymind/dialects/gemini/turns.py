"""Items of a request, written as contents.

A request that came in this dialect keeps the bounds of its contents. In any other, what one side
said in a row makes one content, and what the system said goes to `systemInstruction`.
"""

from typing import assert_never, cast

from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import Part, Text
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.gemini import signatures
from manymind.dialects.gemini.calls import (
    native,
    read_arguments,
    write_call,
    write_code,
    write_response,
)
from manymind.dialects.gemini.parts import PartWriter
from manymind.dialects.gemini.words import NAME
from manymind.dialects.losses import Losses, places, spelt


class Turns:
    """Gathers the contents and the system's words of one request."""

    def __init__(self, request: Request, losses: Losses) -> None:
        self._losses = losses
        self._own = request.dialect == NAME
        self._flat = request.dialect == "openai_responses"
        self._parts = PartWriter(losses)
        self._contents: list[Json] = []
        self._signature: str | None = None
        self._names: dict[str, str] = {}
        self._system = self._instructions(request)
        for item, place in zip(request.items, places(request), strict=True):
            self._take(item, place)
        self._stand_alone()

    def contents(self) -> list[Json]:
        return self._contents

    def system(self) -> Json | None:
        return None if self._system is None else {"parts": self._system}

    def _instructions(self, request: Request) -> list[Json] | None:
        if request.instructions is None:
            return None
        place = spelt(request, "instructions")
        texts = [text for text in request.instructions if text.text or self._own]
        many = len(texts) > 1 or request.dialect == "anthropic_messages"
        written = [
            self._parts.part(text, f"{place}[{n}]" if many else place)
            for n, text in enumerate(texts)
        ]
        return [part for part in written if part is not None]

    def _take(self, item: Item, place: str) -> None:
        if isinstance(item, Said) and item.role in ("system", "developer"):
            self._instruct(item, place)
            return
        if self._apart(item):
            self._stand_alone()
        parts = self._written(item, place)
        if parts or self._signature is not None or (self._own and isinstance(item, Said)):
            self._content(item)
            _parts_of(self._contents[-1]).extend(parts)
        if isinstance(item, Said):
            self._losses.unless(item.name, f"{place}.name")
            kept = self._losses.merge({}, item.aside, place)
            if kept:
                self._contents[-1] = {**kept, **self._contents[-1]}

    def _instruct(self, item: Said, place: str) -> None:
        """What the system said after others had spoken is heard, but in another place."""
        if self._contents:
            self._losses.lose(f"{place}.role")
        self._losses.unless(item.name, f"{place}.name")
        self._losses.merge({}, item.aside, place)
        self._system = self._system or []
        for n, part in enumerate(item.parts):
            written = self._parts.part(part, f"{place}.content[{n}]")
            if isinstance(part, Text) and written is not None:
                self._system.append(written)
            elif not isinstance(part, Text):
                self._losses.lose(f"{place}.content[{n}]")

    def _apart(self, item: Item) -> bool:
        """Whether an item begins a content."""
        if not self._contents or (self._own and item.joined is False):
            return True
        return self._contents[-1]["role"] != _role(item)

    def _content(self, item: Item) -> None:
        if self._apart(item):
            self._contents.append({"role": _role(item), "parts": []})

    def _written(self, item: Item, place: str) -> list[Json]:
        match item:
            case Said():
                return self._said(item.parts, place)
            case Thought():
                return self._thought(item, place)
            case Called():
                return self._signed([self._call(item, place)])
            case Returned():
                return [self._returned(item, place)]
            case Hosted() if native(item):
                return self._signed(write_code(item))
            case Unread() if item.dialect == NAME:
                return self._signed([item.data])
            case Hosted() | Unread():
                self._losses.lose(place)
                return []
            case _:
                assert_never(item)

    def _said(self, said: tuple[Part, ...], place: str) -> list[Json]:
        written = [
            self._parts.part(part, f"{place}.{self._inner}[{n}]") for n, part in enumerate(said)
        ]
        return self._signed([part for part in written if part is not None])

    @property
    def _inner(self) -> str:
        return "parts" if self._own else "content"

    def _thought(self, item: Thought, place: str) -> list[Json]:
        """Servers take back the reasoning that they have signed, and need no other."""
        signature = signatures.signature_of(item)
        words = item.summary or item.content
        if signature is None and (item.encrypted or item.signature or not self._own):
            self._losses.lose(place if self._flat else f"{place}.reasoning")
            if not (self._own and words):
                return []
        waiting = self._alone()
        if words:
            text = "\n\n".join(text.text for text in words)
            fields: Json = {"text": text, "thought": True}
            if signature is not None:
                fields["thoughtSignature"] = signature
            return [*waiting, self._losses.merge(fields, item.aside, place)]
        if signature is not None and signatures.stands_alone(item):
            return [*waiting, {"text": "", "thoughtSignature": signature}]
        self._signature = signature
        return waiting

    def _signed(self, parts: list[Json]) -> list[Json]:
        """Parts, the first with the signature that waits for it."""
        if not parts or self._signature is None:
            return parts
        signature, self._signature = self._signature, None
        return [{**parts[0], "thoughtSignature": signature}, *parts[1:]]

    def _alone(self) -> list[Json]:
        """A signature that nothing has come for."""
        signature, self._signature = self._signature, None
        return [] if signature is None else [{"text": "", "thoughtSignature": signature}]

    def _stand_alone(self) -> None:
        waiting = self._alone()
        if waiting:
            _parts_of(self._contents[-1]).extend(waiting)

    def _call(self, item: Called, place: str) -> Json:
        self._names[item.call_id] = item.name
        self._losses.unless(item.cache, f"{place}.cache_control")
        self._losses.merge({}, item.aside, place)
        asked = read_arguments(item.arguments)
        if asked is not None:
            return write_call(item, asked)
        self._losses.lose(f"{place}.arguments")
        return write_call(item, {"arguments": item.arguments})

    def _returned(self, item: Returned, place: str) -> Json:
        self._losses.unless(item.cache, f"{place}.cache_control")
        self._losses.merge({}, item.aside, place)
        others = [part for part in item.parts if not isinstance(part, Text)]
        written = [self._parts.part(part, place) for part in others]
        media = [part for part in written if part is not None]
        return write_response(item, self._names.get(item.call_id), media)


def _parts_of(content: Json) -> list[Json]:
    return cast("list[Json]", content["parts"])


def _role(item: Item) -> str:
    match item:
        case Said():
            return "model" if item.role == "assistant" else "user"
        case Returned():
            return "user"
        case Thought() | Called() | Hosted() | Unread():
            return "model"
        case _:
            assert_never(item)
