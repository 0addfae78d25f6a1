"""Serving the application: one listening socket, and an end that lets answers finish."""

import gc
import socket
from collections.abc import Callable
from types import FrameType

import anyio
import uvicorn

from manymind.server.connection import Connection
from manymind.server.door import Application
from manymind.server.stream import FAREWELL_SECONDS

_TICK_SECONDS = 0.05


class Draining:
    """Whether the server is about to stop."""

    def __init__(self) -> None:
        self.begun = False

    def __call__(self) -> bool:
        return self.begun


class _Server(uvicorn.Server):
    """`ready` is told the port once it is known; with port 0 the system chooses one."""

    def __init__(
        self,
        config: uvicorn.Config,
        draining: Draining,
        drain_seconds: float,
        ready: Callable[[int], None],
    ) -> None:
        super().__init__(config)
        self._draining = draining
        self._drain_seconds = drain_seconds
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            self.should_exit = True  # Whoever serves says why, and leaves in its own way.
        if self.started and self.servers[0].sockets:
            self._ready(self.servers[0].sockets[0].getsockname()[1])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal asks for an end, the second for an end now. Uvicorn would raise each
        again when all is done; an end that was asked for and kept is no failure."""
        self.force_exit = self.should_exit
        self.should_exit = self._draining.begun = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no one in, let answers finish, tell those that cannot, and only then go."""
        state = self.server_state
        for server in self.servers:
            server.close()
        for connection in list(state.connections):
            connection.shutdown()
        await _until(lambda: not state.tasks or self.force_exit, self._drain_seconds)
        for task in list(state.tasks):
            task.cancel()
        await _until(lambda: not state.tasks and not state.connections, 2 * FAREWELL_SECONDS)
        for connection in list(state.connections):
            connection.transport.abort()


def _spare_the_collector() -> None:
    """What stands at the start stays to the end, and what a request leaves behind is gone with
    its last reference: looking for circles among all that a thousand times a second is idle."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def _until(done: Callable[[], bool], seconds_max: float) -> None:
    with anyio.move_on_after(seconds_max):
        while not done():  # noqa: ASYNC110 # uvicorn's sets wake nobody
            await anyio.sleep(_TICK_SECONDS)


async def listen(
    app: Application,
    *,
    host: str,
    port: int,
    drain_seconds: float,
    draining: Draining,
    ready: Callable[[int], None],
) -> bool:
    """Serve until told to stop by SIGTERM or SIGINT; False if the address could not be had."""
    config = uvicorn.Config(
        app,  # pyright: ignore[reportArgumentType] # uvicorn's types are narrower than ASGI
        host=host,
        port=port,
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
    )
    _spare_the_collector()
    server = _Server(config, draining, drain_seconds, ready)
    await server.serve()
    return server.started
