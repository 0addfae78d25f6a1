"""How many tokens a request can be: never more than `most`, never fewer than `least`.

Both hold without knowing the tokenizer. No byte-level vocabulary makes more tokens than there
are UTF-8 bytes, and none that is in use lets a token reach across two words. Between the two
lies the truth; an exact counter can replace them where a vocabulary is public.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import cast

import msgspec
from msgspec import Struct

from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import File, Image, Part, Text, UnreadPart
from manymind.canon.requests import Request
from manymind.canon.values import Json

REQUEST_TOKENS = 1024
"""Allowance for what a provider's template adds to a request, its preamble for tools included."""

ITEM_TOKENS = 32
"""Allowance for the marks that a template puts round an item, a part, a tool and the like."""

IMAGE_TOKENS = 50_000
"""More than any vendor's published count for one image (the dearest known is 48,169)."""

SCHEMA_FACTOR = 2
"""Templates may indent JSON, such as schemas, which makes it longer than we see it."""

_FEW = 1 << 16
"""Characters whose words are counted before anybody looks whether they are enough."""

_LONG_CACHE = b'"ttl":"1h"'
_PIECE = 1 << 20


class Size(Struct, frozen=True, kw_only=True):
    """`opaque` says that the request refers to what we cannot see (a file by its id, a stored
    conversation), so that only the model's window bounds it. `long_cache` says that it asks for
    a prompt cache of an hour, which is dearer."""

    most: int
    opaque: bool = False
    long_cache: bool = False


def text_bytes(text: str) -> int:
    """The length in UTF-8, without a copy where that is plain to see."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def most(request: Request, measure: Callable[[str], int] = text_bytes) -> Size:
    """The largest that this request can be. `measure` bounds the tokens of a text.

    Every field counts, of whatever kind and however deep, known or aside: what goes out may be
    read, and a field that was left out here would be a way around every budget.
    """
    weight = _Weight(measure)
    weight.take(request)
    return Size(
        most=weight.tokens + REQUEST_TOKENS,
        opaque=weight.opaque or request.previous_response_id is not None,
        long_cache=weight.long_cache,
    )


def least(request: Request, *, beyond: int = 0) -> int:
    """The smallest that this request can be: its words. Scripts that do not part their words,
    and data, hardly count. A request that is plainly no larger than `beyond` is not counted at
    all, and gives 0: between two words there is at least one character.
    """
    texts = _texts(request)
    if (sum(map(len, texts)) + len(texts)) // 2 <= beyond:
        return 0
    return sum(map(_words, texts))


def surpassing(request: Request, cap: int) -> int:
    """A number of words above the cap, where the request has so many: counting stops there. Else 0,
    and only a closer count can tell."""
    texts = _texts(request)
    if (sum(map(len, texts)) + len(texts)) // 2 <= cap:
        return 0
    words = 0
    for text in texts:
        for start in range(0, len(text), _FEW):
            found = len(text[start : start + _FEW].split())
            words += found - (1 if start and found else 0)
            if words > cap:
                return words
    return 0


def characters(request: Request) -> int:
    """How long the texts of a request are, as a first idea of what it takes to look at them."""
    return sum(map(len, _texts(request)))


def _texts(request: Request) -> list[str]:
    return list(
        chain(
            (text.text for text in request.instructions or ()),
            (part.text or "" for part in _parts(request.items) if isinstance(part, Text | File)),
        )
    )


class _Weight:
    """Sums up values of the ground."""

    def __init__(self, measure: Callable[[str], int]) -> None:
        self._measure = measure
        self.tokens = 0
        self.opaque = False
        self.long_cache = False

    def take(self, value: object) -> None:
        match value:
            case str():
                self.tokens += self._measure(value)
            case dict():
                self._take_json(cast("Json", value))
            case tuple():
                for each in cast("tuple[object, ...]", value):
                    self.take(each)
            case Struct():
                self._take_struct(value)
            case _:
                pass

    def _take_json(self, value: Json) -> None:
        written = msgspec.json.encode(value)
        self.tokens += SCHEMA_FACTOR * len(written)
        self.long_cache = self.long_cache or _LONG_CACHE in written

    def _take_struct(self, value: Struct) -> None:
        self.tokens += ITEM_TOKENS
        hidden: tuple[str, ...] = ()
        match value:
            case Image():
                self.tokens += IMAGE_TOKENS
                hidden = ("data",)
            case File(text=None):
                self.opaque = True
                hidden = ("data",)
            case UnreadPart() | Unread():
                self.opaque = True
            case _:
                pass  # A second of sound is more bytes than tokens, so audio counts as text.
        for name in value.__struct_fields__:
            if name not in hidden:
                self.take(getattr(value, name))


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


def _words(text: str) -> int:
    """Words, counted in pieces so that a text of megabytes needs no list of all its words. A
    word on the edge of two pieces would count twice, so each further piece counts one less."""
    count = 0
    for start in range(0, len(text), _PIECE):
        words = len(text[start : start + _PIECE].split())
        count += words - (1 if start and words else 0)
    return count
