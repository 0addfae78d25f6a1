"""The seams: what rooms ask of each other without knowing each other."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.attempts import Attempt, Bill
from manymind.canon.documents import Card, Checked, Passage
from manymind.canon.embeddings import EmbedRequest, Vectors
from manymind.canon.events import Chunk, Happened, Say
from manymind.canon.exits import Exits
from manymind.canon.items import Called, Item, Returned
from manymind.canon.origins import Origin
from manymind.canon.requests import Function, Request
from manymind.canon.usage import Usage
from manymind.canon.values import Ticks


class Clock(Protocol):
    def now(self) -> float:
        """Seconds that only ever grow; for deadlines."""
        ...

    def today(self) -> float:
        """Seconds since 1970; for what people read."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class Hold(Protocol):
    """A reservation. Settled exactly once, also after a fault or a hang-up. Once begun, a
    settlement is not to be interrupted: one that has to wait for something shields itself."""

    async def settle(self, used: Ticks, attempt: Attempt | None = None) -> None:
        """Book what was used, and in the same stroke the row that tells of it."""
        ...


class Allotment(Protocol):
    """What a call and all its children may spend."""

    @property
    def spent(self) -> Ticks:
        """What was settled so far, here and in all its children."""
        ...

    async def reserve(self, worst: Ticks, *, tokens: int = 0, final: bool = False) -> Hold:
        """Set the worst case aside, in money and in tokens, or raise `OverBudget`. `final` may
        use the reserve that is kept back for writing the answer."""
        ...

    async def child(self, cap: Ticks | None) -> "Allotment":
        """An allotment of at most `cap` that spends from this one; without a cap it only counts
        apart what is spent through it."""
        ...

    def left(self) -> Ticks | None:
        """What may still be reserved; None where there is no cap."""
        ...

    @property
    def bounded(self) -> bool:
        """Whether a reservation must say the worst case, in money or in tokens. Where it is
        False nobody need work it out, and `reserve(0)` is right."""
        return self.left() is not None

    @property
    def counts_tokens(self) -> bool:
        """Whether tokens are among what is bounded."""
        return False


class Steer(Struct, frozen=True, kw_only=True):
    """A word from outside to a run. `to` is a voice, or None for all."""

    text: str
    to: str | None = None


class Inbox(Protocol):
    def drain(self) -> tuple[Steer, ...]: ...


class Trail(Protocol):
    """Is told of the attempts of one call, so that its reply can say who gave it."""

    def planned(self, offers: Sequence[tuple[str, str]]) -> None:
        """So many may be asked: models and their providers, the first choice first."""
        ...

    def began(self, model: str, provider: str) -> None:
        """Someone is asked: this model, as it is called whoever serves it, at this provider."""
        ...

    def failed(self, status: int) -> None:
        """Whoever was asked last failed, with such a status."""
        ...


class Desk(Struct, frozen=True, kw_only=True):
    """Where a call is made from. `key` names the call within its run and never repeats.

    `deadline` is in the seconds of `clock.now()`. `depth` counts teams within teams. `origin`
    is on whose behalf all of it is done. The `trail` is of this call alone, and not of those that
    are made to answer it. What is sent out goes through `exits`, where there are any.
    """

    key: str
    allotment: Allotment
    clock: Clock
    origin: Origin = Origin()
    depth: int = 0
    deadline: float | None = None
    inbox: Inbox | None = None
    final: bool = False
    trail: Trail | None = None
    exits: Exits | None = None

    def at(self, step: str, allotment: Allotment | None = None) -> "Desk":
        """The desk of a call made from this one."""
        allotment = allotment or self.allotment
        return replace(self, key=f"{self.key}/{step}", allotment=allotment, trail=None)


class Provider(Protocol):
    """Something that answers: it speaks through `say` and returns nothing."""

    async def run(self, request: Request, say: Say, desk: Desk) -> None: ...


