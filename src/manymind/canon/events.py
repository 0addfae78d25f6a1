"""Facts about an answer as it comes. The stream is the truth; the answer is its fold.

Grammar, for each voice:

    Began  ( Opened (PartOpened | Wrote | Cited | Advanced | PartClosed)* Closed
           | Stopped | Spent | Unheard )*  Ended

Several items may be open at once. `item` is a key that is unique among the events of its run;
it never goes on the wire. A fault is raised, not spoken: a stream without `Ended` is no answer.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import Struct

from manymind.canon.items import Item
from manymind.canon.parts import Citation, Part
from manymind.canon.usage import Usage
from manymind.canon.values import Aside, Json
from manymind.canon.verification import Verification

LEADER = "leader"
"""The voice that the caller hears. Every other voice is an agent's."""


class Event(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Something that happened while answering. `voice` names who did it."""

    voice: str = LEADER


class Began(Event, frozen=True, kw_only=True, tag="began"):
    """`model` is the one that serves. `created` is in seconds since 1970, 0 where unknown. `id`
    is empty where the provider has none to give; the door then names the answer."""

    id: str
    model: str
    created: int = 0
    aside: Aside | None = None


class Opened(Event, frozen=True, kw_only=True, tag="opened"):
    """An item begins. `value` is its shell: no parts and no arguments yet."""

    item: str
    value: Item
    choice: int = 0


class PartOpened(Event, frozen=True, kw_only=True, tag="part_opened"):
    """A part begins. `where` is content or summary; `value` is the part, its text still empty."""

    item: str
    part: int
    value: Part
    where: str = "content"


class Wrote(Event, frozen=True, kw_only=True, tag="wrote"):
    """More text: of a part, or of a call's arguments (`where` is then arguments, `part` 0)."""

    item: str
    text: str
    part: int = 0
    where: str = "content"
    logprobs: tuple[Json, ...] | None = None


class Cited(Event, frozen=True, kw_only=True, tag="cited"):
    item: str
    citation: Citation
    part: int = 0


class Advanced(Event, frozen=True, kw_only=True, tag="advanced"):
    """A server-side tool call moves on: in_progress, searching, interpreting, …"""

    item: str
    state: str


class PartClosed(Event, frozen=True, kw_only=True, tag="part_closed"):
    """A part is done. `value`, where given, holds what only the end knew, beside the text."""

    item: str
    part: int
    where: str = "content"
    value: Part | None = None


class Closed(Event, frozen=True, kw_only=True, tag="closed"):
    """An item is done. `sealed`, where given, holds what only the end knew (a signature,
    an encrypted form, a tool's sources); text and arguments are always those that were written.
    """

    item: str
    status: str = "completed"
    sealed: Item | None = None


class Stopped(Event, frozen=True, kw_only=True, tag="stopped"):
    """Why a choice ended: stop, length, tool_calls, content_filter, refusal, pause or other.

    `native` is the provider's own word; `sequence` is the stop sequence that was met.
    """

    reason: str
    choice: int = 0
    native: str | None = None
    sequence: str | None = None
    aside: Aside | None = None


class Spent(Event, frozen=True, kw_only=True, tag="spent"):
    """The usage of the whole answer so far. A later one of the same voice replaces it."""

    usage: Usage


class Unheard(Event, frozen=True, kw_only=True, tag="unheard"):
    """A stream event of a kind that we do not know, for the dialect that does."""

    dialect: str
    data: Json


class Noted(Event, frozen=True, kw_only=True, tag="noted"):
    """What happened in a team beside the talk: spawned, claim, rejected, budget, report, …

    `data` holds ids, counts and short facts. Only views that ask for agents show it.
    """

    what: str
    data: Json


class Ended(Event, frozen=True, kw_only=True, tag="ended"):
    """`status` is completed, incomplete or cancelled; `reason` says why where not completed.
    `verification` is our own team's word on what it said, and nobody else's."""

    status: str = "completed"
    reason: str | None = None
    verification: Verification | None = None
    aside: Aside | None = None


Happened: TypeAlias = (
    Began
    | Opened
    | PartOpened
    | Wrote
    | Cited
    | Advanced
    | PartClosed
    | Closed
    | Stopped
    | Spent
    | Unheard
    | Noted
    | Ended
)


class Wire(Struct, frozen=True):
    """A message as its dialect sent it, decoded. `event` is the SSE event's name, if any.

    `whole` marks a whole reply, as opposed to one chunk of a stream. Where a whole reply came to
    a letter it is not decoded: `sealed` holds it, and `data` no more than was skimmed from it.
    Nor is a chunk that only goes on with a text: `sealed` is then its message, on one line, and
    `data` holds the model that it names.
    """

    dialect: str
    data: Json
    event: str | None = None
    whole: bool = False
    sealed: bytes = b""


class Chunk(Struct, frozen=True):
    """What is spoken at once: events, and the wire message that they were read from.

    A writer of the same dialect sends that message as it came, so that fields we have never
    heard of pass through; it writes over only what the gateway knows better (the model's id,
    the cost of `Spent`). Whoever changes any other event of a chunk drops its wire.
    """

    events: tuple[Happened, ...]
    wire: Wire | None = None


Say = Callable[[Chunk], Awaitable[None]]


def words(chunk: Chunk) -> Wrote | None:
    """What a chunk goes on with, if it does nothing else, as nearly all of a stream do. Whoever
    waits for a beginning, a cost or an end need look no closer at it."""
    if len(chunk.events) != 1:
        return None
    event = chunk.events[0]
    return event if isinstance(event, Wrote) else None


def spoken(*events: Happened) -> Chunk:
    """A chunk of events that no wire message stands behind."""
    return Chunk(events)
