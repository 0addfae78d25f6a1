"""One caller's connection, held to bounds that uvicorn leaves open.

Half a head that is never finished, a head without end and an answer that nobody reads would each
hold a socket, and memory, for as long as a stranger likes.
"""

import asyncio
from collections import deque
from collections.abc import Container
from typing import ClassVar, cast
from urllib.parse import unquote, unquote_to_bytes

import httptools
import msgspec
from msgspec import Struct
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from manymind.alarm import Alarm
from manymind.canon.values import Json
from manymind.outbox import outbox
from manymind.server.direct import DirectLine
from manymind.server.door import Application
from manymind.server.line import Head
from manymind.server.websocket import Terms, WebSocket

BODY_WAITING_BYTES = 64 * 1024
"""So much of a body may wait for whoever reads it before we stop reading."""

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
    """HTTP/1.1, parsed as uvicorn does it, within bounds. A request goes to the application on a
    line of its own; see `direct`."""

    patience: ClassVar[Patience] = Patience()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._application = cast("Application", config.app)
        self._lines: deque[DirectLine] = deque()
        self._alarm = Alarm(self.loop, self._too_late)
        self.outbox = outbox(self.loop)
        self._stall_timer: asyncio.TimerHandle | None = None
        self._in_head = False
        self._heading = False
        self._refused = False
        self._handed_on = False
        self._beside = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] # as uvicorn has it
        super().connection_made(transport)
        self._application.connections = self.connections
        self._expect(self.patience.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.discard(self)
        self._stop_timers()
        for line in self._lines:
            line.hang_up()
        self.flow.resume_writing()
        if exc is None:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._beside += len(data)
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(400, "invalid_http", "This is not HTTP/1.1 as it can be understood here.")
        if self._refused or self._handed_on or self.transport.is_closing():
            return
        if self._beside > self.patience.beside_bytes:
            self._refuse(431, "headers_too_large", "The head of the request is too large.")
        elif not self._lines and self._beside:
            self._await_head()

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            return  # Trailers come after what we decide by, so they decide nothing.
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # What comes of the offer is decided where the parser stops.
        self._in_head = self._heading = False
        self._beside = 0
        self._alarm.met()
        method = self.parser.get_method().decode("ascii")
        path, query = _located(self.url)
        line = DirectLine(
            Head(method, path, query, self.headers),
            self,
            self.server_state.default_headers,
            keep_alive=self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive(),
            expects_continue=self.expect_100_continue,
        )
        self._lines.append(line)
        if len(self._lines) == 1:
            self._answer(line)
        elif len(self._lines) > PIPELINED_MAX + 1:
            self.flow.pause_reading()  # Who does not read hears of no hang-up.

    def on_body(self, body: bytes) -> None:
        self._beside = 0
        line = self._lines[-1] if self._lines else None
        if line is None or line.response_complete:
            return
        line.hear(body)
        if len(line.body) > BODY_WAITING_BYTES:
            self.flow.pause_reading()

    def on_message_complete(self) -> None:
        if self._lines:
            self._lines[-1].hear_end()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._lines.popleft()
        if self._refused or self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self._lines:
            self._answer(self._lines[0])
        elif self._in_head:  # Another head has begun already.
            self._await_head()
        else:
            self._expect(self.timeout_keep_alive)

    def part(self, *, unheard: bool) -> None:
        """What was said is the last. A body may still be on its way, which nobody waits for."""
        self.outbox.flush()
        if unheard and not self.transport.is_closing():
            self.flow.resume_reading()
            self._close_later()
        else:
            self.transport.close()

    def shutdown(self) -> None:
        """The server is about to end: what is being answered is the last."""
        self.outbox.flush()
        if not self._lines:
            self.transport.close()
        for line in self._lines:
            line.keep_alive = False

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
        """Offers to speak another protocol are ours to take or to decline."""
        return True

    def _feed(self, data: bytes) -> None:
        """Parse what came. The parser stops at an offer to upgrade, which Java's client makes
        with each request: a new one reads on, from a head without the offer."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            rest = data[offer.args[0] :]
            terms = self._socket_terms()
            if terms is not None:
                self._hand_on(terms, rest)
                return
            head = self._head(without=(b"connection", b"upgrade", b"http2-settings"))
            self.parser = httptools.HttpRequestParser(self)
            self.parser.feed_data(head + rest)

    def _head(self, without: Container[bytes] = ()) -> bytes:
        """The head that was read, but for some of its lines."""
        lines = [self.parser.get_method(), b" ", self.url, b" HTTP/1.1\r\n"]
        for name, value in self.headers:
            if name not in without:
                lines += [name, b": ", value, b"\r\n"]
        return b"".join([*lines, b"\r\n"])

    def _socket_terms(self) -> Terms | None:
        """On which terms the offer is taken: for a WebSocket, where one is wanted, and nothing
        else is being answered."""
        if self._lines or self._get_upgrade() != b"websocket":
            return None
        path = unquote_to_bytes(httptools.parse_url(self.url).path).decode("utf-8", "replace")
        return self._application.socket_at(path)

    def _hand_on(self, terms: Terms, rest: bytes) -> None:
        """From here on the socket speaks WebSocket."""
        self.outbox.flush()
        socket = WebSocket(self.config, self.server_state, self.app_state, terms)
        socket.connection_made(self.transport)
        socket.data_received(self._head())
        if not socket.handshake_initiated:
            self.connections.discard(socket)
            self._refuse(400, "invalid_http", "This is no handshake of a WebSocket.")
            return
        self._handed_on = True
        self._stop_timers()
        self.connections.discard(self)
        self.transport.set_protocol(socket)
        if rest:
            socket.data_received(rest)

    def _answer(self, line: DirectLine) -> None:
        line.task = task = self.loop.create_task(self._application.attend(line))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _await_head(self) -> None:
        if not self._heading:
            self._heading = True
            self._expect(self.patience.head_seconds)

    def _expect(self, seconds: float) -> None:
        """Something is to come by then."""
        self._alarm.expect(self.loop.time() + seconds)

    def _too_late(self) -> None:
        if self._lines or self.transport.is_closing():
            return
        if self._beside or self._in_head:
            self._refuse(408, "request_timeout", "The head of the request did not come in time.")
        else:
            self.transport.close()

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Says what is wrong, where nothing else is being said, and hears no more."""
        self._refused = True
        self.outbox.flush()
        first = self._lines[0] if self._lines else None
        if first is None or (not first.response_started and len(self._lines) == 1):
            error: Json = {"message": message, "type": "invalid_request_error", "code": code}
            body = msgspec.json.encode({"error": {**error, "param": None}})
            head = (
                b"content-type: application/json\r\nconnection: close\r\n"
                b"content-length: %d\r\n\r\n" % len(body)
            )
            if first is not None:
                first.hang_up()
            self.transport.write(STATUS_LINE[status] + head + body)
            self._close_later()
        else:
            self.transport.close()

    def _close_later(self) -> None:
        """With bytes left unread, what was said last would be lost on its way."""
        self._refused = True
        self._stop_timers()
        self.transport.write_eof()
        self.loop.call_later(self.patience.farewell_seconds, self.transport.close)

    def _stop_timers(self) -> None:
        self._alarm.stop()
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None


def _located(url: bytes) -> tuple[str, bytes]:
    """The path, unquoted, and the query of a request's target."""
    if url.startswith(b"/") and not (b"?" in url or b"%" in url or b"#" in url):
        return url.decode("ascii"), b""
    parsed = httptools.parse_url(url)
    return unquote(parsed.path.decode("ascii")), parsed.query or b""
