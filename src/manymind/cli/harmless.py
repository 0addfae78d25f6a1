"""Text of a model, made fit for a terminal: without whatever could steer it.

An escape sequence goes as a whole, so that neither a hidden link nor a new window title leaves
its letters behind. Tabs and line ends stay.
"""

import re

_TITLE = r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x80-\x9f]*"
"""The beginning of a title, a link or a device's own command, without its end."""

_COLOUR = r"(?:\x1b\[|\x9b)[0-?]*[ -/]*"
"""The beginning of what sets colours, cursor and screen."""

_LONG = rf"{_TITLE}(?:\x07|\x1b\\|\x9c)|{_COLOUR}[@-~]"
_SHORT = r"\x1b[ -/]*[0-~]"

_SEQUENCE = re.compile(rf"{_LONG}|{_SHORT}")
_BEGUN = re.compile(rf"{_LONG}|(?P<open>(?:{_TITLE}\x1b?|{_COLOUR}|\x1b[ -/]*)\Z)|{_SHORT}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_HELD_MAX = 4096
"""A sequence that has not ended after so many characters is taken for text."""


def harmless(text: str) -> str:
    return _CONTROLS.sub("", _SEQUENCE.sub("", text))


def one_line(text: str) -> str:
    """Harmless, and on one line."""
    return " ".join(harmless(text).split())


class Cleaner:
    """Does the same to text that comes in pieces: a sequence may begin in one and end in the
    next."""

    def __init__(self) -> None:
        self._held = ""

    def clean(self, piece: str) -> str:
        text = self._held + piece
        end = next((m.start() for m in _BEGUN.finditer(text) if m["open"]), len(text))
        if len(text) - end > _HELD_MAX:
            end = len(text)
        self._held = text[end:]
        return harmless(text[:end])

    def rest(self) -> str:
        """What was held back for an end that did not come."""
        text, self._held = self._held, ""
        return harmless(text)
