"""The real small things that tests are made of: a server on a free port, a clock that is wound
by hand, a purse without a bottom, an ear."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from heapq import heappop, heappush
from itertools import count
from typing import Any, Literal, TypeAlias

import anyio
import anyio.lowlevel
import uvicorn
from msgspec.structs import replace
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from manymind.canon.answers import Answer, fold
from manymind.canon.attempts import Attempt
from manymind.canon.events import Chunk, Happened, Say
from manymind.canon.items import Said
from manymind.canon.parts import Text
from manymind.canon.ports import Allotment, Clock, Desk
from manymind.canon.requests import Request
from manymind.canon.values import Ticks
from manymind.server.connection import Connection
from manymind.server.door import Application as Door
from manymind.server.simulated import RawHttp, Simulated

_Message: TypeAlias = MutableMapping[str, Any]
Application: TypeAlias = Callable[
    [Any, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]],
    Awaitable[None],
]
"""An ASGI application, as uvicorn takes it."""


@asynccontextmanager
async def serving(
    app: Application,
    *,
    lifespan: Literal["on", "off"] = "off",
    http: type[asyncio.Protocol] | None = None,
) -> AsyncGenerator[str]:
    """Serves `app` on a free port of the loopback while the block runs; gives its base URL. Ours
    is served as the program does it, any other as uvicorn does.

    What is still being answered at the end of the block is cancelled. A `Simulated` provider
    gets the bare socket that some of its mishaps need.
    """
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        http=http or _spoken_by(app),
        ws="none",
        lifespan=lifespan,
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=0,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    await server.on_tick(0)
    try:
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        with anyio.CancelScope(shield=True):
            await server.shutdown()
            while server.server_state.tasks:
                await anyio.sleep(0.01)


def _spoken_by(app: Application) -> type[asyncio.Protocol]:
    if isinstance(app, Simulated):
        return RawHttp
    return Connection if isinstance(app, Door) else HttpToolsProtocol


class FakeClock(Clock):
    """Time stands still until `advance` winds it on."""

    def __init__(self, now: float = 1000.0, today: float = 1_800_000_000.0) -> None:
        self._now = now
        self._epoch = today - now
        self._order = count()
        self._sleepers: list[tuple[float, int, anyio.Event]] = []
        self.slept: list[float] = []

    def now(self) -> float:
        return self._now

    def today(self) -> float:
        return self._epoch + self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if seconds <= 0:
            await anyio.lowlevel.checkpoint()
            return
        woken = anyio.Event()
        heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        await woken.wait()

    async def advance(self, seconds: float) -> None:
        """Wakes the sleepers whose time comes, in order, each at its own time."""
        await settle()
        end = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now, _, woken = heappop(self._sleepers)
            woken.set()
            await settle()
        self._now = end


async def settle(turns: int = 25) -> None:
    """Lets every task that can run do so, until they wait for something."""
    for _ in range(turns):
        await anyio.lowlevel.checkpoint()


class WallClock(Clock):
    """The real time."""

    def now(self) -> float:
        return time.monotonic()

    def today(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class Slip:
    """A hold on an `Unlimited` purse."""

    def __init__(self, purse: "Unlimited", worst: Ticks) -> None:
        self._purse = purse
        self.worst = worst
        self.used: Ticks | None = None

    async def settle(self, used: Ticks, attempt: Attempt | None = None) -> None:
        assert self.used is None, "a hold is settled once"
        self.used = used
        self._purse.book(used)


class Unlimited(Allotment):
    """A purse without a bottom. `settled` sums what it and its children paid; `slips` are its
    own holds, in order."""

    def __init__(self, parent: "Unlimited | None" = None) -> None:
        self._parent = parent
        self.settled: Ticks = 0
        self.slips: list[Slip] = []
        self.caps: list[Ticks | None] = []

    @property
    def spent(self) -> Ticks:
        return self.settled

    @property
    def open(self) -> list[Slip]:
        """Holds that nobody has settled yet."""
        return [slip for slip in self.slips if slip.used is None]

    async def reserve(self, worst: Ticks, *, tokens: int = 0, final: bool = False) -> Slip:
        slip = Slip(self, worst)
        self.slips.append(slip)
        return slip

    async def child(self, cap: Ticks | None) -> "Unlimited":
        self.caps.append(cap)
        return Unlimited(self)

    def left(self) -> Ticks | None:
        return None

    def book(self, used: Ticks) -> None:
        self.settled += used
        if self._parent is not None:
            self._parent.book(used)


class Heard(list[Chunk]):
    """What was spoken, in order."""

    @property
    def events(self) -> list[Happened]:
        return [event for chunk in self for event in chunk.events]

    @property
    def answer(self) -> Answer:
        return fold(self)


def listener() -> tuple[Heard, Say]:
    """An ear, and the `say` that speaks into it."""
    heard = Heard()

    async def say(chunk: Chunk) -> None:
        heard.append(chunk)

    return heard, say


def said(text: str, role: str = "user") -> Said:
    return Said(role=role, parts=(Text(text=text),))


def a_request(text: str = "Say hello.", *, model: str = "scripted", **fields: Any) -> Request:
    """A request of one user message; `fields` replace any other field, `items` included."""
    return replace(Request(model=model, items=(said(text),)), **fields)


def a_desk(**fields: Any) -> Desk:
    """A desk with an unlimited allotment and the real clock."""
    return replace(Desk(key="test", allotment=Unlimited(), clock=WallClock()), **fields)
