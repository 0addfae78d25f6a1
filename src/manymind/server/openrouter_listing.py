"""OpenRouter's pages about models: the list with its filters, a count, one model, its offers."""

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import msgspec

from manymind.canon.faults import BadRequest, NoSuchModel
from manymind.canon.values import Json
from manymind.catalog import choosing
from manymind.catalog.catalogue import VARIANTS
from manymind.catalog.listing import Row
from manymind.catalog.tariffs import tariff
from manymind.catalog.titles import title
from manymind.policy.keys import Caller
from manymind.server.exchange import Exchange
from manymind.server.listing_forms import architecture, endpoint
from manymind.server.manners import Manners
from manymind.server.routes import Captured, Route
from manymind.server.showcase import Showcase, Shown
from manymind.server.stream import DROPPED_HEADER
from manymind.server.unchanged import reply, tag

PREFIX = "/api/v1"
ROUTING_VARIANTS = frozenset({"nitro", "floor", "exacto", "online"})
"""They ask for a way, not for another model: what is said of the model holds for them too."""


class OpenRouterListing:
    """`now` tells the seconds since 1970, by which models have an age and prices a day."""

    def __init__(self, showcase: Showcase, now: Callable[[], float]) -> None:
        self._showcase = showcase
        self._now = now

    def routes(self) -> tuple[Route, ...]:
        pages = {
            "/models": self.all,
            "/models/user": self.all,
            "/models/count": self.count,
            "/models/{author}/{slug}/endpoints": self.endpoints,
            "/model/{name...}": self.one,
            "/providers": self.providers,
        }
        manners = Manners(house="openrouter")
        return tuple(
            Route(method="GET", path=PREFIX + path, page=page, manners=manners, needs="any")
            for path, page in pages.items()
        )

    async def all(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        shown = await self._showcase.shown(caller.rights)
        query = _query(exchange)
        by = choosing.wanted(query)
        found = choosing.chosen(shown.rows, by, self._moment().date())
        end = len(found) if by.limit is None else by.offset + by.limit
        page = found[by.offset : end]
        pieces = b",".join(shown.written["openrouter"][shown.places[row.id]] for row in page)
        after = None
        if end < len(found):
            after = f"{PREFIX}/models?{urlencode({**query, 'offset': end, 'limit': by.limit})}"
        links = msgspec.json.encode({"next": after})
        body = b'{"data":[%b],"total_count":%d,"links":%b}' % (pieces, len(found), links)
        await reply(exchange, self._tag(exchange, shown), body)

    async def count(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        shown = await self._showcase.shown(caller.rights)
        found = choosing.chosen(
            shown.rows, choosing.wanted(_query(exchange)), self._moment().date()
        )
        body: Json = {"data": {"count": len(found)}}
        await reply(exchange, self._tag(exchange, shown), msgspec.json.encode(body))

    async def one(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        shown = await self._showcase.shown(caller.rights)
        place = _place(shown, captured["name"])
        if place is None:
            raise _missing(captured["name"])
        body = b'{"data":' + shown.written["openrouter"][place] + b"}"
        await reply(exchange, self._tag(exchange, shown), body)

    async def endpoints(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        """The offers of a model. A variant that nobody sells has none, though its model has."""
        shown = await self._showcase.shown(caller.rights)
        name = f"{captured['author']}/{captured['slug']}"
        place = _place(shown, name)
        bare, _, variant = name.rpartition(":")
        sold = place is not None
        if not sold and variant in VARIANTS:
            place = _place(shown, bare)
        if place is None:
            raise _missing(name)
        row = shown.rows[place]
        body: Json = {
            "data": {
                "id": row.id if sold else name,
                "name": row.name,
                "created": row.created,
                "description": "",
                "architecture": architecture(row),
                "endpoints": self._endpoints(row) if sold else [],
            }
        }
        await reply(exchange, self._tag(exchange, shown), msgspec.json.encode(body))

    async def providers(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        shown = await self._showcase.shown(caller.rights)
        names = dict.fromkeys(offer.provider for row in shown.rows for offer in row.offers)
        data = [
            {
                "name": title(name),
                "slug": name,
                "privacy_policy_url": None,
                "terms_of_service_url": None,
                "status_page_url": None,
            }
            for name in sorted(names)
        ]
        await reply(exchange, self._tag(exchange, shown), msgspec.json.encode({"data": data}))

    def _endpoints(self, row: Row) -> list[Json]:
        return [
            endpoint(row, offer, tariff(offer.prices, self._moment()), title(offer.provider))
            for offer in row.offers
        ]

    def _tag(self, exchange: Exchange, shown: Shown) -> str:
        day = self._moment().date().isoformat()
        return tag(exchange.path, exchange.query.decode("latin-1"), shown.digest, day)

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._now(), UTC)


def _place(shown: Shown, name: str) -> int | None:
    bare, _, variant = name.rpartition(":")
    return shown.find(bare if variant in ROUTING_VARIANTS else name)


def _query(exchange: Exchange) -> dict[str, str]:
    """The parameters of a query. What nobody knows is left out, and said."""
    try:
        said = parse_qsl(exchange.query.decode("ascii"), max_num_fields=100)
    except (UnicodeDecodeError, ValueError):
        raise BadRequest("The query cannot be read.", advice="Encode it as a URL.") from None
    known = (*choosing.KNOWN, *choosing.UNKNOWN)
    strange = dict.fromkeys(name[:60] for name, _ in said if name not in known)
    if strange:
        exchange.add_header(DROPPED_HEADER, ", ".join(strange)[:1000])
    query: dict[str, str] = {}
    for name, value in said:
        if name in known:
            query[name] = f"{query[name]},{value}" if name in query else value
    return query


def _missing(name: str) -> NoSuchModel:
    return NoSuchModel(
        f"No model is listed as {name[:200]}.",
        advice=f"GET {PREFIX}/models lists those that are.",
        field="model",
    )
