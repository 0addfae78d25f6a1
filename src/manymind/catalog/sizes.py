"""How many tokens a request can be: never more than `most`, never fewer than `least`.

Both hold without knowing the tokenizer. No byte-level vocabulary makes more tokens than there
are UTF-8 bytes, and none that is in use lets a token reach across two words. Between the two
lies the truth; an exact counter can replace them where a vocabulary is public.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

import msgspec
from msgspec import Struct

from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import Audio, File, Image, Part, Refusal, Text, UnreadPart
from manymind.canon.requests import Function, HostedTool, Request, UnreadTool
from manymind.canon.values import Json

REQUEST_TOKENS = 1024
"""Allowance for what a provider's template adds to a request, its preamble for tools included."""

ITEM_TOKENS = 32
"""Allowance for the marks that a template puts round an item, a part or a tool."""

IMAGE_TOKENS = 50_000
"""More than any vendor's published count for one image (the dearest known is 48,169)."""

SCHEMA_FACTOR = 2
"""Templates may indent the JSON of schemas, which makes it longer than we see it."""

_PIECE = 1 << 20


class Size(Struct, frozen=True, kw_only=True):
    """`opaque` says that the request refers to what we cannot see (a file by its id, a stored
    conversation), so that only the model's window bounds it. `long_cache` says that it asks for
    a prompt cache of an hour, which is dearer."""

    most: int
    opaque: bool = False
    long_cache: bool = False


def most(request: Request) -> Size:
    """The largest that this request can be."""
    texts, schemas, parts, data = _Texts(), _Texts(), 0, 0
    opaque = request.previous_response_id is not None
    caches = [request.cache]
    texts.take(text.text for text in request.instructions or ())
    caches += [text.cache for text in request.instructions or ()]
    for part in _parts(request.items):
        parts += 1
        tokens, hidden = _part(part, texts)
        data, opaque = data + tokens, opaque or hidden
        if not isinstance(part, Audio | Refusal | UnreadPart):
            caches.append(part.cache)
    for item in request.items:
        opaque = _item(item, texts) or opaque
        caches.append(item.cache if isinstance(item, Called | Returned) else None)
    for tool in request.tools or ():
        _tool(tool, schemas)
        caches.append(tool.cache if isinstance(tool, Function) else None)
    if request.output is not None and request.output.schema is not None:
        schemas.take_json(request.output.schema)
    marks = parts + len(request.items) + len(request.tools or ())
    return Size(
        most=texts.bytes
        + SCHEMA_FACTOR * schemas.bytes
        + data
        + marks * ITEM_TOKENS
        + REQUEST_TOKENS,
        opaque=opaque,
        long_cache=any(cache is not None and cache.get("ttl") == "1h" for cache in caches),
    )


def least(request: Request, *, beyond: int = 0) -> int:
    """The smallest that this request can be: its words. Scripts that do not part their words,
    and data, hardly count. A request that is plainly no larger than `beyond` is not counted at
    all, and gives 0: between two words there is at least one character.
    """
    texts = list(
        chain(
            (text.text for text in request.instructions or ()),
            (part.text or "" for part in _parts(request.items) if isinstance(part, Text | File)),
        )
    )
    if (sum(map(len, texts)) + len(texts)) // 2 <= beyond:
        return 0
    return sum(map(_words, texts))


def text_bytes(text: str) -> int:
    """The length in UTF-8, without a copy where that is plain to see."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


class _Texts:
    def __init__(self) -> None:
        self.bytes = 0

    def take(self, texts: Iterable[str | None]) -> None:
        self.bytes += sum(text_bytes(text) for text in texts if text is not None)

    def take_json(self, data: Json) -> None:
        self.bytes += len(msgspec.json.encode(data))


def _parts(items: Iterable[Item]) -> Iterator[Part]:
    for item in items:
        match item:
            case Said() | Returned():
                yield from item.parts
            case Thought():
                yield from item.summary
                yield from item.content
            case Called() | Hosted() | Unread():
                pass


def _part(part: Part, texts: _Texts) -> tuple[int, bool]:
    """Tokens beside its text, and whether it holds what we cannot see."""
    match part:
        case Text() | Refusal():
            texts.take((part.text,))
        case Image():
            return IMAGE_TOKENS, False
        case File(text=str(text)):
            texts.take((part.name, text))
        case File():
            return 0, True
        case Audio():
            texts.take((part.data,))  # A second of sound is more bytes than tokens.
        case UnreadPart():
            texts.take_json(part.data)
            return 0, True
    return 0, False


def _item(item: Item, texts: _Texts) -> bool:
    match item:
        case Said():
            texts.take((item.role, item.name))
        case Thought():
            texts.take((item.encrypted, item.signature))
        case Called():
            texts.take((item.name, item.arguments, item.call_id))
        case Returned():
            texts.take((item.call_id,))
        case Hosted():
            for data in (item.action, item.output):
                texts.take_json(data or {})
        case Unread():
            texts.take_json(item.data)
            return True
    return False


def _tool(tool: Function | HostedTool | UnreadTool, schemas: _Texts) -> None:
    match tool:
        case Function():
            schemas.take((tool.name, tool.description))
            schemas.take_json(tool.parameters or {})
        case HostedTool() | UnreadTool():
            schemas.take_json(tool.data)


def _words(text: str) -> int:
    """Words, counted in pieces so that a text of megabytes needs no list of all its words. A
    word on the edge of two pieces would count twice, so each further piece counts one less."""
    count = 0
    for start in range(0, len(text), _PIECE):
        words = len(text[start : start + _PIECE].split())
        count += words - (1 if start and words else 0)
    return count
