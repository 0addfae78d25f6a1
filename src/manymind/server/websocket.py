"""One caller's WebSocket, held to the same bounds as a connection that speaks plain HTTP."""

import asyncio
import logging
from contextlib import ExitStack

from msgspec import Struct
from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame
from websockets.server import ServerProtocol

from manymind.canon.faults import Overloaded
from manymind.server.admission import Admission
from manymind.server.handshake import DRAIN


class Terms(Struct, frozen=True, kw_only=True):
    """`message_seconds` may pass for each megabyte of a message that has begun. What is held of
    messages counts in `admission` together with everyone's bodies. For `stalled_seconds` may what
    we say lie unread, or a ping stay without an answer."""

    message_bytes: int
    message_seconds: float
    heartbeat_seconds: float
    admission: Admission
    stalled_seconds: float = 120.0


class WebSocket(WebSocketsSansIOProtocol):
    """RFC 6455 as uvicorn speaks it, without compression, within bounds. Nothing is logged: the
    lines that uvicorn and websockets write hold queries, and what was said."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        terms: Terms,
    ) -> None:
        super().__init__(config, server_state, app_state)
        silent = logging.Logger("silent")
        silent.disabled = True
        self.logger = silent
        self.conn = ServerProtocol(max_size=terms.message_bytes, logger=silent)
        self.ping_interval = terms.heartbeat_seconds
        self.ping_timeout = terms.stalled_seconds
        self._terms = terms
        self._share = _Share(terms.admission)
        self._pieces = bytearray()
        self._queued = 0
        self._begun = 0.0
        self._message_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_message_timer()
        self.resume_writing()
        self._share.hold(0)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing():
            return
        if not self._partial():
            self._stop_message_timer()
        elif self._message_timer is None:
            self._begun = self.loop.time()
            self._message_timer = self.loop.call_later(
                self._terms.message_seconds, self._check_progress
            )
        self._count()

    def handle_cont(self, event: Frame) -> None:
        """A message of many small frames costs no more than one of one."""
        if self.frames:
            self._pieces = bytearray(self.frames.pop())
        self._pieces += event.data
        if event.fin:
            self.frames.append(bytes(self._pieces))
            self._pieces.clear()
            self.send_receive_event_to_app()

    def send_receive_event_to_app(self) -> None:
        self._queued += sum(map(len, self.frames))
        self._stop_message_timer()
        super().send_receive_event_to_app()

    async def receive(self) -> ASGIReceiveEvent:
        message = await super().receive()
        if self.queue.empty():
            self._queued = 0  # Whoever received it counts it from here on.
            self._count()
        return message

    async def send(self, message: ASGISendEvent) -> None:
        await self.writable.wait()
        if self.close_sent:  # By a ping that nobody answered, or because of what came in.
            raise ClientDisconnected
        await super().send(message)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall_timer = self.loop.call_later(self._terms.stalled_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None
        super().resume_writing()

    def shutdown(self) -> None:
        """An answer that is under way may come to its end, as on any connection."""
        if self.handshake_complete and not self.close_sent:
            self.queue.put_nowait({"type": DRAIN})  # pyright: ignore[reportArgumentType] # a message of ours among those of ASGI
        else:
            super().shutdown()

    def _partial(self) -> int:
        """How many bytes of a message are held that has not come to its end."""
        return len(self.conn.reader.buffer) + sum(map(len, self.frames)) + len(self._pieces)

    def _count(self) -> None:
        if self.disconnected:
            return
        try:
            self._share.hold(self._queued + self._partial())
        except Overloaded as fault:
            if self._partial():  # Of a whole message, whoever receives it will say so.
                self._fail(CloseCode.TRY_AGAIN_LATER, fault.message)

    def _check_progress(self) -> None:
        seconds = self._terms.message_seconds
        left = self._begun + seconds * (1 + self._partial() / 1e6) - self.loop.time()
        if left <= 0 and not self.read_paused:
            self._fail(CloseCode.POLICY_VIOLATION, "The rest of the message did not come in time.")
        else:
            self._message_timer = self.loop.call_later(
                max(left, seconds / 10), self._check_progress
            )

    def _stop_message_timer(self) -> None:
        if self._message_timer is not None:
            self._message_timer.cancel()
            self._message_timer = None

    def _fail(self, code: CloseCode, reason: str) -> None:
        """Ends it in the middle of a message, after which nothing more could be understood."""
        if not self.close_sent:
            self.conn.fail(code, reason)
            self.handle_parser_exception()


class _Share:
    """What one connection holds of the room for bodies; it grows and shrinks."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._visit = ExitStack()
        self._held = 0

    def hold(self, size: int) -> None:
        if size == self._held:
            return
        self._visit.close()
        self._held = 0
        if size:
            self._visit.enter_context(self._admission.visit())(size)
            self._held = size
