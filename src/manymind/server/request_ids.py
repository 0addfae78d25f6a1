"""Names for requests that nobody can guess."""

from collections.abc import Callable
from os import urandom

_AHEAD = 256
"""Names whose chance is fetched at once: to ask the system each time would cost more than all else
that is done to make a name."""


class RequestIds:
    """Gives `req_` and a UUID of version 7, which begins with the time, in milliseconds. Rows that
    are named so lie in a database in the order in which they came: a new one goes beside the last
    one written, and not to a page of its own, which costs two and a half times as much."""

    def __init__(self, today: Callable[[], float]) -> None:
        self._today = today
        self._chance = ""
        self._at = 0

    def __call__(self) -> str:
        if self._at == len(self._chance):
            self._chance, self._at = urandom(10 * _AHEAD).hex(), 0
        sign = self._chance[self._at : self._at + 20]
        self._at += 20
        time = f"{int(self._today() * 1000) & 0xFFFF_FFFF_FFFF:012x}"
        return f"req_{time[:8]}-{time[8:]}-7{sign[:3]}-a{sign[3:6]}-{sign[6:18]}"
