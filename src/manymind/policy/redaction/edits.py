"""Where a place in a text lies after parts of it were replaced."""

from bisect import bisect_right

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.parts import Citation


class Edit(Struct, frozen=True):
    """What lay between `start` and `end` lies between `new_start` and `new_end` now. All count
    code points."""

    start: int
    end: int
    new_start: int
    new_end: int


class Edits:
    """Replacements in the order of the text."""

    def __init__(self) -> None:
        self._edits: list[Edit] = []
        self._starts: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._edits)

    def add(self, edit: Edit) -> None:
        self._edits.append(edit)
        self._starts.append(edit.start)

    def place(self, at: int, *, end: bool = False) -> int:
        """Where a place went. One inside of what was replaced went to its start, or its end."""
        n = bisect_right(self._starts, at) - 1
        if n >= 0 and self._starts[n] == at and end:
            n -= 1  # What ends where a replacement begins does not hold it.
        if n < 0:
            return at
        edit = self._edits[n]
        if at < edit.end:
            return edit.new_end if end else edit.new_start
        return at - edit.end + edit.new_end

    def moved(self, citation: Citation) -> Citation:
        if not self._edits:
            return citation
        start = self.place(citation.start)
        return replace(citation, start=start, end=max(start, self.place(citation.end, end=True)))
