"""The sockets to one origin: bounded in number, used again, closed when they rest too long."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import cached_property

from msgspec import Struct

from manymind.canon.faults import Overloaded, ShuttingDown
from manymind.egress.connection import Connection


class PoolSize(Struct, frozen=True, kw_only=True):
    """How many sockets to one origin. A socket that the other side closes first is noticed and
    forgotten, so `rest_seconds` only has to be shorter than a firewall forgets in silence."""

    connections: int = 256
    idle_connections: int = 64
    rest_seconds: float = 30.0
    queue_seconds: float = 30.0


class Pool:
    """Hands out connections. Each that is taken is given back or dropped."""

    def __init__(
        self, host: str, size: PoolSize, dial: Callable[[], Awaitable[Connection]]
    ) -> None:
        self.host = host
        self._size = size
        self._dial = dial
        self._slots_taken = 0
        self._dialing = 0
        self._busy: set[Connection] = set()
        self._idle: list[Connection] = []
        self._queue: deque[asyncio.Future[None]] = deque()
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    @cached_property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that all its sockets live on. To ask which one runs is a call of the system."""
        return asyncio.get_running_loop()

    @property
    def open(self) -> int:
        """Sockets in use, being opened, or at rest."""
        return len(self._busy) + self._dialing + len(self._idle)

    def rested(self) -> Connection | None:
        """A resting connection, if one can be had without waiting."""
        if not self._idle or self._slots_taken >= self._size.connections or self._closed:
            return None
        connection = self._youngest()
        if connection is not None:
            self._slots_taken += 1
            self._busy.add(connection)
        return connection

    async def take(self, *, fresh: bool = False) -> Connection:
        """A resting connection, the youngest first, or a new one. After one resting connection
        proved dead the others are suspect: `fresh` closes them all."""
        if self._slots_taken < self._size.connections:
            self._slots_taken += 1
        else:
            await self._stand_in_line()
        try:
            connection = None if fresh else self._youngest()
            if connection is None:
                connection = await self._new()
            if self._closed:
                connection.abort()
                raise ShuttingDown("The server is stopping.", advice="Try again shortly.")
        except BaseException:
            self._release()
            raise
        self._busy.add(connection)
        return connection

    def give(self, connection: Connection) -> None:
        """Back to rest, if both sides agree that the exchange is over."""
        full = len(self._idle) >= self._size.idle_connections
        if self._closed or full or not connection.reusable:
            self.drop(connection)
            return
        connection.rest()
        connection.idle_since = self.loop.time()
        self._busy.discard(connection)
        self._idle.append(connection)
        if self._sweep is None:
            self._sweep_later(self._size.rest_seconds)
        self._release()

    def drop(self, connection: Connection) -> None:
        """Hang up."""
        connection.abort()
        self._busy.discard(connection)
        self._release()

    def close(self) -> None:
        self._closed = True
        self._close_idle(0)
        for connection in tuple(self._busy):
            connection.abort()
        while self._queue:
            self._slots_taken += 1
            self._release()
        if self._sweep is not None:
            self._sweep.cancel()

    async def _new(self) -> Connection:
        self._close_idle(0)
        self._dialing += 1
        try:
            connection = await self._dial()
        finally:
            self._dialing -= 1
        connection.on_lost = self._forget
        return connection

    def _youngest(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable:
                return connection
            connection.abort()
        return None

    async def _stand_in_line(self) -> None:
        """Wait until someone's slot passes to us."""
        turn: asyncio.Future[None] = self.loop.create_future()
        self._queue.append(turn)
        try:
            async with asyncio.timeout(self._size.queue_seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._release()  # The slot was ours already; the next one in line has it now.
            elif turn in self._queue:
                self._queue.remove(turn)
            if not isinstance(error, TimeoutError):
                raise
            raise Overloaded(
                f"All {self._size.connections} connections to {self.host} are in use.",
                advice="Try again shortly, or allow more connections to this provider.",
                retry_after=1.0,
            ) from None

    def _release(self) -> None:
        """Pass a slot on to the next in line, or give it up."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._slots_taken -= 1

    def _forget(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)

    def _close_idle(self, since: float) -> None:
        """Close those at rest since before `since`; all of them if it is 0."""
        kept: list[Connection] = []
        for connection in self._idle:
            if since and connection.idle_since > since:
                kept.append(connection)
            else:
                connection.on_lost = None
                connection.abort()
        self._idle = kept

    def _sweep_later(self, seconds: float) -> None:
        if self._sweep is None:
            self._sweep = self.loop.call_later(seconds, self._sweep_now)

    def _sweep_now(self) -> None:
        self._sweep = None
        now = self.loop.time()
        self._close_idle(now - self._size.rest_seconds)
        if self._idle and not self._closed:
            oldest = self._idle[0].idle_since
            self._sweep_later(max(0.1, oldest + self._size.rest_seconds - now))
