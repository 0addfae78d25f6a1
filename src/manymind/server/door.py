"""The ASGI application: every request comes in here, and nothing goes out unexplained."""

import logging
import re
import time
import traceback
from collections.abc import Awaitable, Callable
from difflib import get_close_matches
from functools import partial
from typing import TypeAlias

import anyio
from msgspec import Struct

from manymind.canon.faults import Fault, MethodNotAllowed, NotFound
from manymind.policy.keys import Caller
from manymind.server.exchange import Exchange, HungUp, Receive, Scope, Send
from manymind.server.guard import PREFLIGHT, Guard
from manymind.server.inference import CHAT, MESSAGES, RESPONSES, Inference
from manymind.server.inference import Door as InferenceDoor
from manymind.server.listing import Listing
from manymind.server.ops import Ops
from manymind.server.stream import FAREWELL_SECONDS, ending

log = logging.getLogger("manymind.server")

Page: TypeAlias = Callable[[Exchange], Awaitable[None]]


class Route(Struct, frozen=True, kw_only=True):
    """What stands at a path. `open` pages need no key; an inference door has its own handler."""

    method: str
    page: Page | None = None
    door: InferenceDoor | None = None
    open: bool = False


_HOUSES = (("/v1", "openai"), ("/api/v1", "openrouter"))
_CLOUDFLARE = re.compile(r"/client/v4/accounts/[^/]+/ai(/.*)")
_RUN_MODEL = re.compile(r"/run/(.+)")
_DOORS = {"/chat/completions": CHAT, "/responses": RESPONSES, "/messages": MESSAGES}


class Application:
    def __init__(
        self,
        guard: Guard,
        inference: Inference,
        listing: Listing,
        ops: Ops,
        new_id: Callable[[], str],
    ) -> None:
        self._guard = guard
        self._inference = inference
        self._new_id = new_id
        self._pages = _pages(listing, ops)
        self._ops = ops
        self._listing = listing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            return
        exchange = Exchange(scope, receive, send, self._new_id())
        started = time.perf_counter()
        try:
            await self._handle(exchange)
        except HungUp:
            exchange.outcome = "hung up"
        except anyio.get_cancelled_exc_class():
            exchange.outcome = "cancelled"
            await self._dismiss(exchange)
        finally:
            spent = time.perf_counter() - started
            log.info(
                "%s %s %s in %.3f s (%s)",
                exchange.method,
                self._place(exchange.path),
                exchange.outcome,
                spent,
                exchange.request_id,
            )

    async def _handle(self, exchange: Exchange) -> None:
        door = _door_at(exchange.path)
        manners = door or _manners(exchange)
        if manners.dialect == MESSAGES:
            exchange.extra.append(("request-id", exchange.request_id))
        try:
            self._guard.admit(exchange)
            if self._guard.is_preflight(exchange):
                exchange.outcome = "preflight"
                return await exchange.reply(204, b"", headers=PREFLIGHT)
            route = self._route(exchange, door)
            caller = None if route.open else self._guard.identify(exchange)
            await self._serve(exchange, route, caller)
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

    def _route(self, exchange: Exchange, door: InferenceDoor | None) -> Route:
        path, method = exchange.path, exchange.method
        route = self._pages.get(path) or self._model_page(path)
        if door is not None:
            route = Route(method="POST", door=door)
        if route is None:
            raise NotFound(
                "There is nothing at this path.",
                advice=self._instead(path),
            )
        asked = "GET" if method == "HEAD" else method
        if asked != route.method:
            exchange.extra.append(("allow", route.method))
            raise MethodNotAllowed(f"This path takes {route.method}, not {method[:20]}.")
        return route

    def _place(self, path: str) -> str:
        """A path as it is logged: what the caller made up of it may hold a secret."""
        if path in self._pages:
            return path
        if self._model_page(path) is not None:
            return f"{path.partition('/models/')[0]}/models/…"
        if _door_at(path) is None:
            return "/…"
        cloudflare = _CLOUDFLARE.fullmatch(path)
        if cloudflare is None:
            return path
        rest = "/run/…" if _RUN_MODEL.fullmatch(cloudflare[1]) else cloudflare[1]
        return f"/client/v4/accounts/…/ai{rest}"

    def _instead(self, path: str) -> str:
        """Where a base URL that has its /v1 twice, or not at all, was meant to lead."""
        doors = [house + door for house, _ in _HOUSES for door in _DOORS]
        close = get_close_matches(path[:200], [*doors, *self._pages], n=1, cutoff=0.8)
        return f"Did you mean {close[0]}?" if close else "The paths are listed at /openapi.json."

    def _model_page(self, path: str) -> Route | None:
        for prefix in ("/v1/models/", "/api/v1/models/"):
            if path.startswith(prefix):
                page = partial(self._listing.one, name=path.removeprefix(prefix))
                return Route(method="GET", page=page)
        return None

    async def _serve(self, exchange: Exchange, route: Route, caller: Caller | None) -> None:
        if route.page is not None:
            await route.page(exchange)
        elif route.door is not None and caller is not None:
            await self._inference.answer(exchange, caller, route.door)

    async def _dismiss(self, exchange: Exchange) -> None:
        """The server ends before the answer; nothing runs above us that would have to know."""
        with anyio.move_on_after(FAREWELL_SECONDS, shield=True):
            manners = _door_at(exchange.path) or _manners(exchange)
            await self._refuse(exchange, ending(), manners)

    async def _refuse(self, exchange: Exchange, fault: Fault, manners: InferenceDoor) -> None:
        if not exchange.started:
            await self._inference.refuse(exchange, fault, manners)


def _pages(listing: Listing, ops: Ops) -> dict[str, Route]:
    return {
        "/v1/models": Route(method="GET", page=listing.all),
        "/api/v1/models": Route(method="GET", page=listing.all),
        "/healthz": Route(method="GET", page=ops.alive, open=True),
        "/readyz": Route(method="GET", page=ops.ready, open=True),
        "/version": Route(method="GET", page=ops.version, open=True),
        "/openapi.json": Route(method="GET", page=ops.openapi, open=True),
        "/": Route(method="GET", page=ops.welcome, open=True),
    }


def _door_at(path: str) -> InferenceDoor | None:
    """The inference door at a path, whatever the method."""
    cloudflare = _CLOUDFLARE.fullmatch(path)
    if cloudflare is not None:
        return _cloudflare_door(cloudflare[1])
    for prefix, house in _HOUSES:
        dialect = _DOORS.get(path.removeprefix(prefix)) if path.startswith(prefix) else None
        if dialect is not None:
            return InferenceDoor(dialect=dialect, house=house)
    return None


def _manners(exchange: Exchange) -> InferenceDoor:
    """How to refuse where no inference door stands: as whoever asks can read it."""
    messages = exchange.path.startswith("/v1/messages") or exchange.has_header("anthropic-version")
    house = "openrouter" if exchange.path.startswith("/api/") else "openai"
    return InferenceDoor(dialect=MESSAGES if messages else CHAT, house=house)


def _cloudflare_door(rest: str) -> InferenceDoor | None:
    """The account in the path is never authority; only the key is."""
    run = _RUN_MODEL.fullmatch(rest)
    if rest == "/run" or run is not None:
        model = run[1] if run is not None else None
        return InferenceDoor(dialect=RESPONSES, house="cloudflare", run=True, model=model)
    dialect = _DOORS.get(rest.removeprefix("/v1")) if rest.startswith("/v1") else None
    return InferenceDoor(dialect=dialect, house="cloudflare") if dialect is not None else None


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
