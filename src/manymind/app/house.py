"""The whole program, put together from its rooms."""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias

import anyio
from msgspec import Struct

from manymind import dialects
from manymind.app import roles
from manymind.app.amounts import amount
from manymind.app.counting import MakeCounting, counted, sampler, tightening
from manymind.app.shelving import Tell, open_shelves
from manymind.app.stock import names, stocked
from manymind.app.stored import Stored
from manymind.app.upstreams import Found, discover, outgoing
from manymind.app.vectors import embedding
from manymind.canon.events import Say
from manymind.canon.faults import NoSuchModel
from manymind.canon.origins import Origin
from manymind.canon.ports import Clock, Desk, Provider, Shelves
from manymind.canon.requests import Request
from manymind.canon.values import Ticks
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.listing import Row, listing
from manymind.catalog.sellers import OWN
from manymind.clock import SystemClock
from manymind.config import Config, ConfigError
from manymind.egress.trusted import Trusted
from manymind.engine.settings import TeamSettings
from manymind.engine.team import Team
from manymind.gateway import Gateway
from manymind.ledger.accounts import Accounts, Defaults
from manymind.ledger.allotments import Purse
from manymind.ledger.meters import metering
from manymind.ledger.pricing import CataloguePricing
from manymind.policy.keys import Keys
from manymind.providers import build
from manymind.providers.reader import Reader
from manymind.routing.embedding import Embedding
from manymind.routing.router import Router
from manymind.server.door import Application
from manymind.server.embeddings import Embeddings
from manymind.server.guard import Guard, is_loopback
from manymind.server.inference import Bounds, Inference
from manymind.server.listen import Draining
from manymind.server.listing import Listing
from manymind.server.manners import RESPONSES, Refusals
from manymind.server.ops import Ops
from manymind.server.request_ids import RequestIds
from manymind.server.sockets import Hall, Sockets
from manymind.tokens.counter import Counter

TEAM, READER = f"{OWN}/multi-agent", f"{OWN}/reader"

DAY_SECONDS = 86_400

Allotted: TypeAlias = Callable[[Purse], None]
"""Is shown what each request may spend, and can see from it what it has spent so far."""


class House(Struct, frozen=True, kw_only=True):
    gateway: Gateway
    application: Application
    draining: Draining
    found: tuple[Found, ...]
    team: TeamSettings
    stored: Stored


@asynccontextmanager
async def open_house(
    config: Config, progress: Tell | None = None, allotted: Allotted | None = None
) -> AsyncGenerator[House]:
    """Everything, built from the settings; closed at the end of the block."""
    _refuse_an_open_door(config)
    client = outgoing(config)
    stored = Stored(config)
    try:
        yield await _house(config, client, stored, progress, allotted)
    finally:
        with anyio.CancelScope(shield=True):
            await client.aclose()
            await stored.aclose()


async def _house(
    config: Config,
    client: Trusted,
    stored: Stored,
    progress: Tell | None,
    allotted: Allotted | None,
) -> House:
    clock = SystemClock()
    found = discover(config)
    ready = tuple(each for each in found if each.ready)
    catalogue = await stocked(config, ready, client)
    shelves = await open_shelves(config, progress)
    teams = roles.teams(config, catalogue, ready, TEAM, READER)
    counter = Counter()
    router = _router(config, clock, catalogue, _upstreams(ready, client), shelves, teams, counter)
    roles.check(config, router)
    gateway = _gateway(config, clock, router, stored, allotted)
    draining = Draining()
    vectors = embedding(config, clock, catalogue, ready, client)
    count = partial(counted, counter, router, stored.turns, ready, client)
    application = _application(
        config, clock, gateway, vectors, stored, catalogue, names(ready), draining, count
    )
    return House(
        gateway=gateway,
        application=application,
        draining=draining,
        found=found,
        team=teams[TEAM],
        stored=stored,
    )


def _upstreams(ready: Sequence[Found], client: Trusted) -> dict[str, Provider]:
    spoken = dialects.find()
    return {
        each.name: build(each.upstream, each.settings, client, spoken)
        for each in ready
        if each.upstream.routes
    }


