"""What an operator's tools ask: alive, ready, which version, which paths."""

from collections.abc import Callable

import msgspec

from manymind import __version__
from manymind.policy.keys import Caller
from manymind.server.exchange import Exchange
from manymind.server.openapi import document
from manymind.server.routes import Captured, Route


class Ops:
    """`draining` says that the server is about to stop."""

    def __init__(self, draining: Callable[[], bool]) -> None:
        self._draining = draining
        self._openapi = msgspec.json.encode(document(__version__))

    def routes(self) -> tuple[Route, ...]:
        pages = {
            "/healthz": self.alive,
            "/readyz": self.ready,
            "/version": self.version,
            "/openapi.json": self.openapi,
            "/": self.welcome,
        }
        return tuple(
            Route(method="GET", path=path, page=page, open=True) for path, page in pages.items()
        )

    async def alive(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        await exchange.reply(200, b'{"status":"ok"}')

    async def ready(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        stopping = self._draining()
        body = msgspec.json.encode({"status": "stopping" if stopping else "ready"})
        await exchange.reply(503 if stopping else 200, body)

    async def version(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        body = msgspec.json.encode({"name": "manymind", "version": __version__})
        await exchange.reply(200, body)

    async def openapi(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        await exchange.reply(200, self._openapi)

    async def welcome(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        await exchange.reply(200, _WELCOME.encode(), "text/plain; charset=utf-8")


_WELCOME = f"""\
Manymind {__version__} is running.

Point an OpenAI client at /v1, an Anthropic client at /, an OpenRouter client at /api/v1.
Models: /v1/models. All paths: /openapi.json.
"""
