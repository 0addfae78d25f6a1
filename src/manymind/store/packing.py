"""Values as bytes, and back. The message that an answer was read from is left out: it says
nothing that its own dialect could not be told again."""

from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.events import Happened
from manymind.canon.exits import Cover
from manymind.canon.items import Item
from manymind.canon.ports import Kept
from manymind.canon.requests import Request
from manymind.canon.values import Json

_ITEM = msgspec.json.Decoder(Item)
_ITEMS = msgspec.json.Decoder(tuple[Item, ...])
_REQUEST = msgspec.json.Decoder(Request)
_ANSWER = msgspec.json.Decoder(Answer)
_EVENTS = msgspec.json.Decoder(tuple[Happened, ...])
_JSON = msgspec.json.Decoder(Json)


Value = TypeVar("Value")


class Bare(Cover):
    """Hides nothing."""

    def hidden(self, owner: str, value: Value) -> Value:
        return value

    def shown(self, owner: str, packed: bytes) -> bytes:
        return packed


class Packed(Struct, frozen=True):
    """What is kept of one answer, in bytes."""

    items: bytes
    request: bytes
    answer: bytes
    events: bytes | None = None

    @property
    def size(self) -> int:
        """How much of it a recall has to read."""
        return len(self.items) + len(self.answer)


def pack(kept: Kept) -> Packed:
    encode = msgspec.json.encode
    return Packed(
        items=encode(kept.request.items),
        request=encode(replace(kept.request, items=())),
        answer=encode(replace(kept.answer, wire=None)),
        events=encode(kept.events) if kept.events else None,
    )


def unpack(owner: str, packed: Packed) -> Kept:
    return Kept(
        owner=owner,
        request=replace(_REQUEST.decode(packed.request), items=unpack_items(packed.items)),
        answer=unpack_answer(packed.answer),
        events=_EVENTS.decode(packed.events) if packed.events else (),
    )


def unpack_answer(packed: bytes) -> Answer:
    return _ANSWER.decode(packed)


def unpack_items(packed: bytes) -> tuple[Item, ...]:
    return _ITEMS.decode(packed)


def pack_events(events: tuple[Happened, ...]) -> bytes:
    return msgspec.json.encode(events)


def unpack_events(packed: bytes) -> tuple[Happened, ...]:
    return _EVENTS.decode(packed)


def pack_item(item: Item) -> bytes:
    return msgspec.json.encode(item)


def unpack_item(packed: bytes) -> Item:
    return _ITEM.decode(packed)


def pack_json(value: Json) -> bytes:
    return msgspec.json.encode(value)


def unpack_json(packed: bytes) -> Json:
    return _JSON.decode(packed)
