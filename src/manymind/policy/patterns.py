"""Lists of names in which `*` stands for anything."""

import re
from collections.abc import Iterable

KNOWN_MAX = 4096


class Patterns:
    """Tells whether a name is on a list. Lists come from settings and from keys, of which there
    are few; each is made ready once."""

    def __init__(self) -> None:
        self._ready: dict[tuple[str, ...], re.Pattern[str]] = {}

    def match(self, patterns: tuple[str, ...], *names: str) -> bool:
        """Whether one of the names is on the list. Large and small letters are the same."""
        ready = self._ready.get(patterns)
        if ready is None:
            if len(self._ready) >= KNOWN_MAX:
                self._ready.clear()
            ready = self._ready[patterns] = _compiled(patterns)
        return any(map(ready.fullmatch, names))


def _compiled(patterns: Iterable[str]) -> re.Pattern[str]:
    """No pattern of ours makes the search slow: stars in a row are one."""
    pieces = (re.escape(re.sub(r"\*+", "*", each)).replace(r"\*", ".*") for each in patterns)
    return re.compile("|".join(pieces), re.IGNORECASE | re.DOTALL)
