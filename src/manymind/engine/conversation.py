"""What the caller said, as the team's models are to hear it: without the documents themselves.

A document that stands in the library is named and left out; the agents open it with their tools.
Calls of the caller's functions are told in words, because those functions are not offered here.
"""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from manymind.canon.documents import Card
from manymind.canon.items import Called, Item, Returned, Said
from manymind.canon.parts import File, Part, Text

_OPENING = re.compile(r"<document\b[^<>]*?\bid\s*=\s*(?:\"([^\"]*)\"|'([^']*)')[^<>]*>", re.I)
_CLOSING = re.compile(r"</document\s*>", re.I)
_QUESTION_MAX = 4_000


def abridged(items: tuple[Item, ...], cards: tuple[Card, ...]) -> tuple[Item, ...]:
    """The conversation with its documents named, not quoted; calls and results as they are."""
    shelf = frozenset(card.id for card in cards)
    if not shelf:
        return tuple(item for item in items if isinstance(item, Said | Called | Returned))
    return tuple(_abridge(item, shelf) for item in _spoken(items))


def in_words(items: tuple[Item, ...]) -> tuple[Said, ...]:
    """The same, where calls and their results are told and not made."""
    return tuple(_told(item) for item in _spoken(items))


def question(items: tuple[Item, ...]) -> str:
    """The caller's last word, without documents."""
    for item in reversed(items):
        if isinstance(item, Said) and item.role == "user" and (text := words(item.parts)):
            return text if len(text) <= _QUESTION_MAX else text[-_QUESTION_MAX:]
    return ""


def resumed(items: tuple[Item, ...]) -> bool:
    """Whether the caller comes back with what its functions returned."""
    return bool(items) and isinstance(items[-1], Returned)


def words(parts: tuple[Part, ...]) -> str:
    return "\n".join(part.text for part in parts if isinstance(part, Text)).strip()


def _spoken(items: tuple[Item, ...]) -> Iterator[Said | Called | Returned]:
    return (item for item in items if isinstance(item, Said | Called | Returned))


def _told(item: Said | Called | Returned) -> Said:
    match item:
        case Said():
            return item
        case Called():
            text = f"[Called {item.name} with {item.arguments}]"
            return Said(role="assistant", parts=(Text(text=text),))
        case Returned():
            text = f"[The call {item.call_id} returned: {words(item.parts)}]"
            return Said(role="user", parts=(Text(text=text),))


def _abridge(item: Said | Called | Returned, shelf: frozenset[str]) -> Said | Called | Returned:
    if isinstance(item, Called):
        return item
    return replace(item, parts=tuple(_without(part, shelf) for part in item.parts))


def _without(part: Part, shelf: frozenset[str]) -> Part:
    match part:
        case Text():
            return replace(part, text=_excised(part.text, shelf), citations=())
        case File(name=str(name)) if name in shelf:
            return Text(text=f"[The file {name} stands in the library.]")
        case _:
            return part


def _excised(text: str, shelf: frozenset[str]) -> str:
    pieces: list[str] = []
    start = 0
    for opening in _OPENING.finditer(text):
        name = opening[1] if opening[1] is not None else opening[2]
        if opening.start() < start or name not in shelf:
            continue
        closing = _CLOSING.search(text, opening.end())
        if closing is None:
            break
        pieces.append(text[start : opening.start()])
        pieces.append(f"[The document {name} stands in the library.]")
        start = closing.end()
    pieces.append(text[start:])
    return "".join(pieces)
