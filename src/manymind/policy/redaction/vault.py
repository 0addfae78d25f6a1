"""Placeholders and what they stand for, in one conversation.

A placeholder is made of its value with a key that only this server has and that differs between
conversations: the same value always has the same one, in every turn and for every agent, though
nobody remembers it; and nobody can make one up, or see by it that two conversations speak of the
same thing. What it stands for is held in memory, for one call.
"""

import re
from base64 import b32encode
from bisect import bisect_left, insort
from hashlib import blake2b
from threading import Lock

from manymind.policy.redaction.json_text import escaped

PLACEHOLDER = re.compile(r"\[[A-Z][A-Z0-9_]*_[a-z2-7]{10,}\]")

_ID_LENGTH = 10


class Vault:
    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._sorted: list[str] = []
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._values)

    def placeholder(self, key: bytes, label: str, value: str) -> str:
        """What stands for the value from now on."""
        said = f"{label}\0{value}".encode("utf-8", "surrogatepass")
        digest = b32encode(blake2b(said, key=key, digest_size=30).digest()).decode().lower()
        for length in range(_ID_LENGTH, len(digest) + 1):
            made = f"[{label}_{digest[:length]}]"
            if self._note(made, value):
                return made
        raise AssertionError("two values of one digest")

    def restored(self, text: str, *, in_json: bool = False) -> str:
        """The text with the values in the place of their placeholders; within the strings of a
        text that is JSON, as they are written there."""
        if "[" not in text or not self._values:
            return text
        return PLACEHOLDER.sub(lambda match: self.value(match[0], in_json=in_json), text)

    def value(self, placeholder: str, *, in_json: bool = False) -> str:
        """What a placeholder stands for; what is none of ours stands for itself."""
        value = self._values.get(placeholder)
        if value is None:
            return placeholder
        return escaped(value) if in_json else value

    def begins(self, tail: str) -> bool:
        """Whether one of our placeholders begins with this, and goes on."""
        at = bisect_left(self._sorted, tail)
        if at < len(self._sorted) and self._sorted[at] == tail:
            at += 1
        return at < len(self._sorted) and self._sorted[at].startswith(tail)

    def _note(self, made: str, value: str) -> bool:
        """Whether the placeholder stands for this value and no other. Agents work at once."""
        with self._lock:
            known = self._values.setdefault(made, value)
            if len(self._sorted) < len(self._values):
                insort(self._sorted, made)
            return known == value
