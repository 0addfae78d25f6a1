"""The ASGI application: every request comes in here, and nothing goes out unexplained."""

import logging
import time
import traceback
from collections.abc import Callable, Coroutine, Iterable

import anyio
from msgspec.structs import replace

from manymind.canon.faults import Fault, MethodNotAllowed
from manymind.server.exchange import Exchange
from manymind.server.google_listing import from_google
from manymind.server.guard import PREFLIGHT, Guard
from manymind.server.handshake import SOCKET, Handshake
from manymind.server.line import AsgiLine, HungUp, Line, Receive, Scope, Send
from manymind.server.manners import CHAT, GEMINI, MESSAGES, Manners, Refusals
from manymind.server.routes import NOBODY, Place, Route, Routes, admit
from manymind.server.stream import FAREWELL_SECONDS, ending
from manymind.server.websocket import Terms

log = logging.getLogger("manymind.server")


class Application:
    def __init__(
        self,
        guard: Guard,
        refusals: Refusals,
        routes: Iterable[Route],
        new_id: Callable[[], str],
    ) -> None:
        self._guard = guard
        self._refusals = refusals
        self.routes = tuple(routes)
        self._routes = Routes(self.routes)
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] == "websocket":
            await self._attend(Handshake(scope, receive, send, self._new_id()))
        elif scope["type"] == "http":
            await self.attend(AsgiLine(scope, receive, send))

    def attend(self, line: Line) -> Coroutine[None, None, None]:
        """Answer what comes on a line. Raises nothing."""
        return self._attend(Exchange(line, self._new_id()))

    async def _attend(self, exchange: Exchange) -> None:
        started = time.perf_counter()
        place = self._routes.at(exchange.path)
        manners = _manners(exchange, place)
        try:
            await self._handle(exchange, place, manners)
        except HungUp:
            exchange.outcome = "hung up"
        except anyio.get_cancelled_exc_class():
            exchange.outcome = "cancelled"
            await self._dismiss(exchange, manners)
        finally:
            if log.isEnabledFor(logging.INFO):
                log.info(
                    "%s %s %s in %.3f s (%s)",
                    exchange.method,
                    "/…" if place is None else place.any.place,
                    exchange.outcome,
                    time.perf_counter() - started,
                    exchange.request_id,
                )

    def socket_at(self, path: str) -> Terms | None:
        """On which terms one may speak by WebSocket at a path, if at all."""
        place = self._routes.at(path)
        route = None if place is None else place.routes.get(SOCKET)
        return None if route is None else route.socket

    async def _handle(self, exchange: Exchange, place: Place | None, manners: Manners) -> None:
        if manners.dialect == MESSAGES:
            exchange.add_header("request-id", exchange.request_id)
        try:
            self._guard.admit(exchange)
            if exchange.method == "OPTIONS" and self._guard.is_preflight(exchange):
                exchange.outcome = "preflight"
                return await exchange.reply(204, b"", headers=PREFLIGHT)
            if place is None:
                raise self._routes.missing(exchange.path)
            route = _asked(exchange, place)
            caller = NOBODY
            if not route.open:
                caller = self._guard.known(exchange) or await self._guard.identify(exchange)
                admit(caller, route.needs)
            await route.page(exchange, caller, place.captured)
        except Fault as fault:
            await self._refuse(exchange, fault, manners)
        except HungUp:
            raise
        except Exception as bug:  # noqa: BLE001 # the door: nothing may pass it unexplained
            # The message of a bug may hold a prompt: what it was and where is enough.
            log.error("bug in %s: %s", exchange.request_id, _where(bug))
            fault = Fault(
                "Something went wrong in this server.",
                advice=f"Please report it with the id {exchange.request_id}.",
            )
            await self._refuse(exchange, fault, manners)
            exchange.outcome = "500 bug"

    async def _dismiss(self, exchange: Exchange, manners: Manners) -> None:
        """The server ends before the answer; nothing runs above us that would have to know."""
        with anyio.move_on_after(FAREWELL_SECONDS, shield=True):
            await self._refuse(exchange, ending(), manners)

    async def _refuse(self, exchange: Exchange, fault: Fault, manners: Manners) -> None:
        if not exchange.started:
            await self._refusals.refuse(exchange, fault, manners)


def _asked(exchange: Exchange, place: Place) -> Route:
    try:
        return place.route(exchange.method)
    except MethodNotAllowed:
        exchange.add_header("allow", place.allowed)
        raise


def _manners(exchange: Exchange, place: Place | None) -> Manners:
    """How to refuse. Where several dialects share a path, or nothing stands, as whoever asks can
    read it."""
    if place is not None:
        manners = place.any.manners
    else:
        house = "openrouter" if exchange.path.startswith("/api/") else "openai"
        manners = Manners(dialect=_tongue(exchange.path), house=house)
    if manners.dialect == CHAT and exchange.has_header("anthropic-version"):
        return replace(manners, dialect=MESSAGES)
    if manners.dialect == CHAT and exchange.path.startswith("/v1/models") and from_google(exchange):
        return replace(manners, dialect=GEMINI)
    return manners


def _tongue(path: str) -> str:
    """Who would call a path at which nothing stands."""
    if path.startswith("/v1beta"):
        return GEMINI
    return MESSAGES if path.startswith("/v1/messages") else CHAT


def _where(bug: Exception) -> str:
    frames = traceback.extract_tb(bug.__traceback__)
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:]))
    return f"{type(bug).__name__} at {places}"


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
