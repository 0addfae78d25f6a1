"""A request that nobody has opened, because whoever passes it on need not know what it says.

What is not streamed is not spoken either: a letter that asks for a whole reply is answered by a
return.
"""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from msgspec import Raw, Struct

from manymind.canon.answers import Answer
from manymind.canon.events import Say
from manymind.canon.ports import Desk, Worst
from manymind.canon.requests import Request


class Weight(Struct, frozen=True, kw_only=True):
    """What of a letter a prompt can be made of: bytes of `text`, bytes of `json`, and `objects`,
    round each of which a template may put its marks."""

    text: int
    json: int
    objects: int


class Letter(Struct, frozen=True, kw_only=True):
    """`fields` are those of the body, each as it lay on the wire; among them is none that the
    gateway itself acts on. `size` is the length of the body, in which nobody finds more tokens
    than bytes. It is opened where someone must look inside: in another dialect, after a fault,
    under a budget that its bytes would not fit. It is read at the first opening only.

    Its `outline` is what is written on the envelope: the model, whether it is streamed, and what
    bounds its cost but for the prompt. `weigh` bounds that, and gives None where it holds what
    no count of bytes can bound, as images do.
    """

    dialect: str
    model: str
    size: int
    fields: Mapping[str, Raw]
    outline: Request
    opener: Callable[[], Request]
    weigh: Callable[[], Weight | None]


@runtime_checkable
class Carrier(Protocol):
    """A provider that may pass a letter on, and bring the whole reply back as it came: an answer
    that has no items, but a wire. Of a letter that asks for a stream it speaks the reply."""

    def carries(self, letter: Letter, model: str) -> bool: ...

    async def carry(self, letter: Letter, model: str, desk: Desk) -> Answer: ...

    async def speak(self, letter: Letter, model: str, say: Say, desk: Desk) -> None: ...


@runtime_checkable
class Weighing(Protocol):
    """Pricing that can bound what a letter costs."""

    def bound(self, offer: str, letter: Letter) -> Worst | None:
        """The most that it can cost, without a look inside; None where that takes one."""
        ...
