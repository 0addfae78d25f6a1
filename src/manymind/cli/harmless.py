"""Text of a model, made fit for a terminal: without whatever could steer it.

An escape sequence goes as a whole, so that neither a hidden link nor a new window title leaves
its letters behind. Tabs and line ends stay.
"""

import re

_STRING = r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x80-\x9f]*"
_SEQUENCE = re.compile(
    rf"{_STRING}(?:\x07|\x1b\\|\x9c)"  # a title, a link, a device's own command
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor, screen
    r"|\x1b[ -/]*[0-~]"  # the short ones
)
_OPEN = re.compile(rf"(?:{_STRING}\x1b?|(?:\x1b\[|\x9b)[0-?]*[ -/]*|\x1b[ -/]*)\Z")
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
        text = _SEQUENCE.sub("", self._held + piece)
        begun = _OPEN.search(text)
        if begun is None or len(text) - begun.start() > _HELD_MAX:
            self._held = ""
            return harmless(text)
        self._held = text[begun.start() :]
        return harmless(text[: begun.start()])

    def rest(self) -> str:
        """What was held back for an end that did not come."""
        text, self._held = self._held, ""
        return harmless(text)
