"""A request that nobody has opened, because whoever passes it on need not know what it says.

What is not streamed is not spoken either: a letter is answered by a return.
"""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from msgspec import Raw, Struct

from manymind.canon.answers import Answer
from manymind.canon.ports import Desk
from manymind.canon.requests import Request


class Letter(Struct, frozen=True, kw_only=True):
    """`fields` are those of the body, each as it lay on the wire; among them is none that the
    gateway itself acts on. `size` is the length of the body, in which nobody finds more tokens
    than bytes. It is opened where someone must look inside: under a budget, in another dialect,
    after a fault. Its `outline` is what is written on the envelope.
    """

    dialect: str
    model: str
    size: int
    fields: Mapping[str, Raw]
    outline: Request
    opener: Callable[[], Request]


@runtime_checkable
class Carrier(Protocol):
    """A provider that may pass a letter on, and bring the whole reply back as it came: an answer
    that has no items, but a wire."""

    def carries(self, letter: Letter, model: str) -> bool: ...

    async def carry(self, letter: Letter, model: str, desk: Desk) -> Answer: ...
