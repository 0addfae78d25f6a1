"""New keys. Each is shown once, and then known by its digest alone.

A plain SHA-256 is enough: a key is 43 letters and digits drawn at random, 256 bits, which nobody
finds by trying. A slow or a keyed hash would protect what people choose, and cost every request.
"""

import hashlib
from collections.abc import Callable
from string import ascii_letters, digits
from typing import TypeAlias

from msgspec import Struct

PREFIX = "mm-"
_ALPHABET = digits + ascii_letters
_LENGTH = 43
_SHOWN = 4

Chance: TypeAlias = Callable[[int], int]
"""A number below the one given, that nobody can foresee."""


class Minted(Struct, frozen=True):
    """`secret` goes to whoever asked for the key, and nowhere else."""

    secret: str
    digest: bytes
    label: str


def mint(chance: Chance) -> Minted:
    secret = PREFIX + "".join(_ALPHABET[chance(len(_ALPHABET))] for _ in range(_LENGTH))
    return Minted(secret, digest(secret), f"{secret[: len(PREFIX) + _SHOWN]}…")


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
