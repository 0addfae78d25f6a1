"""What the agents of one run share beside their claims: what was asked, what was read, what was
said to them from outside, and which limits were met."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import anyio
from msgspec import Struct

from manymind.canon.documents import Card, Passage
from manymind.canon.ports import Inbox, Steer

Passages: TypeAlias = tuple[Passage, ...]

_REASONS = ("deadline", "max_cost", "max_turns", "max_total_turns", "max_tool_calls")
"""Which limit is named where several were met."""


class Answered(Struct, frozen=True):
    """`voice` is who asked first."""

    passages: Passages
    voice: str


class _Asking:
    def __init__(self, voice: str) -> None:
        self.voice = voice
        self.done = anyio.Event()
        self.passages: Passages | None = None


class Queries:
    """The same query is answered once, also when two agents ask it at the same moment."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asking] = {}

    async def answer(
        self, voice: str, query: str, look: Callable[[], Awaitable[Passages]]
    ) -> Answered:
        while (asking := self._asked.get(query)) is not None:
            await asking.done.wait()
            if asking.passages is not None:
                return Answered(asking.passages, asking.voice)
        asking = self._asked[query] = _Asking(voice)
        try:
            passages = asking.passages = await look()
        finally:
            if asking.passages is None:
                del self._asked[query]
            asking.done.set()
        return Answered(passages, voice)


class Coverage:
    """Which stretches of which documents anyone has seen."""

    def __init__(self) -> None:
        self._seen: dict[str, list[tuple[int, int]]] = {}

    def saw(self, passages: Passages) -> None:
        for passage in passages:
            self._seen.setdefault(passage.document_id, []).append((passage.start, passage.end))

    def unread(self, cards: tuple[Card, ...]) -> int:
        """How many documents nobody has read from end to end."""
        return sum(not self._whole(card) for card in cards)

    def _whole(self, card: Card) -> bool:
        reached = 0
        for start, end in sorted(self._seen.get(card.id, ())):
            if start > reached:
                return False
            reached = max(reached, end)
        return reached >= card.size


class Post:
    """Words from outside, for everyone or for one voice; each voice hears each of them once."""

    def __init__(self, inbox: Inbox | None) -> None:
        self._inbox = inbox
        self._steers: list[Steer] = []
        self._heard: dict[str, int] = {}

    def collect(self, voice: str) -> tuple[str, ...]:
        """What is new for this voice."""
        if self._inbox is not None:
            self._steers.extend(self._inbox.drain())
        start = self._heard.get(voice, 0)
        self._heard[voice] = len(self._steers)
        return tuple(
            steer.text for steer in self._steers[start:] if steer.to is None or steer.to == voice
        )


class Limits:
    """The turns and tool calls that are left, and the limits that cut somebody short."""

    def __init__(self, tool_calls: int, turns: int) -> None:
        self._tool_calls = tool_calls
        self._turns = turns
        self._met: set[str] = set()

    def take_tool_call(self) -> bool:
        if self._tool_calls <= 0:
            self.met("max_tool_calls")
            return False
        self._tool_calls -= 1
        return True

    def take_turn(self) -> bool:
        if self._turns <= 0:
            self.met("max_total_turns")
            return False
        self._turns -= 1
        return True

    def met(self, reason: str) -> None:
        self._met.add(reason)

    @property
    def turns_left(self) -> int:
        return self._turns

    @property
    def tool_calls_left(self) -> int:
        return self._tool_calls

    @property
    def reason(self) -> str | None:
        return next((reason for reason in _REASONS if reason in self._met), None)
