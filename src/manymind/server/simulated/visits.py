"""What came to the simulated server and how it ended, for tests to look at."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Literal, TypeAlias

from manymind.server.simulated.talk import Json

Outcome: TypeAlias = Literal["open", "answered", "cut", "hung_up"]

_SECRET = (
    "authorization",
    "x-api-key",
    "x-goog-api-key",
    "api-key",
    "proxy-authorization",
    "cookie",
)


def fingerprint(secret: str) -> str:
    """What a visit keeps of a secret: enough to know it again, nothing to use."""
    return f"sha256:{sha256(secret.encode()).hexdigest()[:16]}"


class Visit:
    """One request. `began` and `ended` are readings of the server's clock, `client` is the
    address and port it came from (one port, one connection), `sent` counts stream events."""

    def __init__(
        self,
        number: int,
        method: str,
        path: str,
        query: str,
        headers: Iterable[tuple[bytes, bytes]],
        client: tuple[str, int] | None,
        began: float,
    ) -> None:
        self.number = number
        self.method = method
        self.path = path
        self.query = query
        self.headers = {name: _kept(name, value) for name, value in _texts(headers)}
        self.client = client
        self.began = began
        self.ended: float | None = None
        self.outcome: Outcome = "open"
        self.status: int | None = None
        self.raw = b""
        self.oversize = False
        self.body: Json = {}
        self.model = ""
        self.sent = 0

    def end(self, outcome: Outcome, now: float) -> None:
        """The first end is the one that counts."""
        if self.outcome == "open":
            self.outcome, self.ended = outcome, now

    def __repr__(self) -> str:
        return f"<Visit {self.number} {self.method} {self.path} {self.status} {self.outcome}>"


def _texts(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[str, str]]:
    return ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _kept(name: str, value: str) -> str:
    if name not in _SECRET:
        return value
    scheme, space, secret = value.rpartition(" ")
    return f"{scheme}{space}{fingerprint(secret)}"
