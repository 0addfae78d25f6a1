"""Names for requests that nobody can guess."""

from os import urandom

_AHEAD = 256
"""Names whose chance is fetched at once: to ask the system each time would cost more than all else
that is done to make a name."""


class RequestIds:
    """Gives `req_` and what `uuid4` would write."""

    def __init__(self) -> None:
        self._chance = ""
        self._at = 0

    def __call__(self) -> str:
        if self._at == len(self._chance):
            self._chance, self._at = urandom(16 * _AHEAD).hex(), 0
        sign = self._chance[self._at : self._at + 32]
        self._at += 32
        return f"req_{sign[:8]}-{sign[8:12]}-4{sign[13:16]}-a{sign[17:20]}-{sign[20:]}"
