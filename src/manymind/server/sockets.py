"""Responses by WebSocket: turn after turn on one connection, which remembers the last of them."""

from collections.abc import Callable
from contextlib import suppress

import anyio
from anyio.abc import TaskGroup
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.events import Began, Ended, Spent, spoken
from manymind.canon.faults import BadRequest, Conflict, Fault, SocketExpired
from manymind.canon.ports import Clock, Kept, Memory
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.dialects.mirror import Dialect, View
from manymind.dialects.openai_responses.outputs import named
from manymind.gateway import Gateway
from manymind.memory.recalling import check_returns
from manymind.memory.references import Filled
from manymind.policy.keys import Caller
from manymind.server.admission import Admission
from manymind.server.exchange import Exchange
from manymind.server.guard import Guard
from manymind.server.handshake import DRAIN, RESTARTING, SOCKET, Handshake
from manymind.server.inference import Bounds
from manymind.server.line import AsgiMessage, HungUp
from manymind.server.manners import RESPONSES, Manners
from manymind.server.marks import marks
from manymind.server.naming import Naming
from manymind.server.recollection import Recollection, Recollections
from manymind.server.routes import Captured, Route, admit
from manymind.server.socket_request import read
from manymind.server.stream import FAREWELL_SECONDS, ending, unwrapped
from manymind.server.turn import Turn, error_event
from manymind.server.websocket import Terms

LIFETIME_SECONDS = 3600.0
"""So long may one connection take new turns. Clients know the fault that then comes."""

_PATHS = (("/v1/responses", "openai"), ("/api/v1/responses", "openrouter"))

_NORMAL, _BROKEN = 1000, 1011


class Hall(Struct, frozen=True):
    """What every socket works with. `house` is the memory beyond one connection. With a `guard`
    each turn is asked for its key anew, which may have been revoked since the last."""

    gateway: Gateway
    dialect: Dialect
    clock: Clock
    admission: Admission
    house: Memory
    new_id: Callable[[], str]
    lifetime_seconds: float = LIFETIME_SECONDS
    guard: Guard | None = None


class Sockets:
    def __init__(self, hall: Hall, bounds: Bounds) -> None:
        self._hall = hall
        self._recollections = Recollections(bounds.bodies_bytes)
        self._terms = Terms(
            message_bytes=bounds.body_bytes,
            message_seconds=bounds.body_seconds,
            heartbeat_seconds=bounds.heartbeat_seconds,
            admission=hall.admission,
        )

    def routes(self) -> tuple[Route, ...]:
        return tuple(self._door(path, house) for path, house in _PATHS)

    def _door(self, path: str, house: str) -> Route:
        manners = Manners(dialect=RESPONSES, house=house)

        async def page(exchange: Exchange, caller: Caller, captured: Captured) -> None:
            if isinstance(exchange, Handshake):  # As the door has it for every socket.
                await self._serve(exchange, caller, house)

        return Route(
            method=SOCKET,
            path=path,
            page=page,
            manners=manners,
            needs="infer",
            socket=self._terms,
        )

    async def _serve(self, socket: Handshake, caller: Caller, house: str) -> None:
        await socket.accept()
        memory = self._recollections.open(self._hall.house)
        try:
            await Session(self._hall, socket, caller, house, memory).run()
        finally:
            memory.close()


class _Farewell(Struct, frozen=True):
    """Why a connection takes no more turns."""

    code: int
    reason: str
    fault: Fault | None = None


_DRAINED = _Farewell(RESTARTING, "The server is shutting down.")


