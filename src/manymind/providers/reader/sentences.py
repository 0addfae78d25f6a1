"""Cuts a passage into sentences, list items, table rows and stretches of code, with offsets."""

import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from manymind.providers.reader.code import CODE_FILE, RECORD_FILE, TABLE_FILE, code_stretches

Kind: TypeAlias = Literal["text", "item", "row", "heading", "code"]

_END = re.compile(
    r"[.!?…][\"'”’)\]]*\s+(?=[\"'“‘(\[*]?\*?[A-Z\d\u00c0-\u00de\u0370-\u04ff\u0590-\u0fff])|[。！？]"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|Nos|vs|e\.g|i\.e|cf|ca|approx|Fig|Sec|pp?|Vol|Inc|Ltd|Co|Jr"
    r"|Sr|etc|al|bzw|z\.B|Nr|Mme)|\b[A-Z])\.$"
)
_ORDINAL = re.compile(
    r"\d\. (?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
    r"|Jahrhundert|Stock|Etage|Klasse)"
)
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_ROW = re.compile(r"\s*\|.*\|\s*$")
_RULE = re.compile(r"[\s|:+=_*-]+$")
_HEADING = re.compile(r"#{1,6}\s")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_SECTION = re.compile(r"\s*\[[^\]=]{1,80}\]\s*$")
_BREAK = re.compile(
    r"\n[ \t]*(?:[-=~]{3,}[ \t]*)?\n|\n[ \t]*[-=~]{3,}[ \t]*(?=\n)"
    r"|\n(?=[ \t]*(?:[-*•] |:\w|\w+ (?:-|–|:) ))"
)
"""Where a text that documents code begins something new: a blank line, a rule, a parameter."""

_SIGNS = re.compile(r"[\s|]*\|[\s|:-]*$")


class Sentence(Struct, frozen=True):
    """A stretch of a passage that says something. Sentences of one paragraph, items of one list
    and rows of one table share their `block`. Of a row, `cells` go by column. `opening` and
    `closing` are where more begins and ends that makes it plain by itself: the head of its table,
    the sentence over its list, the fences round its code."""

    start: int
    end: int
    text: str
    kind: Kind = "text"
    cells: tuple[tuple[str, str], ...] = ()
    block: int = 0
    opening: int | None = None
    closing: int | None = None


Header: TypeAlias = tuple[str, ...]


def sentences(text: str, name: str = "", header: Header = ()) -> list[Sentence]:
    """All sentences of a passage, headings among them (their kind is `heading`). `name` is the
    document's, for code and tables are read by line; `header` are a table file's columns."""
    if TABLE_FILE.search(name):
        found = _records(text, header, "\t" if name.lower().endswith("tsv") else ",")
    elif RECORD_FILE.search(name):
        found = [
            _trimmed(text, start, end, "heading" if _SECTION.match(text, start, end) else "code")
            for start, end, _ in _lines(text)
        ]
    elif CODE_FILE.search(name):
        found = list(_in_code(text, 0, len(text), 0))
    else:
        found = list(_in_prose(text))
    return [sentence for sentence in found if sentence.text]


class _Table:
    """The columns of the table that is being read, and where its head begins."""

    def __init__(self) -> None:
        self.columns: Header = ()
        self.start: int | None = None


def _in_prose(text: str) -> Iterator[Sentence]:
    table = _Table()
    group, before, opening = 0, "", 0
    for start, end, kind in _blocks(text):
        if kind != before or kind == "text":
            group += 1
        if kind != "item" or before not in ("text", "item"):
            opening = start
        before = kind
        if kind == "row":
            yield _row(text, start, end, table, group)
            continue
        table = _Table()
        if kind == "code":
            fences = _line_start(text, start - 1), _line_end(text, end + 1)
            for one in _in_code(text, start, end, group):
                yield replace(one, opening=fences[0], closing=fences[1])
        elif kind == "text":
            for first, last in _ends(text[start:end]):
                yield _trimmed(text, start + first, start + last, "text", group)
        elif kind == "item":
            item = _trimmed(text, start, end, "item", group)
            yield replace(item, opening=opening, closing=item.end)
        else:
            yield _trimmed(text, start, end, "heading", group)


