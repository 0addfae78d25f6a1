"""What may leave this server, and what is put in its place. Whoever sends a text out, or writes
it down, asks here first, and hears the answer through here."""

from collections.abc import Mapping
from typing import Protocol, TypeVar

from manymind.canon.embeddings import EmbedRequest
from manymind.canon.events import Say
from manymind.canon.items import Called, Returned
from manymind.canon.origins import Origin
from manymind.canon.requests import Request

Value = TypeVar("Value")


class Exits(Protocol):
    """The exits of one call and of all that is done for it. What must not leave has the same
    placeholder at each of them, and throughout a conversation."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each rule has found something so far."""
        ...

    async def outgoing(self, request: Request) -> Request:
        """The request as it may go to a model, or the fault that says why it may not. It is the
        same value where nothing had to be changed."""
        ...

    def hearing(self, request: Request, say: Say) -> Say:
        """The ear for the answer to what was `outgoing`: `say` hears everything restored."""
        ...

    async def calling(self, called: Called) -> Called:
        """A call as it may go to a tool."""
        ...

    async def returning(self, returned: Returned) -> Returned:
        """What a tool gave back, restored."""
        ...

    def noting(self, say: Say) -> Say:
        """Speaks through `say`, and notes before each word what was found since the last."""
        ...


class Redaction(Protocol):
    """Gives calls their exits."""

    def covers(self, origin: Origin) -> bool:
        """Whether anything is looked for in this call; if not, nobody need open it."""
        ...

    def exits(self, origin: Origin, request: Request) -> Exits | None:
        """The exits of a call; None where it is not covered. The beginning of the history says
        which conversation it is."""
        ...

    async def embedding(self, origin: Origin, request: EmbedRequest) -> EmbedRequest:
        """Texts as they may go to a model that gives vectors, from which nothing comes back."""
        ...


class Cover(Protocol):
    """Hides in what is written down what must not be read there. It works through megabytes
    without a pause, and belongs in a thread."""

    def hidden(self, owner: str, value: Value) -> Value:
        """The value as it may be written down."""
        ...

    def shown(self, owner: str, packed: bytes) -> bytes:
        """JSON that was made of hidden values, as it was before."""
        ...
