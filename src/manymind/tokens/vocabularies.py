"""Vocabularies that are public, and the models that use them.

They come inside a package and are read when somebody first counts: reading takes a moment, and
memory (about 65 MB for the larger), that a server which never counts should not pay.
"""

import re
from threading import Lock
from typing import Literal, Protocol, TypeAlias

from manymind.tokens.beside import Beside

Vocabulary: TypeAlias = Literal["o200k", "cl100k"]

USUAL: Vocabulary = "o200k"
"""What other families' tokens are estimated from: the one whose counts lie nearest to most."""

_AUTHORS = ("openai", "azure")
_CL100K = re.compile(r"gpt-4(-(?!o|\d\.).*)?|gpt-3\.?5.*|text-embedding-(ada-002|3-.*)")
_O200K = re.compile(
    r"(chat)?gpt-4o.*|gpt-4\.\d.*|gpt-5.*|gpt-oss-.*|o[134](-.*)?|codex-.*|computer-use-.*"
)
_OPENING = Lock()


class Encoder(Protocol):
    """The part of a tokenizer that we use. Marks like `<|endoftext|>` are plain text to it."""

    def count(self, text: str) -> int: ...


def vocabulary_of(slug: str) -> Vocabulary | None:
    """The public vocabulary of the model `author/name`; None where there is none to be had."""
    author, _, rest = slug.lower().partition("/")
    if author not in _AUTHORS:
        return None
    name = rest.removeprefix("ft:").partition(":")[0]
    if _O200K.fullmatch(name):
        return "o200k"
    return "cl100k" if _CL100K.fullmatch(name) else None


def encoder(vocabulary: Vocabulary) -> Encoder:
    """The tokenizer of a vocabulary, of which there is one."""
    with _OPENING:
        return _OPEN.setdefault(vocabulary, Beside(vocabulary))


def awake() -> bool:
    """Whether somebody has counted before, so that counting costs no more memory."""
    return bool(_OPEN)


_OPEN: dict[Vocabulary, Encoder] = {}
