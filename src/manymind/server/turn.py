"""One answer over a socket: the events of its stream, each a message of its own."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import anyio
import msgspec

from manymind.canon.answers import Answer, Folding
from manymind.canon.events import LEADER, Chunk, Ended, Say
from manymind.canon.faults import Fault
from manymind.canon.values import Json
from manymind.dialects.mirror import Writer
from manymind.dialects.openai_faults import error_fields
from manymind.dialects.sse import unframed
from manymind.server.naming import Naming
from manymind.server.stream import DROPPED_HEADER, Losses

DROPPED_EVENT = "manymind.dropped"
REDACTED_EVENT = "manymind.redacted"

Tell: TypeAlias = Callable[[bytes], Awaitable[None]]
Keep: TypeAlias = Callable[[Answer], Awaitable[None]]


class Turn:
    """`over` says that its last event is being said, after which a client may ask again at once;
    `done` is set when nothing of it is left to do."""

    def __init__(self, tell: Tell, request_id: str) -> None:
        self.request_id = request_id
        self.over = False
        self.done = anyio.Event()
        self._tell = tell
        self._speech: _Speech | None = None

    def begin(self, writer: Writer, naming: Naming, keep: Keep) -> Say:
        """What the answer is to be spoken into. It is kept before its end is told, since the
        client may go on from it at once."""
        speech = self._speech = _Speech(writer, naming, keep)

        async def say(chunk: Chunk) -> None:
            events, ended = await speech.write(chunk)
            for number, event in enumerate(events, 1):
                self.over = self.over or (ended and number == len(events))
                await self._tell(event)

        return say

    async def fail(self, fault: Fault) -> None:
        """Ends it as broken, if it has not come to its end."""
        if self.over:
            return
        self.over = True
        if self._speech is None or not self._speech.begun:
            await self._tell(error_event(fault, self.request_id))
            return
        for event in self._speech.writer.fail(fault):
            await self._tell(unframed(event))


class _Speech:
    def __init__(self, writer: Writer, naming: Naming, keep: Keep) -> None:
        self.writer = writer
        self.begun = False
        self._naming = naming
        self._keep = keep
        self._folding = Folding()
        self._losses = Losses()

    async def write(self, chunk: Chunk) -> tuple[list[bytes], bool]:
        """The messages of a chunk, and whether the last of them is the answer's."""
        heard = self._naming.hear(self._losses.hear(chunk))
        if heard.events:
            self._folding.hear(heard)
        ended = any(isinstance(e, Ended) and e.voice == LEADER for e in heard.events)
        if ended:
            await self._keep(self._folding.answer())
        events = [unframed(event) for event in self.writer.write(heard)]
        if events:
            events[1 - self.begun : 1 - self.begun] = self._news()
            self.begun = True
        return events, ended

    def _news(self) -> list[bytes]:
        """What could not be carried, and what was masked, after the first event: here no header
        could tell it."""
        return [
            msgspec.json.encode(
                {"type": DROPPED_EVENT, "parameters": told}
                if header == DROPPED_HEADER
                else {"type": REDACTED_EVENT, "found": told}
            )
            for header, told in self._losses.news()
        ]


def error_event(fault: Fault, request_id: str) -> bytes:
    error: Json = {**error_fields(fault, "openai"), "request_id": request_id}
    return msgspec.json.encode({"type": "error", "status": fault.status, "error": error})
