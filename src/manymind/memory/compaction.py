"""A long conversation made short: the user's own messages, and one item that stands for the rest.

The item carries its text in itself, packed but not secret, so that no server need remember it:
whoever sends it back gets it opened, here or on another of our servers.
"""

import binascii
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode

from manymind.canon.faults import BadRequest
from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import Part, Refusal, Text
from manymind.canon.values import Json

KIND = "compaction"

SHORT = 2000
"""What is no longer than this many characters is kept word for word; no model can better it."""

ASK = (
    "Stop here and write notes for yourself, from which you will go on with this conversation "
    "when you can no longer see it. The user's own messages will still be there; note what else "
    "matters: what was found out, decided, done and promised, names, numbers, quotes and "
    "addresses exactly as they stand, and what is still open. Write nothing else."
)
"""What a model is asked for, after the conversation."""

_MARK = "manymind1."
_OPENED_MAX = 8 * 1024 * 1024
_DIALECT = "openai_responses"
_PREFACE = "My notes on the conversation so far, apart from the user's own messages:\n\n"


def kept(item: Item) -> bool:
    """Whether an item outlives compaction as it is."""
    return isinstance(item, Said) and item.role in ("user", "system", "developer")


def transcript(items: tuple[Item, ...]) -> str:
    """What is not kept, as text."""
    lines = (_line(item) for item in items if not kept(item))
    return "\n\n".join(line for line in lines if line)


def seal(notes: str) -> str:
    packed = urlsafe_b64encode(zlib.compress(notes.encode("utf-8", "replace"), 9))
    return _MARK + packed.decode()


def opened(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items with the notes that lie in those of ours. Another vendor's stay closed."""
    if not any(map(_is_ours, items)):
        return items
    return tuple(_opened(item, n) for n, item in enumerate(items))


def _is_ours(item: Item) -> bool:
    return isinstance(item, Unread) and _sealed(item.data) is not None


def _sealed(data: Json) -> str | None:
    content = data.get("encrypted_content")
    ours = data.get("type") == KIND and isinstance(content, str) and content.startswith(_MARK)
    return str(content).removeprefix(_MARK) if ours else None


def _opened(item: Item, number: int) -> Item:
    sealed = _sealed(item.data) if isinstance(item, Unread) and item.dialect == _DIALECT else None
    if sealed is None:
        return item
    try:
        pressed = zlib.decompressobj()
        notes = pressed.decompress(urlsafe_b64decode(sealed), _OPENED_MAX)
        if not pressed.eof:
            raise ValueError("cut off, or far too long")
        text = notes.decode()
    except (binascii.Error, zlib.error, ValueError):
        raise BadRequest(
            "The compaction item is damaged.",
            advice="Send it back exactly as it was given.",
            field=f"input[{number}].encrypted_content",
        ) from None
    # The notes are a model's words, and may repeat what strangers wrote: no role but its own.
    return Said(role="assistant", parts=(Text(text=_PREFACE + text),))


def _line(item: Item) -> str:
    match item:
        case Said():
            return _words(item.parts)
        case Called():
            return f"[called {item.name} {item.arguments}]"
        case Returned():
            return f"[returned {_words(item.parts)}]"
        case Hosted():
            return f"[used {item.tool}]"
        case Thought() | Unread():
            return ""


def _words(parts: tuple[Part, ...]) -> str:
    return "\n".join(part.text for part in parts if isinstance(part, Text | Refusal))
