"""One socket to an upstream: HTTP/1.1, one exchange at a time, strict about where a reply ends.

Whoever disagrees with a server about the end of a reply can be fed someone else's, so whatever is
ambiguous (two lengths, a length beside chunks, bytes that nobody asked for) breaks the exchange,
and the socket is never used again.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from msgspec import Struct

from manymind.alarm import Alarm
from manymind.canon.faults import CutShort, Fault, UpstreamBroken
from manymind.egress.reply import Reply
from manymind.outbox import Outbox, outbox

_WHOLE_WRITE_BYTES = 64 * 1024
_LENGTH_DIGITS_MAX = 18


class Bounds(Struct, frozen=True, kw_only=True):
    """How much of one reply is believed, streamed or whole."""

    header_bytes: int = 64 * 1024
    body_bytes: int = 256 * 1024 * 1024


class Connection(asyncio.Protocol):
    """Speaks HTTP on one transport. `on_lost` is called once, when the socket is gone."""

    def __init__(self, host: str, bounds: Bounds) -> None:
        self.on_lost: Callable[[Connection], None] | None = None
        self.idle_since = 0.0
        self.served = 0
        self._host = host
        self._bounds = bounds
        self._transport: asyncio.Transport | None = None
        self._reply: Reply | None = None
        self._parser: HttpResponseParser | None = None
        self._reusable = True
        self._alarm: Alarm | None = None
        self._outbox: Outbox | None = None
        self._fields: dict[bytes, bytes] = {}
        self._final = False
        self._until_close = False
        self._header_bytes = 0
        self._barren_bytes = 0
        self._body_bytes = 0

    # What the pool asks.

    @property
    def reusable(self) -> bool:
        """Fit for another exchange: the last one ended where both sides say it did."""
        transport = self._transport
        return (
            self._reusable
            and (self._reply is None or self._reply.complete)
            and transport is not None
            and not transport.is_closing()
            and transport.get_write_buffer_size() == 0
        )

    def ask(
        self,
        head: bytes,
        body: Sequence[bytes],
        deadline: float | None,
        loop: asyncio.AbstractEventLoop,
    ) -> Reply:
        """Send one request; the reply fills as bytes come."""
        transport = self._transport
        if transport is None or (self._reply is not None and not self._reply.over):
            raise RuntimeError("A connection that is not at rest cannot take a request.")
        if self._alarm is None or self._outbox is None:
            self._alarm, self._outbox = Alarm(loop, self._ring), outbox(loop)
        reply = Reply(self._host, transport, deadline, loop, self._alarm)
        if transport.is_closing():
            reply.hear_fault(self._loss(reply))
            return reply
        self._reply = reply
        if self._parser is None:
            self._parser = HttpResponseParser(self)
        self._fields = {}
        self._final = self._until_close = False
        self._header_bytes = self._barren_bytes = self._body_bytes = 0
        self.served += 1
        if len(body) == 1 and len(body[0]) <= _WHOLE_WRITE_BYTES:
            self._outbox.put(transport, head + body[0])
        else:
            for piece in (head, *body):
                transport.write(piece)
        return reply

    def rest(self) -> None:
        """The exchange is over; whatever comes now was not asked for."""
        self._reply = None

    def abort(self) -> None:
        """Hang up at once, so that the upstream stops working."""
        self._reusable = False
        if self._transport is not None:
            self._transport.abort()

    # What the transport reports.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A TLS transport is not always a subclass of `Transport`, but does all that one does.
        self._transport = cast("asyncio.Transport", transport)
        wire: socket.socket | None = transport.get_extra_info("socket")
        if wire is None:
            return
        # A model may think for minutes, and a router on the way forgets a silent socket.
        with suppress(OSError):
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if hasattr(socket, "TCP_KEEPIDLE"):
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 45)

    def data_received(self, data: bytes) -> None:
        reply, parser = self._reply, self._parser
        if reply is None or parser is None or reply.over:
            self.abort()
            return
        reply.started = True
        self._barren_bytes += len(data)
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._break("sent bytes that are not HTTP/1.1")
            return
        if self._barren_bytes > self._bounds.header_bytes:
            self._break("sent headers beyond any measure")

    def connection_lost(self, exc: Exception | None) -> None:
        self._reusable = False
        self._parser = None
        if self._alarm is not None:
            self._alarm.stop()
        reply = self._reply
        if reply is not None and not reply.over:
            if self._until_close and exc is None:
                reply.hear_end()
            else:
                reply.hear_fault(self._loss(reply))
        if self.on_lost is not None:
            self.on_lost(self)

    # What the parser reports.

    def on_message_begin(self) -> None:
        reply = self._reply
        if reply is None or reply.over:
            self._reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._final:
            return  # A trailer: nothing that we act on may come after the body.
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > self._bounds.header_bytes:
            return  # Counted, not kept: the head is judged when it is complete.
        name = name.lower()
        known = self._fields.get(name)
        self._fields[name] = value if known is None else b"%b, %b" % (known, value)

    def on_headers_complete(self) -> None:
        reply, parser = self._reply, self._parser
        if reply is None or parser is None or reply.over:
            return
        status = parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            self._fields = {}
            return  # An interim reply: the one that counts is still to come.
        trouble = self._judge(parser, status)
        if trouble is not None:
            self._break(trouble)
            return
        self._final = True
        self._barren_bytes = 0
        if self._until_close or not parser.should_keep_alive():
            self._reusable = False
        reply.hear_head(status, self._fields)

    def on_body(self, body: bytes) -> None:
        reply = self._reply
        if reply is None or reply.over:
            return
        self._barren_bytes = 0
        self._body_bytes += len(body)
        if self._body_bytes > self._bounds.body_bytes:
            self._break(f"sent a reply of more than {self._bounds.body_bytes:,} bytes")
            return
        reply.hear(body)

    def on_message_complete(self) -> None:
        if self._final and self._reply is not None and not self._reply.over:
            self._reply.hear_end()

    # Judgement.

    def _judge(self, parser: HttpResponseParser, status: int) -> str | None:
        """What forbids to believe this head, or None. Sets how the body will end."""
        coding = self._fields.get(b"transfer-encoding")
        length = self._fields.get(b"content-length")
        if self._header_bytes > self._bounds.header_bytes:
            return "sent headers beyond any measure"
        if parser.get_http_version() not in ("1.1", "1.0"):
            return "answered in a version of HTTP that we did not speak"
        if status == 101 or not 200 <= status < 600:
            return f"answered with the status {status}, which fits no request of ours"
        if coding is not None and (length is not None or coding.strip().lower() != b"chunked"):
            return "framed its reply in a way that can be read in two ways"
        if length is not None and not (length.isdigit() and len(length) <= _LENGTH_DIGITS_MAX):
            return "framed its reply in a way that can be read in two ways"
        if self._fields.get(b"content-encoding", b"").lower() not in (b"", b"identity"):
            return "compressed its reply although we asked for a plain one"
        self._until_close = coding is None and length is None and status not in (204, 304)
        return None

    def _ring(self) -> None:
        if self._reply is not None:
            self._reply.ring()

    def _break(self, trouble: str) -> None:
        if self._reply is not None:
            self._reply.hear_fault(
                UpstreamBroken(
                    f"{self._host} {trouble}.",
                    advice="Check the address, and any proxy on the way, or use another provider.",
                )
            )
        self.abort()

    def _loss(self, reply: Reply) -> Fault:
        if reply.status:
            return CutShort(
                f"{self._host} closed the connection in the middle of its answer.",
                advice="Ask again; what came so far is not the whole answer.",
            )
        return UpstreamBroken(
            f"{self._host} closed the connection without an answer.",
            advice="Try again, or use another provider.",
        )
