"""A real door with a scripted provider behind it."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count

import aiohttp
from msgspec import Struct

from manymind import dialects
from manymind.canon.origins import Origin
from manymind.canon.ports import Provider
from manymind.canon.requests import Request
from manymind.catalog.listing import Row
from manymind.clock import SystemClock
from manymind.entrance import unguarded
from manymind.gateway import Gateway
from manymind.ledger.allotments import Purse
from manymind.policy.keys import Keys
from manymind.server.counting import Counting
from manymind.server.door import Application
from manymind.server.embeddings import Embeddings
from manymind.server.guard import Guard
from manymind.server.inference import Bounds, Inference
from manymind.server.listing import Listing
from manymind.server.manners import Refusals
from manymind.server.ops import Ops
from manymind.server.recollection import Nothing
from manymind.server.sockets import Hall, Sockets
from manymind.tokens.counter import Count, Counter
from tests.server.vectors import lengths
from tests.world import serving

MODEL = Row(
    id="acme/small",
    name="Acme Small",
    created=1_700_000_000,
    owner="acme",
    context=8000,
    prompt_price="0.000001",
    completion_price="0.000002",
)


class Terms(Struct, frozen=True, kw_only=True):
    key: str | None = None
    bound: str = "127.0.0.1"
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    body_bytes: int = 100_000
    body_seconds: float = 0.3
    heartbeat_seconds: float = 10.0
    draining: bool = False
    bodies_bytes: int = 10_000_000
    lifetime_seconds: float = 60.0


class Unmetered:
    async def allot(self, origin: Origin, request: Request, most: int | None = None) -> Purse:
        return Purse()


class OfNobody:
    """Counts for a model of which nothing is known."""

    def __init__(self) -> None:
        self._counter = Counter()

    async def count(self, request: Request) -> Count:
        return await self._counter.count("", "", request)


async def as_sent(owner: str, request: Request) -> Request:
    """Nothing was kept that a request could go on from."""
    return request


def application(provider: Provider, terms: Terms | None = None) -> Application:
    terms = terms or Terms()
    clock = SystemClock()
    numbers = count(1)
    bounds = Bounds(
        body_bytes=terms.body_bytes,
        body_seconds=terms.body_seconds,
        heartbeat_seconds=terms.heartbeat_seconds,
        bodies_bytes=terms.bodies_bytes,
    )
    gateway = Gateway(provider, Unmetered(), clock, seconds=60)
    spoken = dialects.find()
    refusals = Refusals(spoken)
    inference = Inference(gateway, spoken, refusals, clock, bounds)
    hall = Hall(
        gateway,
        spoken["openai_responses"],
        clock,
        inference.admission,
        Nothing(),
        lambda: f"req_{next(numbers)}",
        terms.lifetime_seconds,
    )
    parts = (
        inference,
        Embeddings(lengths(clock), bounds, inference.admission, unguarded(clock)),
        Sockets(hall, bounds),
        Counting(OfNobody(), unguarded(clock), as_sent, tuple, spoken, inference.admission, bounds),
        Listing(lambda: (MODEL,)),
        Ops(lambda: terms.draining),
    )
    return Application(
        Guard(terms.bound, terms.hosts, terms.origins, Keys(terms.key)),
        refusals,
        [route for part in parts for route in part.routes()],
        lambda: f"req_{next(numbers)}",
    )


class Heard(Struct, frozen=True, kw_only=True):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        return json.loads(self.body)


class Caller:
    """Calls a server by HTTP as anybody would."""

    def __init__(self, base_url: str, session: aiohttp.ClientSession) -> None:
        self.base_url = base_url
        self._session = session

    async def get(self, path: str, **headers: str) -> Heard:
        return await self.call("GET", path, headers=headers)

    async def post(self, path: str, body: object, **headers: str) -> Heard:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.call("POST", path, data, {"content-type": "application/json", **headers})

    async def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Heard:
        async with self._session.request(
            method, self.base_url + path, data=body, headers=_dashed(headers or {})
        ) as reply:
            return Heard(
                status=reply.status,
                headers={name.lower(): value for name, value in reply.headers.items()},
                body=await reply.read(),
            )

    async def raw(self, data: bytes) -> bytes:
        """What the server answers to bytes on a socket that then stays open."""
        host, _, port = self.base_url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(data)
            return await asyncio.wait_for(reader.read(65536), 5)
        finally:
            writer.close()


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@asynccontextmanager
async def calling(provider: Provider, terms: Terms | None = None) -> AsyncGenerator[Caller]:
    """A caller in front of a door with this provider behind it."""
    skip = frozenset({"Content-Type", "User-Agent"})
    async with (
        serving(application(provider, terms)) as base_url,
        aiohttp.ClientSession(skip_auto_headers=skip) as session,
    ):
        yield Caller(base_url, session)


def ask(model: str = "acme/small", **more: object) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": "Hello"}], **more}
