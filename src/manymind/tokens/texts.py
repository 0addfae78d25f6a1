"""Counts the tokens of a text, in pieces.

A text of megabytes takes half a second, and others wait to have theirs counted. A text is cut
where both vocabularies part words in any case: behind a letter or a digit, before a blank or a mark
that no word takes in. There the sum of the pieces is the count of the whole. Where a stretch has
no such place it is cut all the same, and the sum is then only near the truth.
"""

import re
from collections.abc import Iterator
from math import inf

from msgspec import Struct

from manymind.tokens.vocabularies import Vocabulary, encoder

PIECE = 16 * 1024
"""Characters of a piece: a few milliseconds for the tokenizer, whatever they are."""

SLACK = 8 * 1024
"""How far beyond that a place to cut is looked for."""

_SEAM = re.compile(r"(?<=[^\W_])(?=[ \n\t.,;:!?()\[\]{}\"<>=+。、，])")


class Counted(Struct, frozen=True):
    """`exact` is False where a text had to be cut in the midst of a word, or held what is no
    character and cannot be sent as it is."""

    tokens: int
    exact: bool = True


def count(vocabulary: Vocabulary, text: str, enough: float = inf) -> Counted:
    """The tokens of a text; blocks, but holds up no other thread. It stops where there are more
    than `enough`."""
    counting = encoder(vocabulary)
    tokens, exact = 0, True
    for piece, clean in pieces(text):
        if tokens > enough:
            break
        try:
            tokens += counting.count(piece)
        except UnicodeEncodeError:  # A lone surrogate, which tiktoken replaces in the same way.
            tokens += counting.count(_mended(piece))
            exact = False
        exact = exact and clean
    return Counted(tokens, exact)


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The text piece by piece, and whether each ends where words part."""
    start, size = 0, len(text)
    while size - start > PIECE + SLACK:
        seam = _SEAM.search(text, start + PIECE, start + PIECE + SLACK)
        end = seam.start() if seam is not None else start + PIECE
        yield text[start:end], seam is not None
        start = end
    yield text[start:], True


def _mended(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