def _router(
    config: Config,
    clock: Clock,
    catalogue: Catalogue,
    upstreams: Mapping[str, Provider],
    shelves: Shelves,
    teams: Mapping[str, TeamSettings],
    counter: Counter,
) -> Router:
    ceilings = {offer: amount(f"ceilings.{offer}", said) for offer, said in config.ceilings.items()}
    pricing = CataloguePricing(catalogue, clock, ceilings=ceilings)

    async def run(request: Request, say: Say, desk: Desk) -> None:
        await router.run(request, say, desk)  # The team's calls are routed like any caller's.

    own: dict[str, Provider] = {READER: Reader(shelves)}
    own |= {name: Team(run, shelves, None, settings) for name, settings in teams.items()}
    metered = sampler(counter, catalogue).metering(metering(pricing))
    closer = tightening(pricing, catalogue)
    router = Router({**upstreams, **own}, catalogue, pricing, metered, tighten=closer)
    return router


def _gateway(
    config: Config,
    clock: Clock,
    router: Router,
    stored: Stored,
    allotted: Allotted | None,
) -> Gateway:
    def is_team(model: str) -> bool:
        try:
            return router.served(model)[0].offer.inner
        except NoSuchModel:
            return False

    limits = config.limits
    standing = limits.request_cost_usd
    defaults = Defaults(
        request=None if standing is None else amount("limits.request_cost_usd", standing),
        team=amount("limits.team_cost_usd", limits.team_cost_usd),
    )
    accounts = Accounts(defaults, is_team)
    watched = accounts if allotted is None else _Watched(accounts, allotted)
    return Gateway(router, watched, clock, seconds=limits.request_seconds, turns=stored.turns)


class _Watched:
    def __init__(self, accounts: Accounts, allotted: Allotted) -> None:
        self._accounts = accounts
        self._allotted = allotted

    async def allot(self, origin: Origin, request: Request, most: Ticks | None = None) -> Purse:
        purse = await self._accounts.allot(origin, request, most)
        self._allotted(purse)
        return purse


def _application(
    config: Config,
    clock: Clock,
    gateway: Gateway,
    vectors: Embedding,
    stored: Stored,
    catalogue: Catalogue,
    providers: Collection[str],
    draining: Draining,
    count: MakeCounting,
) -> Application:
    server = config.server

    def listed() -> tuple[Row, ...]:
        moment = datetime.fromtimestamp(clock.today(), UTC)
        return listing(catalogue, providers, moment)

    def state() -> object:
        """Of which a list was made: a day's prices, and what was known to be for sale."""
        return int(clock.today() // DAY_SECONDS), catalogue.version

    bounds = Bounds(
        body_bytes=server.body_limit_mb * 1024 * 1024,
        bodies_bytes=server.body_total_mb * 1024 * 1024,
        body_seconds=server.body_seconds,
        heartbeat_seconds=server.heartbeat_seconds,
    )
    spoken = dialects.find()
    refusals = Refusals(spoken)
    new_id = RequestIds()
    inference = Inference(gateway, spoken, refusals, clock, bounds)
    room = inference.admission
    hall = Hall(gateway, spoken[RESPONSES], clock, room, stored.answers, new_id)
    parts = (
        inference,
        Embeddings(vectors, bounds, room),
        Sockets(hall, bounds),
        *stored.pages(gateway, spoken, bounds, room),
        count(spoken, room, bounds),
        Listing(listed, state, config.aliases, clock.today),
        Ops(draining),
    )
    return Application(
        Guard(server.host, server.hosts, server.origins, Keys(config.key)),
        refusals,
        [route for part in parts for route in part.routes()],
        new_id,
    )


def _refuse_an_open_door(config: Config) -> None:
    if config.key is None and not is_loopback(config.server.host):
        raise ConfigError(
            f"{config.server.host} can be reached by others, and no key is set. "
            "Set MANYMIND_API_KEY, or listen on 127.0.0.1."
        )
