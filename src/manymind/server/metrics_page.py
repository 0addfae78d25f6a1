"""`/metrics`, for whoever scrapes it."""

from collections.abc import Callable

from manymind.policy.keys import Caller
from manymind.server.exchange import Exchange
from manymind.server.routes import Captured, Route
from manymind.server.seeing import managing

KIND = "text/plain; version=0.0.4; charset=utf-8"


class MetricsPage:
    """`open` lets everybody read who reaches the server."""

    def __init__(self, text: Callable[[], bytes], *, open: bool = False) -> None:
        self._text = text
        self._open = open

    def routes(self) -> tuple[Route, ...]:
        return (Route(method="GET", path="/metrics", page=self.show, open=self._open),)

    async def show(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        if not self._open:
            managing(caller)
        await exchange.reply(200, self._text(), KIND, headers=[("cache-control", "no-store")])
