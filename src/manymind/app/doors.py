"""The doors of the house: every page that it serves, and what stands behind each."""

from collections.abc import Collection
from datetime import UTC, datetime
from functools import partial

from msgspec import Struct

from manymind import dialects
from manymind.app import ways
from manymind.app.accounts import Reception
from manymind.app.counting import MakeCounting
from manymind.app.recorded import Recorded
from manymind.app.stored import Stored
from manymind.canon.ports import Clock
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.listing import Row, listing
from manymind.config import Config
from manymind.entrance import Entrance
from manymind.gateway import Gateway
from manymind.routing.embedding import Embedding
from manymind.server.door import Application
from manymind.server.embeddings import Embeddings
from manymind.server.inference import Bounds, Inference
from manymind.server.listen import Draining
from manymind.server.listing import Listing
from manymind.server.manners import RESPONSES, Refusals
from manymind.server.ops import Ops
from manymind.server.request_ids import RequestIds
from manymind.server.sockets import Hall, Sockets

DAY_SECONDS = 86_400


class Behind(Struct, frozen=True, kw_only=True):
    """What the pages are served from. `providers` are the names of those that can be asked."""

    gateway: Gateway
    vectors: Embedding
    stored: Stored
    recorded: Recorded
    catalogue: Catalogue
    providers: Collection[str]
    count: MakeCounting
    entrance: Entrance


def application(config: Config, clock: Clock, behind: Behind, draining: Draining) -> Application:
    bounds = _bounds(config)
    spoken = dialects.find()
    refusals = Refusals(spoken)
    new_id = RequestIds(clock.today)
    gateway, stored, recorded = behind.gateway, behind.stored, behind.recorded
    inference = Inference(gateway, spoken, refusals, clock, bounds)
    room = inference.admission
    reception = Reception(config, stored.database, stored.budgets)
    guard = reception.guard
    hall = Hall(gateway, spoken[RESPONSES], clock, room, stored.answers, new_id, guard=guard)
    parts = (
        inference,
        Embeddings(behind.vectors, bounds, room, behind.entrance),
        Sockets(hall, bounds),
        *stored.pages(gateway, spoken, bounds, room),
        *reception.pages(bounds, room),
        behind.count(spoken, room, bounds),
        *recorded.pages(),
        _listed(config, clock, behind),
        Ops(draining),
    )
    routes = [route for part in parts for route in part.routes()]
    served = Application(guard, refusals, routes, new_id, recorded.watches())
    recorded.look_at(served, room)
    return served


def _listed(config: Config, clock: Clock, behind: Behind) -> Listing:
    def rows() -> tuple[Row, ...]:
        moment = datetime.fromtimestamp(clock.today(), UTC)
        return listing(behind.catalogue, behind.providers, moment)

    def state() -> object:
        """Of which a list was made: a day's prices, and what was known to be for sale."""
        return int(clock.today() // DAY_SECONDS), behind.catalogue.version

    return Listing(
        rows,
        state,
        config.aliases,
        clock.today,
        named=partial(ways.listed, behind.entrance),
        measured=behind.recorded.measured,
    )


def _bounds(config: Config) -> Bounds:
    server = config.server
    return Bounds(
        body_bytes=server.body_limit_mb * 1024 * 1024,
        bodies_bytes=server.body_total_mb * 1024 * 1024,
        body_seconds=server.body_seconds,
        heartbeat_seconds=server.heartbeat_seconds,
    )
