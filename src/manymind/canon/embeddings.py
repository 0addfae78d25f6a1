"""Vectors for texts: what is asked, and what comes back. There is no stream of them."""

from typing import TypeAlias

from msgspec import Struct

from manymind.canon.requests import Caps
from manymind.canon.usage import Usage
from manymind.canon.values import Aside

Input: TypeAlias = str | tuple[int, ...]
"""A text, or the ids of its tokens, which mean something to one family of models alone."""


class EmbedRequest(Struct, frozen=True, kw_only=True):
    """A vector is wanted for each of `inputs`, of so many `dimensions`, or as many as the model
    usually gives. `packed` says that the caller wants them as base64."""

    model: str
    inputs: tuple[Input, ...]
    dimensions: int | None = None
    packed: bool = False
    user: str | None = None
    caps: Caps = Caps()
    aside: Aside | None = None


class Vector(Struct, frozen=True):
    """The numbers of a vector one after another, little-endian floats of so many `bits`: 32 where
    they came packed, 64 where they came as decimals, which 32 would round."""

    data: bytes
    bits: int


class Vectors(Struct, frozen=True, kw_only=True):
    """One vector for each input, in their order. `usage` is None where nobody counted."""

    model: str
    vectors: tuple[Vector, ...]
    usage: Usage | None = None
