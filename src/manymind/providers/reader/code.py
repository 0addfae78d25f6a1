"""Cuts code into what a reader would quote of it: definitions with their first lines, single
settings, and the sentences of comments and of texts that document it."""

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

CODE_FILE = re.compile(
    r"\.(?:pyi?|[jt]sx?|go|rs|[ch]|cc|cpp|hpp|java|kt|rb|php|cs|swift|scala|sh|sql|css|lua|pl|r|jl"
    r"|exs?|erl|hs|ml|zig)$",
    re.IGNORECASE,
)
RECORD_FILE = re.compile(r"\.(?:toml|ini|cfg|conf|ya?ml|json|jsonl|log|env|properties)$", re.I)
TABLE_FILE = re.compile(r"\.(?:csv|tsv)$", re.IGNORECASE)

STRETCH_LINES_MAX, SHOWN_LINES_MAX = 14, 6
_DEFINITION = re.compile(
    r"\s*(?:@\w|(?:export |pub |public |private |static |async |abstract |final )*"
    r"(?:def|class|func|fn|function|struct|enum|impl|interface|trait|module|type|CREATE TABLE)\b)"
)
_SETTING = re.compile(r"[\w.\"'-]+(?:: ?[^=\n]{1,60})? ?[=:] ?\S")
_QUOTES = re.compile(r"\"\"\"|'''")
_MARKED = re.compile(r"\s*(?:#|//|--|/?\*|@|def |class |return |import |from )")
_WORDS = re.compile(r"\w+")


class _Line(Struct, frozen=True):
    start: int
    end: int
    text: str
    prose: bool


def code_stretches(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start and end of each stretch, and whether it is prose: a text in three quotation marks
    that no definition goes before."""
    held: list[_Line] = []
    for line in _lines(text):
        if held and _ends_before(held, line):
            yield from _cut(held)
            held = []
        if line.text.strip():
            held.append(line)
    yield from _cut(held)


def _lines(text: str) -> Iterator[_Line]:
    """The lines; `prose` are those within three quotation marks."""
    at, inside = 0, False
    for line in text.split("\n"):
        marks = len(_QUOTES.findall(line))
        prose = inside or marks > 0
        inside = inside != bool(marks % 2)
        yield _Line(at, at + len(line), line, prose)
        at += len(line) + 1


def _ends_before(held: list[_Line], line: _Line) -> bool:
    """Whether a new stretch begins with this line."""
    if not line.text.strip():
        return not (held[-1].prose and line.prose)
    if _DEFINITION.match(line.text) and not line.prose:
        return _DEFINITION.match(held[-1].text) is None or not held[-1].text.strip().startswith("@")
    if line.prose != held[-1].prose:
        return not (line.prose and (_defines(held) or _SETTING.match(held[-1].text)))
    return len(held) >= STRETCH_LINES_MAX and not line.prose


def _defines(held: list[_Line]) -> bool:
    return any(_DEFINITION.match(line.text) for line in held)


def _cut(held: list[_Line]) -> Iterator[tuple[int, int, bool]]:
    if not held:
        return
    parted = _first_gap(held)
    if parted:
        yield from _cut(held[:parted])
        held = held[parted:]
    if all(line.prose for line in held):
        yield _inside(held)
        return
    if _reads_as_prose(held):
        yield held[0].start, held[-1].end, True
        return
    alone = [line for line in held if _SETTING.match(line.text)]
    if len(alone) == len(held) and all(len(_WORDS.findall(line.text)) >= 3 for line in held):
        yield from ((line.start, line.end, False) for line in held)
        return
    yield held[0].start, held[-1].end, False


def lines_about(text: str, words: Callable[[str], int]) -> tuple[int, int]:
    """The few lines of a long stretch that hold most; `words` counts what a text holds."""
    lines = list(_lines(text))
    if len(lines) <= SHOWN_LINES_MAX or _DEFINITION.match(lines[0].text):
        return 0, len(text)
    first = max(
        range(len(lines) - SHOWN_LINES_MAX + 1),
        key=lambda at: words(text[lines[at].start : lines[at + SHOWN_LINES_MAX - 1].end]),
    )
    return lines[first].start, lines[first + SHOWN_LINES_MAX - 1].end


def _first_gap(held: list[_Line]) -> int:
    """Where the text that documents a definition has its first blank line; 0 for none. What
    comes behind it is prose of its own."""
    for number in range(1, len(held)):
        before, line = held[number - 1], held[number]
        if before.prose and line.prose and line.start > before.end + 1:
            return number if not held[0].prose else 0
    return 0


def _reads_as_prose(held: list[_Line]) -> bool:
    """Whether these lines are sentences that were taken out of their quotation marks."""
    text = "\n".join(line.text for line in held).strip()
    if not text.endswith((".", "!", "?", ":")) or any(map(_MARKED.match, text.split("\n"))):
        return False
    signs = sum(text.count(sign) for sign in "=(){}[];<>")
    return len(_WORDS.findall(text)) >= 6 and signs * 40 < len(text)


def _inside(held: list[_Line]) -> tuple[int, int, bool]:
    """The text between the quotation marks."""
    start, end = held[0].start, held[-1].end
    first, last = held[0].text, held[-1].text
    opening = _QUOTES.search(first)
    closings = list(_QUOTES.finditer(last))
    if opening:
        start += opening.end()
    if closings and held[-1].start + closings[-1].start() >= start:
        end = held[-1].start + closings[-1].start()
    return start, max(start, end), True
