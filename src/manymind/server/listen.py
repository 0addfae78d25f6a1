"""Serving the application: one listening socket, and an end that lets answers finish."""

from collections.abc import Callable
from types import FrameType

import uvicorn

from manymind.server.door import Application


class Draining:
    """Whether the server is about to stop."""

    def __init__(self) -> None:
        self.begun = False

    def __call__(self) -> bool:
        return self.begun


class _Server(uvicorn.Server):
    """`ready` is told the port once it is known; with port 0 the system chooses one."""

    def __init__(
        self, config: uvicorn.Config, draining: Draining, ready: Callable[[int], None]
    ) -> None:
        super().__init__(config)
        self._draining = draining
        self._ready = ready

    async def startup(self, sockets: list[object] | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] # the sockets are only passed on
        await super().startup(sockets)  # pyright: ignore[reportArgumentType] # as above
        if self.servers and self.servers[0].sockets:
            self._ready(self.servers[0].sockets[0].getsockname()[1])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._draining.begun = True
        super().handle_exit(sig, frame)


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
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=int(drain_seconds),
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = _Server(config, draining, ready)
    await server.serve()
    return server.started
