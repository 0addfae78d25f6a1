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

_TAG = re.compile(r"<(/?)document(?=[\s>/])([^<>]{0,4000})>", re.IGNORECASE)
_NAME = re.compile(r"\bid\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_NOTES = re.compile(r"\[(?:document|file|long text)(?:: [^\[\]\n]{0,400})?\]")
_QUESTION_MAX = 4_000
_LONG = 4_000
"""A text of more code points than this is a document, as the library takes it."""

_PARAGRAPH_MAX = 600


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
        if isinstance(item, Said) and item.role == "user":
            text = _NOTES.sub("", words(item.parts)).strip()
            if text:
                return text[-_QUESTION_MAX:]
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
            text = _shortened(_excised(part.text, shelf), shelf)
            return replace(part, text=text, citations=())
        case File(name=str(name)) if name in shelf:
            return Text(text=f"[file: {name}]")
        case File(name=None, url=None, file_id=None) if any(
            name.startswith("file-") for name in shelf
        ):
            return Text(text="[file]")
        case _:
            return part


def _excised(text: str, shelf: frozenset[str]) -> str:
    """The text without its marked documents; an inner one belongs to its outer one."""
    pieces: list[str] = []
    open_tags: list[re.Match[str]] = []
    start = 0
    for tag in _TAG.finditer(text):
        if not tag[1]:
            open_tags.append(tag)
        elif open_tags:
            opening = open_tags.pop()
            if not open_tags and (note := _note(opening, tag, shelf)):
                pieces += (text[start : opening.start()], note)
                start = tag.end()
    return "".join((*pieces, text[start:]))


def _note(opening: re.Match[str], closing: re.Match[str], shelf: frozenset[str]) -> str:
    """What stands in a document's place; nothing if it is not in the library. One without an id
    is there under a name that the library gave it."""
    found = _NAME.search(opening[2])
    name = next(filter(None, found.groups()), "").strip() if found else ""
    if name in shelf:
        return f"[document: {name}]"
    long = closing.start() - opening.end() > _PARAGRAPH_MAX
    return "[document]" if long and not name else ""


def _shortened(text: str, shelf: frozenset[str]) -> str:
    """A long text that the library took in: only the question before or after it is left."""
    if len(text) <= _LONG or not any(name.startswith("text-") for name in shelf):
        return text
    body = text.strip()
    head, tail = body[:_PARAGRAPH_MAX], body[-_PARAGRAPH_MAX:]
    first, last = head.partition("\n\n")[0], tail.rpartition("\n\n")[2]
    ends = [end for end in (first, last) if len(end) < _PARAGRAPH_MAX]
    asking = [end for end in ends if end.endswith(("?", "？", "؟"))]
    words = "\n\n".join(asking or ends)
    return f"[long text]\n\n{words}".strip()
