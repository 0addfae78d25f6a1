"""The sentences of an answer, with the markers that stand behind them, and which of them hold a
figure that their evidence does not."""

import re
from collections.abc import Iterator

from msgspec import Struct

from manymind.engine.evidence import Evidence
from manymind.engine.figures import stands
from manymind.engine.marks import MARKER, named

_END = re.compile(r"(?<=[.!?。！？])[\"'”’»)\]]*\s+(?![a-zß-öø-ÿ])|(?<=[。！？])|\n+")
_LED = re.compile(rf"(?:(?:[^\w{{}}]|_)*{MARKER.pattern})+[\s.,;:]*")
_WORD = re.compile(r"[^\W_]")
_LISTED = re.compile(r"^\s*(?:#+\s*)?\d+[.)]\s")


class Sentence(Struct, frozen=True):
    start: int
    end: int


def sentences(text: str) -> Iterator[Sentence]:
    """All of a text. Markers that no word stands before belong to the sentence before them,
    and so does what holds no word at all."""
    start = 0
    last: Sentence | None = None
    for end in (*(found.end() for found in _END.finditer(text)), len(text)):
        led = _LED.match(text, start, end)
        if last is not None and led is not None:
            last = Sentence(last.start, led.end())
            start = led.end()
        if last is not None and _WORD.search(text, start, end) is None:
            last = Sentence(last.start, end)
        elif start < end:
            if last is not None:
                yield last
            last = Sentence(start, end)
        start = end
    if last is not None:
        yield last


def doubted(text: str, evidence: Evidence) -> tuple[Sentence, ...]:
    """The sentences that cite evidence for a figure which stands neither in it nor in what code
    has computed. It may be a sum; nobody has proved it."""
    return tuple(
        sentence
        for sentence in sentences(text)
        if _doubted(text[sentence.start : sentence.end], evidence)
    )


def without(text: str, cut: tuple[Sentence, ...]) -> str:
    """The text without these sentences; their line ends stay."""
    pieces: list[str] = []
    start = 0
    for sentence in cut:
        tail = text[sentence.start : sentence.end]
        pieces += (text[start : sentence.start], tail[len(tail.rstrip("\n")) :])
        start = sentence.end
    return "".join((*pieces, text[start:]))


def _doubted(sentence: str, evidence: Evidence) -> bool:
    claims = [claim for name in named(sentence) if (claim := evidence.get(name))]
    quotes = (quote for claim in claims for quote in claim.quotes)
    plain = _LISTED.sub("", MARKER.sub("", sentence))
    return bool(claims) and not stands(plain, *quotes, *evidence.computed)
