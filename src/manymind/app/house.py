"""The whole program, put together from its rooms."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeAlias

import anyio
from msgspec import Struct

from manymind import dialects
from manymind.app import choosing, roles, ways
from manymind.app.afterwards import afterwards
from manymind.app.amounts import amount
from manymind.app.counting import counted, sampler, tightening
from manymind.app.doors import Behind, application
from manymind.app.money import Money, accounts, money
from manymind.app.recorded import Recorded
from manymind.app.redacting import Redacted, redacted
from manymind.app.shelving import Tell, open_shelves
from manymind.app.stock import names, stocked
from manymind.app.stored import Stored
from manymind.app.upstreams import Found, discover, outgoing
from manymind.app.vectors import embedding
from manymind.canon.attempts import OnAttempt
from manymind.canon.events import Say
from manymind.canon.faults import NoSuchModel
from manymind.canon.origins import Origin
from manymind.canon.ports import Clock, Desk, Provider, Shelves
from manymind.canon.requests import Request
from manymind.canon.values import Ticks
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.sellers import OWN
from manymind.clock import SystemClock
from manymind.config import Config, ConfigError
from manymind.egress.trusted import Trusted
from manymind.engine.settings import TeamSettings
from manymind.engine.team import Team
from manymind.entrance import Entrance
from manymind.gateway import Gateway
from manymind.ledger.accounts import Accounts
from manymind.ledger.afterwards import Afterwards
from manymind.ledger.allotments import Purse
from manymind.ledger.meters import metering
from manymind.ledger.pricing import CataloguePricing
from manymind.providers import build
from manymind.providers.reader import Reader
from manymind.routing.router import Router
from manymind.server.door import Application
from manymind.server.guard import is_loopback
from manymind.server.listen import Draining
from manymind.shadows import Shadows
from manymind.tokens.counter import Counter

TEAM, READER = f"{OWN}/multi-agent", f"{OWN}/reader"

Allotted: TypeAlias = Callable[[Purse], None]
"""Is shown what each request may spend, and can see from it what it has spent so far."""


class House(Struct, frozen=True, kw_only=True):
    gateway: Gateway
    application: Application
    draining: Draining
    found: tuple[Found, ...]
    team: TeamSettings
    stored: Stored
    money: Money
    shadows: Shadows
    recorded: Recorded
    late: Afterwards


@asynccontextmanager
async def open_house(
    config: Config, progress: Tell | None = None, allotted: Allotted | None = None
) -> AsyncGenerator[House]:
    """Everything, built from the settings; closed at the end of the block."""
    _refuse_an_open_door(config)
    client = outgoing(config)
    masked = redacted(config)
    stored = Stored(config, masked.cover)
    house: House | None = None
    try:
        house = await _house(config, client, stored, masked, progress, allotted)
        yield house
    finally:
        with anyio.CancelScope(shield=True):
            if house is not None:
                await house.shadows.aclose()
                await house.late.aclose()
                await house.recorded.aclose()
            await client.aclose()
            await stored.aclose()


async def _house(
    config: Config,
    client: Trusted,
    stored: Stored,
    masked: Redacted,
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
    recorded = _recorded(config, client, stored, masked, catalogue, clock)
    pricing = _pricing(config, catalogue, clock)
    purses = _purses(config, clock, pricing, stored, recorded)
    late = afterwards(ready, client, stored.database, purses, clock, pricing)
    heard, upstreams = late.hearing(recorded.attempted), _upstreams(ready, client)
    router = _router(config, pricing, catalogue, upstreams, shelves, teams, counter, heard)
    entrance = ways.entrance(config, clock, router, catalogue, names(ready), counter)
    purse = _accounts(config, router, purses, allotted)
    shadows = Shadows(router, purse, clock, redaction=masked.exits)
    gateway = _gateway(config, clock, router, purse, stored, masked, entrance, shadows)
    exits = masked.exits
    count = partial(counted, counter, router, stored.turns, exits, ready, client, entrance)
    behind = Behind(
        gateway=gateway,
        vectors=embedding(config, clock, catalogue, ready, client, pricing, purses, heard, exits),
        stored=stored,
        recorded=recorded,
        catalogue=catalogue,
        providers=names(ready),
        count=count,
        entrance=entrance,
    )
    draining = Draining()
    return House(
        gateway=gateway,
        application=application(config, clock, behind, draining),
        draining=draining,
        found=found,
        team=teams[TEAM],
        stored=stored,
        money=purses,
        shadows=shadows,
        recorded=recorded,
        late=late,
    )


def _recorded(
    config: Config,
    client: Trusted,
    stored: Stored,
    masked: Redacted,
    catalogue: Catalogue,
    clock: Clock,
) -> Recorded:
    recorded = Recorded(config, stored.database, client, catalogue, clock)
    if masked.exits is not None:
        recorded.follow_redaction(masked.exits.counted)
    return recorded


def _pricing(config: Config, catalogue: Catalogue, clock: Clock) -> CataloguePricing:
    ceilings = {offer: amount(f"ceilings.{offer}", said) for offer, said in config.ceilings.items()}
    return CataloguePricing(catalogue, clock, ceilings=ceilings)


def _purses(
    config: Config, clock: Clock, pricing: CataloguePricing, stored: Stored, recorded: Recorded
) -> Money:
    purses = money(config, stored.database, clock, pricing, recorded.tell)
    stored.keep(purses)
    recorded.follow(purses.keeper)
    return purses


def _gateway(
    config: Config,
    clock: Clock,
    router: Router,
    purse: "Accounts | _Watched",
    stored: Stored,
    masked: Redacted,
    entrance: Entrance,
    shadows: Shadows,
) -> Gateway:
    return Gateway(
        router,
        purse,
        clock,
        seconds=config.limits.request_seconds,
        turns=stored.turns,
        entrance=entrance,
        repeats=ways.repeats(config, clock, router, stored.database, masked.cover),
        shadows=shadows,
        redaction=masked.exits,
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
    pricing: CataloguePricing,
    catalogue: Catalogue,
    upstreams: Mapping[str, Provider],
    shelves: Shelves,
    teams: Mapping[str, TeamSettings],
    counter: Counter,
    on_attempt: OnAttempt,
) -> Router:
    async def run(request: Request, say: Say, desk: Desk) -> None:
        await router.run(request, say, desk)  # The team's calls are routed like any caller's.

    own: dict[str, Provider] = {READER: Reader(shelves)}
    own |= {name: Team(run, shelves, None, settings) for name, settings in teams.items()}
    metered = sampler(counter, catalogue).metering(metering(pricing))
    closer = tightening(pricing, catalogue)
    router = Router(
        {**upstreams, **own},
        catalogue,
        pricing,
        metered,
        on_attempt=on_attempt,
        tighten=closer,
        patience=choosing.patience(config),
        facts=choosing.facts(config),
    )
    roles.check(config, router)
    return router


def _accounts(
    config: Config, router: Router, purses: Money, allotted: Allotted | None
) -> "Accounts | _Watched":
    def is_team(model: str) -> bool:
        try:
            return router.served(model)[0].offer.inner
        except NoSuchModel:
            return False

    opened = accounts(config, purses, is_team)
    return opened if allotted is None else _Watched(opened, allotted)


class _Watched:
    def __init__(self, accounts: Accounts, allotted: Allotted) -> None:
        self._accounts = accounts
        self._allotted = allotted

    async def allot(self, origin: Origin, request: Request, most: Ticks | None = None) -> Purse:
        purse = await self._accounts.allot(origin, request, most)
        self._allotted(purse)
        return purse


def _refuse_an_open_door(config: Config) -> None:
    if config.key is None and not is_loopback(config.server.host):
        raise ConfigError(
            f"{config.server.host} can be reached by others, and no key is set. "
            "Set MANYMIND_API_KEY, or listen on 127.0.0.1."
        )
