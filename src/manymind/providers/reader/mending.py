"""Mends slips of the pen: a word of a question that stands in no document, where a word of the
documents is one letter away from it, and the words that questions are asked with."""

import re
from collections import Counter
from collections.abc import Iterator

from manymind.canon.ports import Library
from manymind.corpus.words import terms
from manymind.providers.reader.asking import Asked, core, telling, understood
from manymind.providers.reader.kindred import kindred

_LENGTH_MIN, _LENGTH_MAX = 4, 24
_SUBSTITUTED_MIN, _MISSED_MIN = 8, 5
"""In a shorter word another letter makes another word too easily: `parking` and `packing`, `once`
and `one`."""

_WORDS_MAX = 12
_SOUGHT_MAX = 2
_LINES = 20
_QUESTION_SLIPS = {
    "wen": "when", "whn": "when", "hwen": "when", "whne": "when", "wher": "where", "wehre": "where",
    "waht": "what", "whta": "what", "wht": "what", "hwat": "what", "woh": "who", "hwo": "how",
    "whi": "why", "hwy": "why", "wich": "which", "whcih": "which", "mcuh": "much", "muhc": "much",
    "mnay": "many", "amny": "many", "teh": "the", "hte": "the", "si": "is", "dose": "does",
}  # fmt: skip


async def mended(library: Library, text: str, earlier: str) -> tuple[Asked, dict[str, str]]:
    """What is asked, and which words were read as which others."""
    asked = understood(text, earlier)
    if asked.about != "question" or not library.cards():
        return asked, {}
    read: dict[str, str] = {}
    sought = 0
    for word in telling(core(text))[:_WORDS_MAX]:
        if not _may_be_wrong(word) or await _stands(library, word):
            continue
        meant = _QUESTION_SLIPS.get(word.lower())
        if meant is None and len(word) >= _LENGTH_MIN and sought < _SOUGHT_MAX:
            sought += 1
            meant = await _meant(library, word)
        if meant is not None:
            read[word] = meant
    if not read:
        return asked, {}
    for word, meant in read.items():
        text = re.sub(rf"\b{re.escape(word)}\b", lambda _, known=meant: known, text)
    return understood(text, earlier), read


def _may_be_wrong(word: str) -> bool:
    return word.isalpha() and len(word) <= _LENGTH_MAX and not any(map(kindred, terms(word)))


async def _stands(library: Library, word: str) -> bool:
    return bool(await library.search(word, limit=1))


async def _meant(library: Library, word: str) -> str | None:
    """The word of the documents that is nearest, the commonest if there are several. A name is
    read as a name only."""
    lines = await library.grep(_pattern(word), limit=_LINES)
    plain = word.lower()
    found = Counter(
        known
        for line in lines
        for known in re.findall(r"[^\W\d_]+", line.text)
        if _slipped(plain, known.lower()) and (known[0].isupper() or word[0].islower())
    )
    return min(found, key=lambda known: (-found[known], known)) if found else None


def _pattern(word: str) -> str:
    """A regular expression for all that may have been meant; the first letter is right."""
    return f"(?i)(?:{'|'.join(dict.fromkeys(_nearby(word)))})"


def _nearby(word: str) -> Iterator[str]:
    for at in range(1, len(word)):
        yield rf"{word[:at]}\pL{word[at:]}"
        yield word[:at] + word[at + 1 :]
        if at + 1 < len(word):
            yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if len(word) >= _SUBSTITUTED_MIN:
            yield rf"{word[:at]}\pL{word[at + 1 :]}"


def _slipped(word: str, known: str) -> bool:
    """Whether one letter was left out, doubled, swapped with its neighbour or, in a long word,
    struck wrongly; never the first."""
    if word == known or word[:1] != known[:1] or abs(len(word) - len(known)) > 1:
        return False
    at = next(
        (n for n, pair in enumerate(zip(word, known, strict=False)) if pair[0] != pair[1]),
        min(len(word), len(known)),
    )
    if len(word) != len(known):
        longer, shorter = sorted((word, known), key=len, reverse=True)
        doubled = longer[at - 1 : at] == longer[at : at + 1]
        return longer[at + 1 :] == shorter[at:] and (doubled or len(word) >= _MISSED_MIN)
    swapped = word[at : at + 2] == known[at : at + 2][::-1] and word[at + 2 :] == known[at + 2 :]
    struck = len(word) >= _SUBSTITUTED_MIN and word[at + 1 :] == known[at + 1 :]
    return swapped or struck
