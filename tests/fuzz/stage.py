"""A server in a thread of its own, for tools that call it by blocking sockets."""

import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import anyio.to_thread
from anyio.from_thread import start_blocking_portal

from manymind.app.house import open_house
from manymind.config import Flags, load
from tests.world import Application, serving


@contextmanager
def running(app: Application) -> Generator[str]:
    """Serves `app` while the block runs; gives its base URL."""
    ready, over = threading.Event(), threading.Event()
    addresses: list[str] = []

    async def serve() -> None:
        async with serving(app) as url:
            addresses.append(url)
            ready.set()
            await anyio.to_thread.run_sync(over.wait)

    thread = threading.Thread(target=anyio.run, args=(serve,))
    thread.start()
    try:
        assert ready.wait(10)
        yield addresses[0]
    finally:
        over.set()
        thread.join(10)


@contextmanager
def running_home(folder: Path, settings: str = "", **environment: str) -> Generator[str]:
    """The whole program without a network, on a port of its own."""
    file = folder / "manymind.toml"
    file.write_text(settings)
    config = load(Flags(config=file, data=folder), {"HOME": str(folder), **environment})

    @asynccontextmanager
    async def served() -> AsyncGenerator[str]:
        async with open_house(config) as house, serving(house.application) as url:
            yield url

    with start_blocking_portal() as portal, portal.wrap_async_context_manager(served()) as url:
        yield url
