"""What is written down: values are sealed where they stand, so that they live and die with their
row, and nobody who reads the database sees them."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from manymind.canon.exits import Cover
from manymind.policy.redaction.json_text import escaped
from manymind.policy.redaction.masking import Masking
from manymind.policy.redaction.remembering import Remembering
from manymind.policy.redaction.rules import Rule

Value = TypeVar("Value")

_BEGIN = b"[sealed:"
_SEALED = re.compile(rb"\[sealed:([A-Za-z0-9_-]+={0,2})\]")
_NONCE_BYTES = 16


class Sealed(Cover):
    """Values are sealed for their owner: another tenant's row, or a text that somebody made up,
    opens nothing. Without rules nothing new is sealed, and what was is still read."""

    def __init__(
        self, found: Remembering | None, key: bytes, random: Callable[[int], bytes]
    ) -> None:
        self._found = found
        self._cipher = AESSIV(key)
        self._random = random

    def hidden(self, owner: str, value: Value) -> Value:
        if self._found is None:
            return value

        def instead(rule: Rule, found: str) -> str | None:
            return None if rule.action == "flag" else self._sealed(owner, found)

        return Masking(self._found, instead, exact=True).walk.over(value)

    def shown(self, owner: str, packed: bytes) -> bytes:
        if _BEGIN not in packed:
            return packed
        return _SEALED.sub(lambda match: self._opened(owner, match), packed)

    def _sealed(self, owner: str, value: str) -> str:
        nonce = self._random(_NONCE_BYTES)
        raw = value.encode("utf-8", "surrogatepass")
        box = nonce + self._cipher.encrypt(raw, [owner.encode(), nonce])
        return f"[sealed:{urlsafe_b64encode(box).decode()}]"

    def _opened(self, owner: str, match: re.Match[bytes]) -> bytes:
        try:
            box = urlsafe_b64decode(match[1])
            nonce, rest = box[:_NONCE_BYTES], box[_NONCE_BYTES:]
            raw = self._cipher.decrypt(rest, [owner.encode(), nonce])
        except (Error, InvalidTag, ValueError):
            return match[0]
        return escaped(raw.decode("utf-8", "surrogatepass")).encode()
