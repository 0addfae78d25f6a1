"""From what is spoken to the bytes of a reply: streamed, or gathered and sent whole."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import cast

import anyio

from manymind.canon.answers import Answer, Folding
from manymind.canon.events import LEADER, Chunk, Ended, Noted, words
from manymind.canon.faults import Fault, ShuttingDown
from manymind.dialects.mirror import Writer
from manymind.dialects.sse import HEARTBEAT, comment
from manymind.server.exchange import Exchange
from manymind.server.line import HungUp
from manymind.server.naming import Naming

DROPPED_HEADER = "x-manymind-dropped-parameters"
REDACTED_HEADER = "x-manymind-redacted"

FAREWELL_SECONDS = 1.0
"""How long a caller whose answer is cut off may take to hear of it."""

_HEADER_LENGTH_MAX = 2000
"""A caller may make up any number of fields, and clients take only so long a header."""

STREAM_HEADERS = (
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-cache"),
    ("x-accel-buffering", "no"),
)


class Losses:
    """What could not be carried to the model that answers, and how much was masked on the way,
    for the reply's headers."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._told = 0
        self._found: dict[str, int] = {}
        self._found_told: dict[str, int] = {}

    def hear(self, chunk: Chunk) -> Chunk:
        """Takes the notices of losses out of the chunk."""
        for event in chunk.events:
            if isinstance(event, Noted):
                break
        else:
            return chunk
        kept = tuple(event for event in chunk.events if not self._note(event))
        return chunk if len(kept) == len(chunk.events) else Chunk(kept, chunk.wire)

    @property
    def untold(self) -> bool:
        return self._told < len(self._names) or self._found_told != self._found

    def news(self) -> list[tuple[str, str]]:
        """The headers that tell of losses, if there are any that were not told yet."""
        told, self._told = self._told, len(self._names)
        found, self._found_told = self._found_told, self._found
        dropped = [(DROPPED_HEADER, self._listed())] if self._told > told else []
        if found == self._found:
            return dropped
        counts = ", ".join(f"{rule}={count}" for rule, count in self._found.items())
        return [*dropped, (REDACTED_HEADER, counts)]

    def _listed(self) -> str:
        """The names, as many as a header may well hold."""
        shown: list[str] = []
        room = _HEADER_LENGTH_MAX
        for name in self._names:
            room -= len(name) + 2
            if room < 0:
                return ", ".join([*shown, f"and {len(self._names) - len(shown)} more"])
            shown.append(name)
        return ", ".join(shown)

    def _note(self, event: object) -> bool:
        if not isinstance(event, Noted) or event.voice != LEADER:
            return False
        if event.what == "redacted":
            self._found = cast("dict[str, int]", event.data["found"])
            return True
        if event.what != "dropped":
            return False
        names = event.data.get("parameters")
        if isinstance(names, list | tuple):
            self._names.update(dict.fromkeys(map(_plain, cast("list[object]", names))))
        return True


def _plain(name: object) -> str:
    """A name that a caller made up, fit for one line."""
    return "".join(sign if sign.isprintable() else "?" for sign in str(name)[:200])


class Gathered:
    """Hears an answer that is to be sent whole."""

    def __init__(self, naming: Naming) -> None:
        self.losses = Losses()
        self._naming = naming
        self._folding: Folding | None = None

    async def say(self, chunk: Chunk) -> None:
        heard = self._naming.hear(self.losses.hear(chunk))
        if heard.events:
            if self._folding is None:
                self._folding = Folding()
            self._folding.hear(heard)

    def answer(self) -> Answer:
        return (self._folding or Folding()).answer()


