"""`/metrics`, for whoever scrapes it."""

from collections.abc import Callable

from manymind.policy.keys import Caller
from manymind.server.exchange import Exchange
from manymind.server.routes import Captured, Route

KIND = "text/plain; version=0.0.4; charset=utf-8"


class MetricsPage:
    """`open` lets everybody read who reaches the server."""

    def __init__(self, text: Callable[[], bytes], *, open: bool = False) -> None:
        self._text = text
        self._open = open

    def routes(self) -> tuple[Route, ...]:
        page = self.show
        return (Route(method="GET", path="/metrics", page=page, open=self._open, needs="manage"),)

    async def show(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        await exchange.reply(200, self._text(), KIND, headers=[("cache-control", "no-store")])