class Embedder(Protocol):
    """Something that gives vectors."""

    async def embed(self, request: EmbedRequest, desk: Desk) -> Vectors: ...


class Worst(Struct, frozen=True, kw_only=True):
    """The most that a call can cost. `bounded` is False where nobody can promise that, and
    `reason` then says why, as the end of a sentence. `uncounted` says the same of its tokens,
    which may be known where a price is not."""

    ticks: Ticks
    input_tokens: int
    output_tokens: int
    bounded: bool = True
    reason: str = ""
    uncounted: str = ""

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


class Pricing(Protocol):
    """What an offer costs. An offer is named `provider/model`."""

    def worst(self, offer: str, request: Request) -> Worst: ...

    def cost(self, offer: str, usage: Usage) -> Ticks | None:
        """None where the price is not known."""
        ...


class Meter(Protocol):
    """A `say` that reads along, for one attempt."""

    async def __call__(self, chunk: Chunk) -> None: ...

    def whole(self, answer: Answer) -> Usage | None:
        """This answer, which nobody spoke, came to its end. Gives its usage with its cost."""
        ...

    def bill(self, *, unbilled: bool = False) -> Bill:
        """What the attempt costs as far as it has come. `unbilled` says that the provider is
        known not to have begun."""
        ...


class Stake(Protocol):
    """What an attempt is about, worked out only if someone must know."""

    @property
    def request(self) -> Request: ...

    @property
    def worst(self) -> Worst: ...


class Metering(Protocol):
    """Puts a meter round `say` for an attempt at an offer."""

    def __call__(self, offer: str, stake: Stake, say: Say) -> Meter: ...


class Toolbox(Protocol):
    """Tools that agents can call, beside those of the corpus."""

    def specs(self) -> tuple[Function, ...]: ...

    async def call(self, called: Called, say: Say, desk: Desk) -> Returned: ...


@runtime_checkable
class Computing(Protocol):
    """A toolbox that has tools which run code: what these print is computed, not claimed, and a
    figure that stands there needs no quote."""

    def computes(self, tool: str) -> bool: ...


class Library(Protocol):
    """The documents that one question may be answered from."""

    def cards(self) -> tuple[Card, ...]: ...

    async def search(
        self, query: str, *, limit: int = 8, within: tuple[str, ...] = ()
    ) -> tuple[Passage, ...]:
        """The best passages for the words of `query`; `within` narrows to document ids."""
        ...

    async def grep(
        self, pattern: str, *, limit: int = 20, within: tuple[str, ...] = ()
    ) -> tuple[Passage, ...]:
        """Lines that match a regular expression, in linear time."""
        ...

    async def slice(self, document_id: str, start: int, end: int) -> Passage:
        """A stretch of a document as it stands; raises `NotFound` for an unknown one."""
        ...

    async def check(self, document_id: str, quote: str) -> Checked:
        """Whether the quote stands word for word in the document."""
        ...


class Shelves(Protocol):
    """Gives the library of a request: its own documents and those that stand on the shelves."""

    async def library(self, request: Request) -> Library: ...


class Kept(Struct, frozen=True, kw_only=True):
    """An answer that can be asked for again. `request` holds what its caller sent with it, not
    what was recalled before it; `owner` is whom it belongs to. `events` are what a streamed
    answer was told in, so that it can be told again. `at` is when it was kept, in seconds since
    1970, for those who read it."""

    owner: str
    request: Request
    answer: Answer
    events: tuple[Happened, ...] = ()
    at: int = 0


class Memory(Protocol):
    """Keeps answers for their owners. To anyone else they do not exist."""

    async def keep(self, kept: Kept) -> None: ...

    async def items(self, owner: str, names: Collection[str]) -> Mapping[str, Item]:
        """Those of the owner's items that are kept under these names."""
        ...

    async def recall(self, owner: str, response_id: str) -> tuple[Item, ...]:
        """The whole history that ends with this answer: what was asked and said, the oldest
        first. Raises `NotFound` where the owner has no such answer."""
        ...
