"""A server in a thread of its own, for tools that call it by blocking sockets."""

import threading
from collections.abc import Generator
from contextlib import contextmanager

import anyio
import anyio.to_thread

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
