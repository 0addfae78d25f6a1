"""Asks an application past the sockets, from tests that hypothesis runs many times over."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from manymind import dialects
from manymind.app.house import open_house
from manymind.canon.events import Say
from manymind.canon.ports import Desk
from manymind.canon.requests import Request
from manymind.config import Flags, load
from manymind.providers.scripted import Scripted
from manymind.server.door import Application
from manymind.server.routes import Route
from tests.server.stage import Terms, application

SECONDS_MAX = 5.0
"""In virtue of which no body is a hang; a busy machine has its share in it."""


class Asked:
    """An application that is asked from outside its loop."""

    def __init__(self, portal: BlockingPortal, app: Application) -> None:
        self._portal = portal
        self._app = app

    @property
    def routes(self) -> tuple[Route, ...]:
        return self._app.routes

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """The status and the body of the reply."""
        return self.call("POST", path, body)

    def call(
        self, method: str, path: str, body: bytes = b"", query: bytes = b""
    ) -> tuple[int, bytes]:
        return self._portal.call(self._call, method, path, body, query)

    async def _call(self, method: str, path: str, body: bytes, query: bytes) -> tuple[int, bytes]:
        sent: list[dict[str, Any]] = []
        pieces = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if not pieces:
                await anyio.sleep_forever()
            return pieces.pop()

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [
            (b"host", b"localhost"),
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
        ]
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query,
            "headers": headers,
        }
        begun = time.monotonic()
        await self._app(scope, receive, send)
        assert time.monotonic() - begun < SECONDS_MAX
        assert not sent[-1].get("more_body", False), "the reply has an end"
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


class _Carrier:
    """Writes each request in every dialect, as if to an upstream, then says it back."""

    def __init__(self) -> None:
        self._dialects = tuple(dialects.find().values())

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        for dialect in self._dialects:
            dialect.write_request(request)
        await Scripted("echo").run(request, say, desk)


@contextmanager
def carried() -> Generator[Asked]:
    """The door alone, in front of a provider that any dialect leads to."""
    with start_blocking_portal() as portal:
        yield Asked(portal, application(_Carrier(), Terms(body_bytes=4_000_000)))


@contextmanager
def at_home(folder: Path) -> Generator[Asked]:
    """The whole program without a network: the reader, and a team of readers."""
    config = load(Flags(data=folder), {"HOME": str(folder)})
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_house(config)) as house,
    ):
        yield Asked(portal, house.application)
