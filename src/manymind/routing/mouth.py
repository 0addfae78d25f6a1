"""What a caller hears of attempts: nothing of one that fails before its first word."""

from collections.abc import Callable
from typing import cast

from msgspec.structs import replace

from manymind.canon.events import (
    LEADER,
    Began,
    Chunk,
    Ended,
    Happened,
    Noted,
    Say,
    Spent,
    Stopped,
    Unheard,
    words,
)

PREAMBLE_CHUNKS_MAX = 64
"""After so many chunks without a word, what was kept back is spoken: an upstream that only sends
signs of life must not fill our memory."""

DROPPED_MAX = 100
"""So many names of lost parameters are kept for the ledger."""


class Mouth:
    """Keeps an attempt's preamble back until its first word, so that another offer can still
    take its place. That it began, what a dialect dropped, a first count of the prompt and events
    that we do not know are no words; an item, an end and an agent's doings are.

    A model that the provider did not name is named here. What the ledger is to know of the answer
    is noted on the way: why its first choice `stopped`, and what was `dropped`.
    """

    def __init__(self, say: Say, native: str, now: Callable[[], float]) -> None:
        self._say = say
        self._native = native
        self._now = now
        self._kept: list[Chunk] = []
        self.opened_at: float | None = None
        self.ended = False
        self.served: str | None = None
        self.reply = ""
        self.stopped: Stopped | None = None
        self.dropped: list[str] = []

    @property
    def opened(self) -> bool:
        """Whether the caller has heard anything of this attempt."""
        return self.opened_at is not None

    async def __call__(self, chunk: Chunk) -> None:
        if self.opened_at is not None:
            if words(chunk) is None:
                self._notice_end(chunk)
            await self._say(chunk)
            return
        chunk = self._read(chunk)
        self._kept.append(chunk)
        if any(map(_is_word, chunk.events)) or len(self._kept) > PREAMBLE_CHUNKS_MAX:
            await self._open()

    async def _open(self) -> None:
        self.opened_at = self._now()
        kept, self._kept = self._kept, []
        for chunk in kept:
            await self._say(chunk)

    def _notice_end(self, chunk: Chunk) -> None:
        for event in chunk.events:
            match event:
                case Ended(voice="leader"):
                    self.ended = True
                case Stopped(voice="leader", choice=0):
                    self.stopped = event
                case Noted(voice="leader", what="dropped"):
                    self.dropped += _names(event.data.get("parameters"))
                case _:
                    pass

    def _read(self, chunk: Chunk) -> Chunk:
        self._notice_end(chunk)
        for event in chunk.events:
            match event:
                case Began(voice="leader", model=""):
                    self.reply = event.id
                    self.served = self._native
                    chunk = Chunk(tuple(map(self._named, chunk.events)), chunk.wire)
                case Began(voice="leader"):
                    self.reply = event.id
                    self.served = event.model
                case _:
                    pass
        return chunk

    def _named(self, event: Happened) -> Happened:
        if isinstance(event, Began) and event.voice == LEADER and not event.model:
            return replace(event, model=self._native)
        return event


def _names(listed: object) -> list[str]:
    """Names of parameters, as far as they are short enough to be names."""
    said = cast("list[object]", listed) if isinstance(listed, list) else []
    return [name for name in said[:DROPPED_MAX] if isinstance(name, str) and len(name) <= 200]


def _is_word(event: Happened) -> bool:
    match event:
        case Began() | Spent() | Unheard():
            return event.voice != LEADER
        case Noted():
            return event.what != "dropped"
        case _:
            return True
