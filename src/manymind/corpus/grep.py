"""Lines that match a regular expression, in time linear in the text whatever the pattern."""

from collections.abc import Iterator
from typing import Protocol

import re2

from manymind.canon.faults import BadRequest

PATTERN_MAX = 1_000
LINE_MAX = 600
_BLOCK = 65_536


class Match(Protocol):
    def span(self) -> tuple[int, int]: ...


class Pattern(Protocol):
    """A compiled pattern, as far as it is used here."""

    def search(self, text: bytes, pos: int, /) -> Match | None: ...


def compiled(pattern: str) -> Pattern:
    """The pattern, or the fault that tells how to write it."""
    if not pattern:
        raise BadRequest("The pattern is empty.", field="pattern")
    if len(pattern) > PATTERN_MAX:
        raise BadRequest(
            f"The pattern is longer than {PATTERN_MAX:,} characters.",
            advice="Search for fewer alternatives at a time.",
            field="pattern",
        )
    options = re2.Options()
    options.log_errors = False
    options.never_nl = True
    try:
        return re2.compile("(?m)" + pattern.encode("utf-8", "replace").decode(), options)
    except re2.error as wrong:
        raise BadRequest(
            f"The pattern is not a regular expression: {_reason(wrong)}.",
            advice="Use RE2 syntax: no look-around and no back references; write \\( for a"
            " bracket that is meant.",
            field="pattern",
        ) from None


def _reason(wrong: Exception) -> str:
    said = wrong.args[0] if wrong.args else "it cannot be read"
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def matching_lines(pattern: Pattern, text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each line that matches; of a very long one, the part about the match."""
    for start, end in _blocks(text):
        yield from _in_block(pattern, text[start:end], start)


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        end = text.find("\n", start + _BLOCK)
        end = len(text) if end < 0 else end + 1
        yield start, end
        start = end


def _in_block(pattern: Pattern, block: str, offset: int) -> Iterator[tuple[int, int]]:
    data = block.encode("utf-8", "replace")
    at = at_byte = 0
    while at_byte < len(data):
        found = pattern.search(data, at_byte)
        if found is None:
            return
        first, last = found.span()
        start = at + len(data[at_byte:first].decode("utf-8", "replace"))
        end = start + len(data[first:last].decode("utf-8", "replace"))
        line = block.rfind("\n", 0, start) + 1
        stop = block.find("\n", end)
        stop = len(block) if stop < 0 else stop
        if start < len(block):
            yield _clipped(offset, line, stop, start)
        at = stop + 1
        next_byte = data.find(b"\n", last)
        at_byte = len(data) if next_byte < 0 else next_byte + 1


def _clipped(offset: int, line: int, stop: int, match: int) -> tuple[int, int]:
    if stop - line > LINE_MAX:
        line = max(line, match - LINE_MAX // 3)
        stop = min(stop, line + LINE_MAX)
    return offset + line, offset + stop