def _row(text: str, start: int, end: int, table: _Table, group: int) -> Sentence:
    """A row, or the head of a table: what stands over a rule of dashes."""
    cells = tuple(cell.strip() for cell in text[start:end].strip().strip("|").split("|"))
    if table.start is None and _SIGNS.match(_next_line(text, end)):
        table.columns, table.start = cells, start
        return _trimmed(text, start, end, "heading", group)
    row = _trimmed(text, start, end, "row", group)
    named = tuple(zip(table.columns or ("",) * len(cells), cells, strict=False))
    opening = start if table.start is None else table.start
    return replace(row, cells=named, opening=opening, closing=end)


def _next_line(text: str, end: int) -> str:
    start = text.find("\n", end) + 1
    return text[start : _line_end(text, start)] if start else ""


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, max(0, at)) + 1


def _line_end(text: str, at: int) -> int:
    stop = text.find("\n", at)
    return stop if stop >= 0 else len(text)


def _records(text: str, header: Header, mark: str) -> list[Sentence]:
    """The lines of a file of records, by the columns that its first line names."""
    found: list[Sentence] = []
    alone = "\n" not in text.strip()
    for start, end, number in _lines(text):
        cells = tuple(cell.strip().strip('"') for cell in text[start:end].split(mark))
        if not header and not alone:
            header = cells
        if cells == header:
            found.append(_trimmed(text, start, end, "heading"))
            continue
        headed = number > 0 and bool(found) and found[0].kind == "heading"
        row = _trimmed(text, start, end, "row", 1)
        named = tuple(zip(header, cells, strict=False))
        opening = found[0].start if headed else start
        found.append(replace(row, cells=named, opening=opening, closing=end))
    return found


def _lines(text: str) -> Iterator[tuple[int, int, int]]:
    at = 0
    for number, line in enumerate(text.split("\n")):
        yield at, at + len(line), number
        at += len(line) + 1


def _in_code(text: str, start: int, end: int, group: int) -> Iterator[Sentence]:
    for first, last, prose in code_stretches(text[start:end]):
        if not prose:
            yield _trimmed(text, start + first, start + last, "code", group)
            continue
        body = text[start + first : start + last]
        for head, tail in _paragraphs(body):
            for left, right in _ends(body[head:tail]):
                at = start + first + head
                yield _trimmed(text, at + left, at + right, "text", group)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for blank in _BREAK.finditer(text):
        yield start, blank.start()
        start = blank.end()
    yield start, len(text)


def _blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """Paragraphs, and lines that stand for themselves; what stands between fences is code."""
    start: int | None = None
    kind, fenced, at = "text", False, 0
    for line in text.split("\n"):
        end = at + len(line)
        fence = _FENCE.match(line) is not None
        mark = "code" if fenced and not fence else _kind(line)
        goes_on = start is not None and (
            mark == kind == "code" or (mark == "text" and kind in ("text", "item"))
        )
        if start is not None and not goes_on:
            yield start, at - 1, kind
            start = None
        if mark not in ("blank", "rule"):
            start, kind = (at, mark) if start is None else (start, kind)
            if mark in ("row", "heading"):
                yield start, end, kind
                start = None
        fenced = fenced != fence
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
        if _ABBREVIATION.search(mark[-12:]) or _ORDINAL.match(block, end.start() - 1):
            continue
        yield start, end.end()
        start = end.end()
    yield start, len(block)


def _trimmed(text: str, start: int, end: int, kind: Kind, block: int = 0) -> Sentence:
    """Without the marks of lists, tables and headings, and white space at the ends."""
    piece = text[start:end]
    if kind == "item" and (mark := _ITEM.match(piece)):
        start += mark.end()
    if kind == "heading":
        start += len(piece) - len(piece.lstrip("# |"))
    if kind == "row":
        start += len(piece) - len(piece.lstrip(" |"))
        end -= len(piece) - len(piece.rstrip(" |"))
    piece = text[start:end]
    if kind != "code":
        start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    end = max(start, end)
    return Sentence(start, end, text[start:end], kind, block=block)