class Session:
    """One connection. One task hears, another answers; so a hang-up cancels at once, and whoever
    asks while an answer is under way is told so."""

    def __init__(
        self, hall: Hall, socket: Handshake, caller: Caller, house: str, memory: Recollection
    ) -> None:
        self._hall = hall
        self._socket = socket
        self._caller = caller
        self._house = house
        self._memory = memory
        self._turn: Turn | None = None
        self._turns = 0
        self._ends_at = anyio.current_time() + hall.lifetime_seconds
        self._farewell: _Farewell | None = None

    async def run(self) -> None:
        try:
            async with anyio.create_task_group() as group:
                await self._hear(group)
                group.cancel_scope.cancel()
        except BaseExceptionGroup as several:
            await self._break(unwrapped(several))
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(FAREWELL_SECONDS, shield=True), suppress(HungUp):
                await self._socket.close(_DRAINED.code, _DRAINED.reason)
            raise
        finally:
            self._socket.outcome = f"after {self._turns} turns"
        await self._leave(self._farewell or _DRAINED)

    async def _leave(self, farewell: _Farewell) -> None:
        if farewell.fault is not None:
            await self._complain(farewell.fault)
        await self._socket.close(farewell.code, farewell.reason)

    async def _break(self, exception: BaseException) -> None:
        if not isinstance(exception, HungUp):
            with suppress(HungUp):
                await self._socket.close(_BROKEN, "Something went wrong in this server.")
        raise exception

    async def _hear(self, group: TaskGroup) -> None:
        """Returns when the connection is to be closed."""
        while self._farewell is None or self._turn is not None:
            message = await self._next()
            if message is None:
                self._farewell = _Farewell(_NORMAL, "", SocketExpired("This socket is too old."))
            elif message["type"] == DRAIN:
                self._farewell = _DRAINED
            elif message["type"] == "websocket.receive":
                await self._take(message.get("text"), group)
            else:
                raise HungUp

    async def _next(self) -> AsgiMessage | None:
        """What comes next; None when the connection has come to its age."""
        if self._farewell is not None:
            return await self._socket.hear()
        with anyio.move_on_after(max(0.0, self._ends_at - anyio.current_time())):
            return await self._socket.hear()
        return None

    async def _take(self, text: str | None, group: TaskGroup) -> None:
        if self._turn is not None and self._turn.over:
            await self._turn.done.wait()
        if self._turn is not None:
            await self._complain(_BUSY)
        elif self._farewell is not None:
            await self._complain(ending())
        elif text is None:
            await self._complain(_BINARY)
        else:
            self._turn = Turn(self._socket.tell, self._hall.new_id())
            self._turns += 1
            group.start_soon(self._answer, self._turn, text.encode(), group)

    async def _complain(self, fault: Fault) -> None:
        await self._socket.tell(error_event(fault, self._socket.request_id))

    async def _answer(self, turn: Turn, text: bytes, group: TaskGroup) -> None:
        try:
            with self._hall.admission.visit() as take:
                take(len(text))
                await self._speak(turn, *read(text, self._hall.dialect))
        except Fault as fault:
            await turn.fail(fault)
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(FAREWELL_SECONDS, shield=True), suppress(HungUp):
                await turn.fail(ending())
            raise
        finally:
            self._turn = None
            turn.done.set()
        if self._farewell is not None:
            group.cancel_scope.cancel()

    async def _speak(self, turn: Turn, request: Request, generate: bool) -> None:
        dialect, key = self._hall.dialect, turn.request_id
        await self._identify()
        request = self._hall.gateway.readied(request)

        async def keep(answer: Answer) -> None:
            if not (request.store and generate):  # Else the gateway keeps it, in the house.
                asked = replace(request, items=news.kept)
                kept = Kept(owner=self._caller.id, request=asked, answer=named(answer))
                await self._memory.keep(kept)

        try:
            news = await self._hall.gateway.filled(self._caller, request, self._memory.items)
            whole = await self._continued(request, news)
            naming = Naming(dialect.name, self._house, key)
            say = turn.begin(dialect.writer(request, self._view(request)), naming, keep)
            said = marks(self._socket)
            if generate:
                await self._hall.gateway.answer(self._caller, whole, say, key=key, marks=said)
            else:
                await self._hall.gateway.checked(self._caller, whole, said)
                free = Spent(usage=Usage(cost=0))
                await say(spoken(Began(id="", model=request.model), free, Ended()))
        except Fault:
            self._memory.forget(request.previous_response_id or "")
            raise

    async def _identify(self) -> None:
        guard, socket = self._hall.guard, self._socket
        if guard is not None:
            self._caller = guard.known(socket) or await guard.identify(socket)
            admit(self._caller, "infer")

    async def _continued(self, request: Request, news: Filled) -> Request:
        """The request with the history that it goes on from, unless all of it is the house's."""
        previous = request.previous_response_id
        if previous is None or (request.store and not self._memory.holds(previous)):
            return replace(request, items=news.sent)
        history = await self._memory.recall(self._caller.id, previous)
        check_returns(history, news.kept)
        return replace(request, items=(*history, *news.sent), previous_response_id=None)

    def _view(self, request: Request) -> View:
        return View(
            house=self._house,
            agents="agents" in (request.include or ()),
            created=int(self._hall.clock.today()),
            now=self._hall.clock.today,
        )


_BUSY = Conflict(
    "An answer is under way on this connection.",
    advice="Wait for its last event, or open another connection.",
)
_BINARY = BadRequest("The message is binary.", advice="Send each message as JSON text.")
