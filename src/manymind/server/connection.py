"""One caller's connection, held to bounds that uvicorn leaves open.

Half a head that is never finished, a head without end and an answer that nobody reads would each
hold a socket, and memory, for as long as a stranger likes.
"""

import asyncio
from typing import ClassVar

import httptools
import msgspec
from msgspec import Struct
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from manymind.canon.values import Json

PIPELINED_MAX = 8
"""So many requests may wait behind the one that is being answered before we stop reading."""


class Patience(Struct, frozen=True, kw_only=True):
    """`head_seconds` may pass from the first byte of a head to its last. `beside_bytes` may come
    that are not body: heads, trailers, the extensions of chunks. `stalled_seconds` may an answer
    lie unread. `farewell_seconds` has a caller to read a refusal before its socket closes."""

    head_seconds: float = 20.0
    beside_bytes: int = 64 * 1024
    stalled_seconds: float = 120.0
    farewell_seconds: float = 2.0


class Connection(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, within bounds."""

    patience: ClassVar[Patience] = Patience()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._answering: RequestResponseCycle | None = None
        self._in_head = False
        self._refused = False
        self._beside = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] # as uvicorn has it
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timers()
        self._hang_up()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._beside += len(data)
        self._unset_keepalive_if_required()
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(400, "invalid_http", "This is not HTTP/1.1 as it can be understood here.")
        if self._refused or self.transport.is_closing():
            return
        if self._beside > self.patience.beside_bytes:
            self._refuse(431, "headers_too_large", "The head of the request is too large.")
        elif self._idle():
            self._await_head()

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # Trailers come after what we decide by, so they decide nothing.
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._beside = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        super().on_headers_complete()
        if 0 < len(self.pipeline) <= PIPELINED_MAX:
            self.flow.resume_reading()  # Who does not read hears of no hang-up.

    def on_body(self, body: bytes) -> None:
        self._beside = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_head and self._idle():  # Another head has begun already.
            self._await_head()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall_timer = self.loop.call_later(
            self.patience.stalled_seconds, self.transport.abort
        )

    def resume_writing(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None
        super().resume_writing()

    def _should_upgrade(self) -> bool:
        """Offers to speak another protocol are ours to decline."""
        return True

    def _feed(self, data: bytes) -> None:
        """Parse what came. The parser stops at an offer to upgrade, which Java's client makes
        with each request: a new one reads on, from a head without the offer."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            head = [self.parser.get_method(), b" ", self.url, b" HTTP/1.1\r\n"]
            for name, value in self.headers:
                if name not in (b"connection", b"upgrade", b"http2-settings"):
                    head += [name, b": ", value, b"\r\n"]
            self.parser = httptools.HttpRequestParser(self)
            self.parser.feed_data(b"".join([*head, b"\r\n", data[offer.args[0] :]]))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _hang_up(self) -> None:
        """Tells whoever is answering. With requests in a queue, that is not the last of them."""
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True
            self._answering.message_event.set()

    def _idle(self) -> bool:
        """Whether nothing is being answered, so that what comes must be a head."""
        return self.cycle is None or self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison] # None until the first head

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.patience.head_seconds, self._too_slow)

    def _too_slow(self) -> None:
        self._head_timer = None
        if not self._idle() or self.transport.is_closing():
            return
        if self._beside or self._in_head:
            self._refuse(408, "request_timeout", "The head of the request did not come in time.")
        else:
            self.transport.close()

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Says what is wrong, where nothing else is being said, and hears no more. The socket
        closes a little later: with bytes left unread, the refusal would be lost on its way."""
        self._refused = True
        unsaid = self._answering is None or not self._answering.response_started
        if self._idle() or (unsaid and not self.pipeline):
            error: Json = {"message": message, "type": "invalid_request_error", "code": code}
            body = msgspec.json.encode({"error": {**error, "param": None}})
            head = (
                b"content-type: application/json\r\nconnection: close\r\n"
                b"content-length: %d\r\n\r\n" % len(body)
            )
            self._hang_up()
            self.transport.write(STATUS_LINE[status] + head + body)
            self.transport.write_eof()
            self._stop_timers()
            self._head_timer = self.loop.call_later(
                self.patience.farewell_seconds, self.transport.close
            )
        else:
            self.transport.close()

    def _stop_timers(self) -> None:
        for timer in (self._head_timer, self._stall_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._stall_timer = None
