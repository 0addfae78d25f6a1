"""A line straight onto a socket: what our own server gives an exchange, without the messages of
ASGI between them. They cost more than all else that happens to a small request."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from manymind.outbox import Outbox
from manymind.server.line import Fields, Head, HungUp, Work

_BODILESS = frozenset({204, 304})


class Socket(Protocol):
    """What a line needs of the connection that it belongs to."""

    transport: asyncio.Transport
    flow: FlowControl
    outbox: Outbox

    def on_response_complete(self) -> None: ...

    def part(self, *, unheard: bool) -> None: ...


class DirectLine:
    """The connection reports what comes; one exchange takes it, and answers, in a `task` that
    the connection has begun for it."""

    def __init__(
        self,
        head: Head,
        socket: Socket,
        default_fields: Fields,
        *,
        keep_alive: bool,
        expects_continue: bool,
    ) -> None:
        self.head = head
        self.keep_alive = keep_alive
        self.disconnected = False
        self.response_started = False
        self.response_complete = False
        self.body = bytearray()
        self.more_body = True
        self.task: asyncio.Task[None] | None = None
        self._socket = socket
        self._default_fields = default_fields
        self._expects_continue = expects_continue
        self._chunked = False
        self._room = 0
        self._waiter: asyncio.Future[None] | None = None
        self._attended = False

    # What the connection reports.

    def hear(self, piece: bytes) -> None:
        self.body += piece
        if self._waiter is not None:
            self.wake()

    def hear_end(self) -> None:
        self.more_body = False
        if self._waiter is not None:
            self.wake()

    def hang_up(self) -> None:
        if self.response_complete or self.disconnected:
            return
        self.disconnected = True
        self.wake()
        if self._attended and self.task is not None:
            self.task.cancel()

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the exchange asks.

    def arrived(self) -> bytes | None:
        if self.more_body or self.disconnected:
            return None
        whole, self.body = bytes(self.body), bytearray()
        return whole

    async def piece(self) -> tuple[bytes, bool]:
        socket = self._socket
        if self._expects_continue:
            self._expects_continue = False
            if not socket.transport.is_closing():
                socket.outbox.put(socket.transport, b"HTTP/1.1 100 Continue\r\n\r\n")
        while not self.body and self.more_body and not self.disconnected:
            socket.flow.resume_reading()
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self.disconnected:
            raise HungUp
        piece, self.body = bytes(self.body), bytearray()
        return piece, self.more_body

    async def start(self, status: int, fields: Fields) -> None:
        if self.disconnected:
            return
        if self._socket.flow.write_paused:
            await self._socket.flow.drain()
        self._write(self._head(status, fields))

    async def send(self, body: bytes, *, more: bool) -> None:
        if self.disconnected:
            return
        if self._socket.flow.write_paused:
            await self._socket.flow.drain()
            if self.disconnected:
                return
        if self._chunked:
            last = b"" if more else b"0\r\n\r\n"
            framed = b"%x\r\n%b\r\n%b" % (len(body), body, last) if body else last
            self._write(framed)
        elif self.head.method != "HEAD":
            self._count(body, last=not more)
            self._write(body)
        if not more:
            self._complete()

    def outlet(self) -> Callable[[bytes], None] | None:
        waits = self._socket.flow.write_paused or self.disconnected or self.response_complete
        return self._put if self._chunked and not waits else None

    def _put(self, body: bytes) -> None:
        if body:  # A chunk of no bytes would end the reply.
            self._write(b"%x\r\n%b\r\n" % (len(body), body))

    async def reply(self, status: int, fields: Fields, body: bytes) -> None:
        if self.disconnected:
            return
        if self._socket.flow.write_paused:
            await self._socket.flow.drain()
        head = self._head(status, fields)
        if self.head.method == "HEAD":
            self._write(head)
        elif len(body) > 1 << 16:
            self._count(body, last=True)
            self._write(head)
            self._write(body)
        else:
            self._count(body, last=True)
            self._write(head + body)
        self._complete()

    async def attend(self, work: Work) -> bool:
        """Cancels the task itself, which costs nothing until it happens. One scope for each
        request would cost as much as writing its reply."""
        self._attended = True
        try:
            if not self.disconnected:
                await work()
        except asyncio.CancelledError:
            if not self.disconnected or self.task is None or self.task.uncancel():
                raise
        finally:
            self._attended = False
        return not self.disconnected

    def _head(self, status: int, fields: Fields) -> bytes:
        self.response_started = True
        self._expects_continue = False
        lines = [STATUS_LINE[status]]
        length: bytes | None = None
        said_close = False
        for name, value in (*self._default_fields, *fields):
            if name == b"content-length":
                length = value
            elif name == b"connection" and value == b"close":
                said_close = True
                self.keep_alive = False
            lines += (name, b": ", value, b"\r\n")
        if not (self.keep_alive or said_close):
            lines.append(b"connection: close\r\n")
        if length is not None:
            self._room = int(length)
        elif self.head.method != "HEAD" and status not in _BODILESS:
            self._chunked = True
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def _count(self, body: bytes, *, last: bool) -> None:
        """A reply that is longer or shorter than it said would be read as another one."""
        self._room -= len(body)
        if self._room < 0 or (last and self._room):
            self._socket.transport.abort()
            raise RuntimeError("The reply is not as long as its head says.")

    def _write(self, data: bytes) -> None:
        self._socket.outbox.put(self._socket.transport, data)

    def _complete(self) -> None:
        self.response_complete = True
        if not self.keep_alive:
            self._socket.part(unheard=self.more_body)
        self._socket.on_response_complete()
