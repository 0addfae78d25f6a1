"""Who calls? One bootstrap key so far; it is compared as a digest, in constant time."""

import hashlib
import hmac

from msgspec import Struct

from manymind.canon.faults import Unauthorized


class Caller(Struct, frozen=True, kw_only=True):
    """Whom a request is answered for and charged to."""

    id: str


class Keys:
    """`key` is the bootstrap key; without one everybody who reaches the server is the owner,
    which is why it then binds to loopback alone."""

    def __init__(self, key: str | None) -> None:
        self._digest = _digest(key) if key else None

    @property
    def required(self) -> bool:
        return self._digest is not None

    def identify(self, given: str | None) -> Caller:
        if self._digest is None:
            return Caller(id="owner")
        if not given:
            raise Unauthorized(
                "No API key was given.",
                advice="Send it as Authorization: Bearer KEY or as x-api-key.",
            )
        if not hmac.compare_digest(_digest(given), self._digest):
            raise Unauthorized(
                "The API key is not known here.", advice="Check the value of your key."
            )
        return Caller(id="owner")


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