class Streamed:
    """Writes an answer as it comes. It alone writes to the socket, heartbeats included."""

    def __init__(
        self, exchange: Exchange, writer: Writer, naming: Naming, heartbeat_seconds: float
    ) -> None:
        self._exchange = exchange
        self._writer = writer
        self._naming = naming
        self._losses = Losses()
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._heartbeat_seconds = heartbeat_seconds
        self._beat_at = self._loop.time() + heartbeat_seconds
        self._timer: asyncio.TimerHandle | None = None
        self._beating: asyncio.Task[None] | None = None
        self._over = False

    async def say(self, chunk: Chunk) -> None:
        put = self._outlet() if words(chunk) is not None else None
        if put is None:
            await self._say(self._naming.hear(self._losses.hear(chunk)))
            return
        for frame in self._writer.write(chunk):
            put(frame)
        self._beat_at = self._loop.time() + self._heartbeat_seconds

    def _outlet(self) -> Callable[[bytes], None] | None:
        """The socket, where it takes more at once, and nobody else is at it or has to be heard
        first."""
        busy = self._lock.locked() or self._over or self._losses.untold
        return None if busy else self._exchange.outlet()

    async def _say(self, heard: Chunk) -> None:
        async with self._lock:
            await self._send(self._writer.write(heard))
            for event in heard.events:
                if isinstance(event, Ended) and event.voice == LEADER:
                    self._over = True

    def watch(self) -> None:
        """From here on says that we live whenever nothing else was said for a while. One timer
        serves all: what is said moves the time, not the timer."""
        self._timer = self._loop.call_at(self._beat_at, self._ring)

    def rest(self) -> None:
        """No more heartbeats."""
        if self._timer is not None:
            self._timer.cancel()
        if self._beating is not None:
            self._beating.cancel()

    def _ring(self) -> None:
        if self._over:
            return
        if self._loop.time() < self._beat_at:
            self.watch()
        else:
            self._beating = self._loop.create_task(self._beat())

    async def _beat(self) -> None:
        async with self._lock:
            if self._loop.time() >= self._beat_at and not self._over:
                with suppress(OSError):  # The line tells of who went away.
                    await self._send([HEARTBEAT])
        self.watch()

    async def end(self) -> None:
        async with self._lock:
            self._over = True
            await self._send([])
            await self._exchange.send(b"", more=False)

    async def fail(self, fault: Fault) -> None:
        """Ends a stream that has begun; it can then not look like a success."""
        self._exchange.outcome = f"200 and then {fault.status} {fault.code}"
        async with self._lock:
            if not self._over:
                self._over = True
                await self._send(self._writer.fail(fault))
            await self._exchange.send(b"", more=False)

    async def _send(self, frames: list[bytes]) -> None:
        if not frames and not self._over:
            return
        losses = self._losses.news()
        if not self._exchange.started:
            await self._exchange.start(200, [*STREAM_HEADERS, *losses])
        elif losses:  # A heartbeat has sent the head before anybody knew.
            frames = [*(comment(": ".join(each)) for each in losses), *frames]
        for frame in frames:
            await self._exchange.send(frame)
        self._beat_at = self._loop.time() + self._heartbeat_seconds


async def stream(
    exchange: Exchange, streamed: Streamed, speak: Callable[[], Awaitable[None]]
) -> None:
    """Runs what speaks into `streamed`. A fault before the first byte is raised; one after it
    ends the stream, and so does the end of the server."""

    streamed.watch()
    try:
        await until_hang_up(exchange, speak)
        await streamed.end()
    except Fault as fault:
        if not exchange.started:
            raise
        await streamed.fail(fault)
    except anyio.get_cancelled_exc_class():
        if exchange.started:
            with anyio.move_on_after(FAREWELL_SECONDS, shield=True):
                await streamed.fail(ending())
        raise
    except HungUp:
        raise
    except Exception:
        if exchange.started:
            await streamed.fail(Fault("Something went wrong in this server.", advice=_AGAIN))
        raise
    finally:
        streamed.rest()


async def gather(
    exchange: Exchange, gathered: Gathered, speak: Callable[[], Awaitable[None]]
) -> Answer:
    await until_hang_up(exchange, speak)
    for name, names in gathered.losses.news():
        exchange.add_header(name, names)
    return gathered.answer()


async def until_hang_up(exchange: Exchange, work: Callable[[], Awaitable[None]]) -> None:
    """Does the work; when the caller hangs up the whole tree below it is cancelled at once."""
    try:
        there = await exchange.attend(work)
    except BaseExceptionGroup as several:
        raise unwrapped(several) from None
    if not there:
        raise HungUp


def unwrapped(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one exception that a task group wrapped; a bug before a fault, where there are both."""
    found: list[BaseException] = []
    waiting: list[BaseException] = [group]
    while waiting:
        exception = waiting.pop()
        if isinstance(exception, BaseExceptionGroup):
            waiting.extend(exception.exceptions)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] # groups are not generic at run time
        else:
            found.append(exception)
    bugs = [exception for exception in found if not isinstance(exception, Fault | HungUp)]
    return (bugs or found)[0]


def ending() -> Fault:
    """What a caller is told whose answer the end of the server cuts off."""
    return ShuttingDown("The server is shutting down.", advice=_AGAIN)


_AGAIN = "Try again; another server may take it."
