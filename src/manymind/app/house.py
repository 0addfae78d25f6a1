"""The whole program, put together from its rooms."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import anyio
from msgspec import Struct

from manymind import dialects
from manymind.app.shelving import Tell, open_shelves
from manymind.app.upstreams import Found, discover, local_models, outgoing
from manymind.canon.events import Say
from manymind.canon.faults import NoSuchModel
from manymind.canon.ports import Clock, Desk, Provider, Shelves
from manymind.canon.requests import Request
from manymind.canon.values import Ticks
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.listing import Row, listing
from manymind.catalog.money import ticks
from manymind.catalog.sellers import OWN
from manymind.clock import SystemClock
from manymind.config import Config, ConfigError
from manymind.egress.trusted import Trusted
from manymind.engine.settings import TeamSettings
from manymind.engine.team import Team
from manymind.gateway import Gateway
from manymind.ledger.accounts import Accounts, Defaults
from manymind.ledger.meters import metering
from manymind.ledger.pricing import CataloguePricing
from manymind.policy.keys import Keys
from manymind.providers import build
from manymind.providers.reader import Reader
from manymind.routing.router import Router
from manymind.server.door import Application
from manymind.server.guard import Guard, is_loopback
from manymind.server.inference import Bounds, Inference
from manymind.server.listen import Draining
from manymind.server.listing import Listing
from manymind.server.ops import Ops

TEAM, READER = f"{OWN}/multi-agent", f"{OWN}/reader"


class House(Struct, frozen=True, kw_only=True):
    gateway: Gateway
    application: Application
    draining: Draining
    found: tuple[Found, ...]


@asynccontextmanager
async def open_house(config: Config, progress: Tell | None = None) -> AsyncGenerator[House]:
    """Everything, built from the settings; closed at the end of the block."""
    _refuse_an_open_door(config)
    client = outgoing(config)
    try:
        yield await _house(config, client, progress)
    finally:
        with anyio.CancelScope(shield=True):
            await client.aclose()


async def _house(config: Config, client: Trusted, progress: Tell | None) -> House:
    clock = SystemClock()
    found = discover(config)
    ready = tuple(each for each in found if each.ready)
    catalogue = Catalogue(aliases=config.aliases)
    await anyio.to_thread.run_sync(catalogue.warm, [OWN, *(each.name for each in ready)])
    catalogue.add(*await local_models(ready, client))
    shelves = await open_shelves(config, progress)
    router = _router(config, client, clock, catalogue, ready, shelves)
    gateway = _gateway(config, clock, router)
    draining = Draining()
    application = _application(config, clock, gateway, catalogue, ready, draining)
    return House(gateway=gateway, application=application, draining=draining, found=found)


def _router(
    config: Config,
    client: Trusted,
    clock: Clock,
    catalogue: Catalogue,
    ready: Sequence[Found],
    shelves: Shelves,
) -> Router:
    spoken = dialects.find()
    providers: dict[str, Provider] = {
        each.name: build(each.upstream, each.settings, client, spoken) for each in ready
    }
    ceilings = {
        offer: _dollars(f"ceilings.{offer}", said) for offer, said in config.ceilings.items()
    }
    pricing = CataloguePricing(catalogue, clock, ceilings=ceilings)

    async def run(request: Request, say: Say, desk: Desk) -> None:
        await router.run(request, say, desk)  # The team's calls are routed like any caller's.

    providers[READER] = Reader(shelves)
    providers[TEAM] = Team(run, shelves, None, _team(config, catalogue, ready))
    router = Router(providers, catalogue, pricing, metering(pricing))
    return router


def _gateway(config: Config, clock: Clock, router: Router) -> Gateway:
    def is_team(model: str) -> bool:
        try:
            return router.served(model)[0].offer.inner
        except NoSuchModel:
            return False

    limits = config.limits
    defaults = Defaults(
        request=_cap("limits.request_cost_usd", limits.request_cost_usd),
        team=_dollars("limits.team_cost_usd", limits.team_cost_usd),
    )
    return Gateway(router, Accounts(defaults, is_team), clock, seconds=limits.request_seconds)


def _application(
    config: Config,
    clock: Clock,
    gateway: Gateway,
    catalogue: Catalogue,
    ready: Sequence[Found],
    draining: Draining,
) -> Application:
    server = config.server
    names = [OWN, *(each.name for each in ready)]

    def listed() -> tuple[Row, ...]:
        moment = datetime.fromtimestamp(clock.today(), UTC)
        return listing(catalogue, names, moment)

    bounds = Bounds(
        body_bytes=server.body_limit_mb * 1024 * 1024,
        body_seconds=server.body_seconds,
        heartbeat_seconds=server.heartbeat_seconds,
    )
    return Application(
        Guard(server.host, server.hosts, server.origins, Keys(config.key)),
        Inference(gateway, dialects.find(), clock, bounds),
        Listing(listed),
        Ops(draining),
        lambda: f"req_{uuid4()}",
    )


def _team(config: Config, catalogue: Catalogue, ready: Sequence[Found]) -> TeamSettings:
    """The models of the team's roles: as configured, else of the first provider that has one,
    else the built-in reader."""
    usual = READER
    for each in ready:
        models = [each.upstream.model] if each.upstream.model else []
        models += [offer.native for offer in catalogue.shelf(each.name).offers if not models]
        if models:
            usual = f"{each.name}/{models[0]}"
            break
    leader = config.team.leader or config.team.agent or usual
    return TeamSettings(leader=leader, agent=config.team.agent or leader)


def _refuse_an_open_door(config: Config) -> None:
    if config.key is None and not is_loopback(config.server.host):
        raise ConfigError(
            f"{config.server.host} can be reached by others, and no key is set. "
            "Set MANYMIND_API_KEY, or listen on 127.0.0.1."
        )


def _cap(setting: str, written: str | None) -> Ticks | None:
    return None if written is None else _dollars(setting, written)


def _dollars(setting: str, written: str) -> Ticks:
    try:
        return ticks(written)
    except ValueError as error:
        raise ConfigError(f"{setting}: {error}.") from None
