"""What a dialect is: four faces, each streamed and whole, and the list of what was lost.

A dialect is pure: bytes in, values out, and back. It opens no socket and reads no clock.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from msgspec import Struct

from manymind.canon.answers import Answer
from manymind.canon.events import Chunk
from manymind.canon.faults import Fault
from manymind.canon.letters import Letter
from manymind.canon.requests import Request


class Message(Struct, frozen=True):
    """One server-sent event."""

    data: str
    event: str | None = None


class Written(Struct, frozen=True):
    """A request on its way out. `lost` names what this dialect could not carry, as the caller
    wrote it (`seed`, `tools[2]`, `messages[0].name`)."""

    body: bytes
    lost: tuple[str, ...] = ()


class View(Struct, frozen=True, kw_only=True):
    """How a reply is to look. `house` is openai, openrouter or cloudflare; `agents` shows the
    team's other voices; `created` stands in where the provider gave no time, and `now` tells
    the seconds since 1970 when a reply is done."""

    house: str = "openai"
    agents: bool = False
    created: int = 0
    now: Callable[[], float] | None = None


class Reader(Protocol):
    """Reads one streamed reply."""

    def feed(self, message: Message) -> Chunk:
        """What this message says; raises the fault that it reports, or `UpstreamBroken`."""
        ...

    def end(self) -> Chunk:
        """The stream is over. Raises `CutShort` if the dialect's own end has not come."""
        ...


class Writer(Protocol):
    """Writes one streamed reply. Each element is one whole server-sent event."""

    def write(self, chunk: Chunk) -> list[bytes]: ...

    def fail(self, fault: Fault) -> list[bytes]:
        """The end of a stream that broke; never looks like a success."""
        ...


class Dialect(Protocol):
    name: str

    def read_request(self, body: bytes) -> Request: ...

    def write_request(self, request: Request) -> Written: ...

    def read_reply(self, body: bytes) -> Chunk: ...

    def write_reply(self, answer: Answer, request: Request, view: View) -> bytes: ...

    def reader(self) -> Reader: ...

    def writer(self, request: Request, view: View) -> Writer: ...

    def read_fault(self, status: int, body: bytes, retry_after: float | None) -> Fault: ...

    def write_fault(self, fault: Fault, request_id: str, house: str = "openai") -> bytes: ...


@runtime_checkable
class Sealing(Protocol):
    """A dialect that can pass a question and its answer on without looking inside. `read_letter`
    and `skim_reply` give None for what must be opened after all; whatever is wrong with a body is
    for the opening to say."""

    def read_letter(self, body: bytes) -> Letter | None: ...

    def takes(self, letter: Letter) -> bool:
        """Whether this very server, with its accent, takes all of it as it is written."""
        ...

    def write_letter(self, letter: Letter, model: str) -> bytes: ...

    def letter_writer(self, letter: Letter, view: View) -> Writer:
        """Writes the streamed reply to a letter, which it opens only to tell what was asked."""
        ...

    def skim_reply(self, body: bytes) -> Answer | None: ...
