"""A request that nobody has opened: whoever only passes it on need not know what it says."""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from msgspec import Raw, Struct

from manymind.canon.events import Say
from manymind.canon.ports import Desk
from manymind.canon.requests import Request


class Letter(Struct, frozen=True, kw_only=True):
    """`fields` are those of the body, each as it lay on the wire; among them is none that the
    gateway itself acts on. `size` is the length of the body, in which nobody finds more tokens
    than bytes. It is opened where someone must look inside: under a budget, in another dialect,
    after a fault.
    """

    dialect: str
    model: str
    size: int
    fields: Mapping[str, Raw]
    opener: Callable[[], Request]

    @property
    def outline(self) -> Request:
        """What is written on the envelope."""
        return Request(model=self.model, dialect=self.dialect)


@runtime_checkable
class Carrier(Protocol):
    """A provider that may pass a letter on, and speaks the reply unopened, too."""

    def carries(self, letter: Letter, model: str) -> bool: ...

    async def carry(self, letter: Letter, model: str, say: Say, desk: Desk) -> None: ...
