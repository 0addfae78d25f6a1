"""Cuts a passage into sentences, list items and table rows, with their offsets."""

import re
from collections.abc import Iterator

from msgspec import Struct

_END = re.compile(
    r"[.!?…][\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z\d\u00c0-\u00de\u0370-\u04ff\u0590-\u0fff])|[。！？]"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|Nos|vs|e\.g|i\.e|cf|ca|approx|Fig|Sec|pp?|Vol|Inc|Ltd|Co|Jr"
    r"|Sr|etc|al)|\b[A-Z])\.$"
)
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_ROW = re.compile(r"\s*\|.*\|\s*$")
_RULE = re.compile(r"[\s|:+=_*-]+$")
_HEADING = re.compile(r"#{1,6}\s")
_FENCE = re.compile(r"\s*(?:```|~~~)")


class Sentence(Struct, frozen=True):
    """A stretch of a passage that says something. Of a table's row, `cells` go by column."""

    start: int
    end: int
    text: str
    kind: str = "text"
    cells: tuple[tuple[str, str], ...] = ()


def sentences(text: str) -> list[Sentence]:
    """All sentences of a passage, headings among them (their kind is `heading`)."""
    found: list[Sentence] = []
    header: tuple[str, ...] = ()
    for start, end, kind in _blocks(text):
        block = text[start:end]
        if kind == "row":
            cells = tuple(cell.strip() for cell in block.strip().strip("|").split("|"))
            if not header:
                header = cells
                found.append(_trimmed(text, start, end, "heading"))
                continue
            pairs = tuple(zip(header, cells, strict=False))
            found.append(_trimmed(text, start, end, "row", pairs))
            continue
        header = ()
        if kind != "text":
            found.append(_trimmed(text, start, end, kind))
            continue
        found += [_trimmed(text, start + first, start + last) for first, last in _ends(block)]
    return [sentence for sentence in found if sentence.text]


def _blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """Paragraphs, and lines that stand for themselves."""
    start: int | None = None
    kind = "text"
    at = 0
    for line in text.split("\n"):
        end = at + len(line)
        mark = _kind(line)
        goes_on = mark == "text" and start is not None and kind in ("text", "item")
        if start is not None and not goes_on:
            yield start, at - 1, kind
            start = None
        if mark not in ("blank", "rule"):
            start, kind = (at, mark) if start is None else (start, kind)
            if mark in ("row", "heading", "code"):
                yield start, end, kind
                start = None
        at = end + 1
    if start is not None:
        yield start, len(text), kind


def _kind(line: str) -> str:
    if not line.strip():
        return "blank"
    if _RULE.match(line) or _FENCE.match(line):
        return "rule"
    if _HEADING.match(line):
        return "heading"
    if _ROW.match(line):
        return "row"
    if _ITEM.match(line):
        return "item"
    return "text"


def _ends(block: str) -> Iterator[tuple[int, int]]:
    start = 0
    for end in _END.finditer(block):
        mark = block[start : end.start() + 1]
        if _ABBREVIATION.search(mark[-12:]):
            continue
        yield start, end.end()
        start = end.end()
    yield start, len(block)


def _trimmed(
    text: str, start: int, end: int, kind: str = "text", cells: tuple[tuple[str, str], ...] = ()
) -> Sentence:
    """Without the marks of lists, tables and headings, and white space at the ends."""
    block = text[start:end]
    if kind == "item" and (mark := _ITEM.match(block)):
        start += mark.end()
    if kind == "heading":
        start += len(block) - len(block.lstrip("# |"))
    if kind == "row":
        start += len(block) - len(block.lstrip(" |"))
        end -= len(block) - len(block.rstrip(" |"))
    block = text[start:end]
    start += len(block) - len(block.lstrip())
    end -= len(block) - len(block.rstrip())
    return Sentence(start, max(start, end), text[start:end], kind, cells)
