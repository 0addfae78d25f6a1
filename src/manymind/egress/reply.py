"""A reply as it comes: a connection puts bytes in, one reader takes them out.

The buffer between them is bounded: above the high-water mark the connection stops reading from its
socket until the reader has caught up. A reader waits only for a bounded time.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from functools import cached_property
from typing import Protocol

from msgspec import Struct

from manymind.alarm import Alarm
from manymind.canon.faults import Fault, TimedOut, UpstreamBroken

HIGH_WATER_BYTES = 64 * 1024
"""Above this many unread bytes the socket is left alone."""

TAKEN_BYTES = 16 * 1024
"""So much is taken at once where more than the high water waits: a socket may give a quarter of
a megabyte in one read, and whoever takes it makes several times as much of it."""


class Patience(Struct, frozen=True, kw_only=True):
    """How long to wait for an upstream.

    A model reads its prompt before it says a word, so the time to the first byte grows with the
    body that was sent: one megabyte is roughly 250,000 tokens, and slow hosts read a few thousand
    tokens a second. `idle_seconds` is the longest silence between two pieces of one reply.
    """

    first_byte_seconds: float = 120.0
    first_byte_seconds_per_megabyte: float = 60.0
    idle_seconds: float = 300.0

    def first_byte(self, sent_bytes: int) -> float:
        """Seconds that may pass before the first byte of the answer to `sent_bytes`."""
        return self.first_byte_seconds + self.first_byte_seconds_per_megabyte * sent_bytes / 1e6


def out_of_time(host: str) -> TimedOut:
    return TimedOut(
        f"{host} did not answer before the deadline of this request.",
        advice="Try again, allow more time, or use another provider.",
    )


class Flow(Protocol):
    """What a reply may ask of its connection."""

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Reply:
    """Status, headers and body of one answer. It is `complete` once all of it has come, and `over`
    once nothing more can come, for good or ill. Until its `deadline` it may wait; the `alarm` is
    its connection's, which rings it."""

    def __init__(
        self,
        host: str,
        flow: Flow,
        deadline: float | None,
        loop: asyncio.AbstractEventLoop,
        alarm: Alarm,
    ) -> None:
        self.host = host
        self.status = 0
        self.fields: Mapping[bytes, bytes] = {}
        self.started = False
        self.complete = False
        self._flow = flow
        self._loop = loop
        self._deadline = deadline
        self._idle_seconds = 0.0
        self._pieces: deque[bytes] = deque()
        self._unread_bytes = 0
        self._paused = False
        self.over = False
        self._fault: Fault | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._alarm = alarm

    # What the connection reports.

    def hear_head(self, status: int, fields: Mapping[bytes, bytes]) -> None:
        self.status, self.fields = status, fields
        if self._waiter is not None:
            self._wake()

    def hear(self, piece: bytes) -> None:
        if len(piece) > HIGH_WATER_BYTES:
            starts = range(0, len(piece), TAKEN_BYTES)
            self._pieces.extend(piece[start : start + TAKEN_BYTES] for start in starts)
        else:
            self._pieces.append(piece)
        self._unread_bytes += len(piece)
        if self._unread_bytes > HIGH_WATER_BYTES and not self._paused:
            self._paused = True
            self._flow.pause_reading()
        if self._waiter is not None:
            self._wake()

    def hear_end(self) -> None:
        self.complete = self.over = True
        if self._waiter is not None:
            self._wake()

    def hear_fault(self, fault: Fault) -> None:
        if not self.over:
            self._fault, self.over = fault, True
            self._wake()

    def arrived(self) -> bytes | None:
        """The whole body, if it has come already in one piece, and nobody took any of it."""
        if not self.complete or len(self._pieces) != 1 or self._paused:
            return None
        return self._pieces.popleft()

    @property
    def waiting(self) -> bytes:
        """The first piece of the body, if it is there already."""
        return self._pieces[0] if self._pieces else b""

    def ring(self) -> None:
        """What the reader waits for did not come in time."""
        if self._waiter is not None:
            self._run_out()

    # What the reader asks.

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """In lower case, repeats joined."""
        return {
            name.decode("latin-1"): value.decode("latin-1") for name, value in self.fields.items()
        }

    async def head(self, first_byte_seconds: float, idle_seconds: float) -> None:
        """Wait for status and headers."""
        self._idle_seconds = idle_seconds
        while not self.status:
            if self._fault is not None:
                raise self._fault
            await self._wait(first_byte_seconds)

    def hurry(self, idle_seconds: float) -> None:
        """Wait at most so long for each further piece."""
        self._idle_seconds = idle_seconds

    def chunks(self) -> AsyncIterator[bytes]:
        """The body, piece by piece as it arrives; raises `CutShort` if it breaks off."""
        return _Chunks(self)

    async def read(self, limit: int) -> bytes:
        """The whole body, or `UpstreamBroken` if it is longer than `limit` bytes."""
        pieces: list[bytes] = []
        size = 0
        while piece := await self.take():
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise UpstreamBroken(
                    f"{self.host} sent a reply of more than {limit:,} bytes.",
                    advice="Ask for less at once, or stream the answer.",
                )
        return b"".join(pieces)

    async def take(self) -> bytes:
        """What has come since the last time; nothing once the body is over."""
        if self._deadline is not None and self._loop.time() > self._deadline:
            self._run_out()
        while not self._pieces:
            if self._fault is not None:
                raise self._fault
            if self.complete:
                return b""
            await self._wait(self._idle_seconds)
        taken = self._some() if self._paused else self._all()
        self._unread_bytes -= len(taken)
        if self._paused and not self._pieces:
            self._paused = False
            self._flow.resume_reading()
        return taken

    def _all(self) -> bytes:
        taken = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        return taken

    def _some(self) -> bytes:
        taken: list[bytes] = []
        size = 0
        while self._pieces and size < TAKEN_BYTES:
            taken.append(self._pieces.popleft())
            size += len(taken[-1])
        return b"".join(taken)

    def close(self) -> None:
        """No one reads any more; the socket must not stay paused for whoever comes next."""
        self._pieces.clear()
        if self._paused:
            self._paused = False
            self._flow.resume_reading()

    async def _wait(self, seconds: float) -> None:
        if self._waiter is not None:
            raise RuntimeError("A reply has one reader at a time.")
        due = self._loop.time() + seconds
        if self._deadline is not None and self._deadline < due:
            due = self._deadline
        self._alarm.expect(due)
        self._waiter = waiter = self._loop.create_future()
        try:
            await waiter
        finally:
            self._waiter = None
            self._alarm.met()

    def _run_out(self) -> None:
        if self._deadline is not None and self._loop.time() >= self._deadline:
            self.hear_fault(out_of_time(self.host))
            return
        told = "went silent in the middle of its answer" if self.status else "did not answer"
        self.hear_fault(
            TimedOut(
                f"{self.host} {told} within the time allowed.",
                advice="Try again, allow more time, or use another provider.",
            )
        )

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class _Chunks:
    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def __aiter__(self) -> "_Chunks":
        return self

    async def __anext__(self) -> bytes:
        piece = await self._reply.take()
        if not piece:
            raise StopAsyncIteration
        return piece
