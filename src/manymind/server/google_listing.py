"""`/v1beta/models`, as Google's own clients read it."""

from collections.abc import Callable, Collection

import msgspec

from manymind.canon.faults import BadRequest, NoSuchModel
from manymind.canon.values import Json
from manymind.catalog.listing import Row
from manymind.policy.keys import Caller
from manymind.server.exchange import Exchange
from manymind.server.manners import GEMINI, Manners
from manymind.server.paging import query
from manymind.server.routes import Captured, Route
from manymind.server.showcase import Named

PAGE_USUAL, PAGE_MAX = 50, 1000
"""Models on a page, as there."""

_PREFIX = "models/"
_METHODS = ("generateContent", "streamGenerateContent", "countTokens")


class GoogleListing:
    """A page's token is the place of its first model."""

    def __init__(self, models: Callable[[], Collection[Row]], named: Named) -> None:
        self._models = models
        self._named = named

    def routes(self) -> tuple[Route, ...]:
        manners = Manners(dialect=GEMINI)
        return (
            Route(method="GET", path="/v1beta/models", page=self.all, manners=manners, needs="any"),
            Route(
                method="GET",
                path="/v1beta/models/{model...}",
                page=self.one,
                manners=manners,
                needs="any",
            ),
        )

    async def all(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        asked = query(exchange)
        size = _whole(asked.one("pageSize"), "pageSize") or PAGE_USUAL
        start = _whole(asked.one("pageToken"), "pageToken")
        rows = (*self._models(), *self._named(caller.rights))
        end = start + min(size, PAGE_MAX)
        body: Json = {"models": [_shown(row) for row in rows[start:end]]}
        if end < len(rows):
            body["nextPageToken"] = str(end)
        await exchange.reply(200, msgspec.json.encode(body))

    async def one(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        name = captured["model"]
        rows = (*self._named(caller.rights), *self._models())
        row = next((row for row in rows if row.id == name), None)
        if row is None:
            raise NoSuchModel(
                f"No model is listed as {name[:200]}.",
                advice="GET /v1beta/models lists those that are.",
                field="model",
            )
        await exchange.reply(200, msgspec.json.encode(_shown(row)))


def from_google(exchange: Exchange) -> bool:
    """Whether one of Google's clients asks, at a path that others have, too."""
    names = ("x-goog-api-client", "x-goog-api-key")
    return any(exchange.has_header(name) for name in names)


def _whole(said: str | None, name: str) -> int:
    if not said:
        return 0
    if not (said.isascii() and said.isdecimal() and len(said) < 8):
        raise BadRequest(f"{name} is not a number that was given here.", field=name)
    return int(said)


def _shown(row: Row) -> Json:
    shown: Json = {
        "name": _PREFIX + row.id,
        "version": "",
        "displayName": row.name,
        "supportedGenerationMethods": _METHODS,
        "thinking": bool(row.efforts),
    }
    if row.context is not None:
        shown["inputTokenLimit"] = row.context
    if row.max_output is not None:
        shown["outputTokenLimit"] = row.max_output
    return shown
