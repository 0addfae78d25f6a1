"""Cuts a document into pieces for the index, along its own structure.

A piece is some 800 to 1,200 code points: a section, paragraphs, a run of a list, a function. It
never exceeds `PIECE_MAX`, keeps its offsets in the document, and knows under which headings it
stands. Pieces follow one another and leave out nothing but blank lines.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from manymind.canon.documents import Document

PIECE_ENOUGH = 800
"""From here on a piece ends at the next blank line, list item or definition."""

PIECE_MAX = 1_400

_SMALL = 200
_HEADING = re.compile(r"(#{1,6})[ \t]+(.{1,200}?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_DEFINITION = re.compile(
    r"(?:export |pub |public |static |async |abstract |@)*"
    r"(?:def|class|func|fn|function|struct|enum|impl|interface|trait|module|type|CREATE TABLE)\b"
)
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,4}[.)]|\|)[ \t]*\S")
_SENTENCE_END = re.compile(r"[.!?…]['\"”’)\]]*\s|[。！？]|\n")
_CODE = re.compile(
    r"\.(?:py|pyi|js|jsx|ts|tsx|go|rs|c|h|cc|cpp|hpp|java|kt|rb|php|cs|swift|scala|sh|sql|css|lua"
    r"|pl|r|jl|ex|erl|hs|ml|zig|toml|ini|cfg|conf|ya?ml|json|csv|tsv|log)$",
    re.IGNORECASE,
)


class Piece(Struct, frozen=True):
    """A stretch of the text of document number `document`."""

    document: int
    start: int
    end: int
    heading: str | None = None


def cut(document: Document, number: int = 0) -> list[Piece]:
    """All pieces of a document, in order."""
    cutter = _Cutter(document, number)
    for start, end in _lines(document.text):
        cutter.line(start, end)
    cutter.close()
    return cutter.pieces


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Each line with its end, cut where it is longer than a piece may be."""
    start, size = 0, len(text)
    while start < size:
        stop = text.find("\n", start, start + PIECE_MAX)
        if stop >= 0:
            yield start, stop + 1
            start = stop + 1
        elif size - start <= PIECE_MAX:
            yield start, size
            return
        else:
            stop = _good_end(text, start)
            yield start, stop
            start = stop


def _good_end(text: str, start: int) -> int:
    """Where to cut a line that is too long: after a sentence, else at a space, else anywhere."""
    window = text[start : start + PIECE_MAX]
    ends = [end.end() for end in _SENTENCE_END.finditer(window, PIECE_MAX // 3)]
    if ends:
        return start + ends[-1]
    space = window.rfind(" ", PIECE_MAX // 3)
    return start + (space + 1 if space > 0 else PIECE_MAX)


class _Cutter:
    def __init__(self, document: Document, number: int) -> None:
        self.pieces: list[Piece] = []
        self._text = document.text
        self._number = number
        self._code = _CODE.search(document.id) is not None
        self._headings: list[tuple[int, str]] = []
        self._trail: str | None = None
        self._fence: str | None = None
        self._start = 0
        self._end = 0
        self._bare = True

    def line(self, start: int, end: int) -> None:
        line = self._text[start:end]
        if not line.strip():
            if self._end - self._start >= PIECE_ENOUGH and self._fence is None:
                self._close_at(end)
            elif self._end == self._start:
                self._start = self._end = end
            return
        self._make_room(line, start, end)
        self._end = end

    def close(self) -> None:
        self._close_at(len(self._text))

    def _make_room(self, line: str, start: int, end: int) -> None:
        """Close the piece before this line where the line begins something, or does not fit."""
        heading = None if self._fence or self._code else _HEADING.match(line)
        if heading:
            if not self._bare:
                self._close_at(start)
            self._enter(len(heading[1]), heading[2])
        elif end - self._start > PIECE_MAX or self._begins(line):
            self._close_at(start)
        self._bare = self._bare and heading is not None
        self._note_fence(line)

    def _begins(self, line: str) -> bool:
        size = self._end - self._start
        if self._fence is not None or size < _SMALL:
            return False
        if self._code and _DEFINITION.match(line):
            return True
        return size >= PIECE_ENOUGH and _ITEM.match(line) is not None

    def _note_fence(self, line: str) -> None:
        if self._code:
            if _DEFINITION.match(line):
                self._trail = line.strip().rstrip("{:(").strip()[:120] or None
            return
        mark = _FENCE.match(line)
        if mark is None:
            return
        if self._fence is None:
            self._fence = mark[1]
        elif mark[1].startswith(self._fence):
            self._fence = None

    def _enter(self, level: int, title: str) -> None:
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._headings.append((level, title.strip()))
        self._trail = " > ".join(title for _, title in self._headings)

    def _close_at(self, after: int) -> None:
        if self._end > self._start:
            self.pieces.append(Piece(self._number, self._start, self._end, self._trail))
        self._start = self._end = after
        self._bare = True
