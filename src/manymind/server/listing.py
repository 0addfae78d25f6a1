"""`/v1/models`, in the form that whoever asks can read."""

from collections.abc import Callable, Collection, Mapping
from time import time
from urllib.parse import parse_qsl

import msgspec

from manymind.canon.faults import BadRequest, NoSuchModel
from manymind.catalog.listing import Row
from manymind.policy.keys import Caller
from manymind.server.exchange import Exchange
from manymind.server.google_listing import GoogleListing, from_google
from manymind.server.manners import Manners
from manymind.server.openrouter_listing import OpenRouterListing
from manymind.server.routes import Captured, Route
from manymind.server.showcase import Form, Named, Showcase, Shown, nothing
from manymind.server.unchanged import reply, tag

PAGE_USUAL, PAGE_MAX = 20, 1000
"""Models on a page of Anthropic's list, as there."""


class Listing:
    """`state` tells when the list must be made anew, `aliases` are the operator's own names, and
    `now` gives the seconds since 1970; `named` are the routes and presets of whoever asks."""

    def __init__(
        self,
        models: Callable[[], Collection[Row]],
        state: Callable[[], object] = lambda: None,
        aliases: Mapping[str, str] | None = None,
        now: Callable[[], float] = time,
        named: Named = nothing,
    ) -> None:
        self._showcase = Showcase(models, state, aliases, named)
        self._now = now
        self._google = GoogleListing(models, named)

    def routes(self) -> tuple[Route, ...]:
        openrouter = OpenRouterListing(self._showcase, self._now)
        own = (("/models", self.all), ("/models/{model...}", self.one))
        theirs = Manners(house="openrouter")
        return (
            *(Route(method="GET", path=f"/v1{path}", page=page, needs="any") for path, page in own),
            *openrouter.routes(),
            *self._google.routes(),
            Route(
                method="GET",
                path="/api/v1/models/{model...}",
                page=self.one,
                manners=theirs,
                needs="any",
            ),
        )

    async def all(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        if from_google(exchange):
            await self._google.all(exchange, caller, captured)
            return
        shown = await self._showcase.shown(caller.rights)
        if exchange.header("anthropic-version") is not None:
            await self._page(exchange, shown)
            return
        body = b'{"object":"list","data":[' + b",".join(shown.written["openai"]) + b"]}"
        await reply(exchange, tag("openai", shown.digest), body)

    async def one(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        if from_google(exchange):
            await self._google.one(exchange, caller, captured)
            return
        shown = await self._showcase.shown(caller.rights)
        place = shown.find(captured["model"])
        if place is None:
            raise NoSuchModel(
                f"No model is listed as {captured['model'][:200]}.",
                advice="GET /v1/models lists those that are.",
                field="model",
            )
        form: Form = "openai" if exchange.header("anthropic-version") is None else "anthropic"
        name = shown.rows[place].id
        await reply(exchange, tag(form, name, shown.digest), shown.written[form][place])

    async def _page(self, exchange: Exchange, shown: Shown) -> None:
        """A page as Anthropic has them: before or after a model, the nearest to it."""
        query = dict(parse_qsl(exchange.query.decode("latin-1")))
        limit = _limit(query.get("limit"))
        after, before = query.get("after_id"), query.get("before_id")
        if after and before:
            raise BadRequest("Give after_id or before_id, not both.", field="before_id")
        start, end = 0, len(shown.rows)
        if after:
            start = _place(shown, after, "after_id") + 1
        elif before:
            end = _place(shown, before, "before_id")
        more = end - start > limit
        if before:
            start = max(start, end - limit)
        else:
            end = min(end, start + limit)
        pieces = shown.written["anthropic"][start:end]
        rows = shown.rows[start:end]
        first, last = (_quoted(rows[0].id), _quoted(rows[-1].id)) if rows else (b"null", b"null")
        ends = b'],"has_more":%b,"first_id":%b,"last_id":%b}' % (
            b"true" if more else b"false",
            first,
            last,
        )
        current = tag("anthropic", shown.digest, str(start), str(end), str(more))
        await reply(exchange, current, b'{"data":[' + b",".join(pieces) + ends)


def _limit(said: str | None) -> int:
    if not said:
        return PAGE_USUAL
    whole = said.isascii() and said.isdecimal() and len(said) < 8
    if not whole or not 1 <= int(said) <= PAGE_MAX:
        raise BadRequest(f"limit must be 1 to {PAGE_MAX:,}.", field="limit")
    return int(said)


def _place(shown: Shown, name: str, field: str) -> int:
    place = shown.find(name)
    if place is None:
        raise BadRequest(
            f"{field} names no model of the list.",
            advice="Give the first_id or last_id of a page.",
            field=field,
        )
    return place


def _quoted(name: str) -> bytes:
    return msgspec.json.encode(name)
