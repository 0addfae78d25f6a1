"""How many tokens a request would be, before anybody answers it; and how well we count."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import anyio
import msgspec
from msgspec.structs import replace

from manymind.canon.courses import DIRECT
from manymind.canon.faults import BadRequest
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.mirror import Dialect
from manymind.dialects.reading import count as bounded
from manymind.entrance import Entrance
from manymind.policy.keys import Caller
from manymind.server.admission import Admission
from manymind.server.exchange import Exchange
from manymind.server.inference import Bounds
from manymind.server.manners import GEMINI, MESSAGES, RESPONSES, Manners
from manymind.server.marks import marks
from manymind.server.routes import Captured, Route
from manymind.tokens.counter import Count
from manymind.tokens.drift import Drift

COUNT_HEADER = "x-manymind-count"
"""How a count came about: exact, provider or estimate."""

LARGE_BYTES = 256 * 1024
"""From here on a body is read in a thread."""

_HOUSES = (("/v1", "openai"), ("/api/v1", "openrouter"))
_PATHS = (("/responses/input_tokens", RESPONSES), ("/messages/count_tokens", MESSAGES))
_GOOGLE = ("/v1beta/models/{model...}:countTokens", "/v1/models/{model...}:countTokens")
_WRAPPINGS = ("generateContentRequest", "generate_content_request")
"""Where Google takes a whole request instead of its contents alone."""

_STANDING = {
    RESPONSES: {"model": msgspec.Raw(b'""'), "input": msgspec.Raw(b"[]")},
    MESSAGES: {"max_tokens": msgspec.Raw(b"1")},
    GEMINI: {},
}
"""What a request needs and a body that is only counted may leave out."""

Recall = Callable[[str, Request], Awaitable[Request]]
"""The request of an owner with the history that it goes on from."""


class Counts(Protocol):
    async def count(self, request: Request) -> Count: ...


class Counting:
    """`drift` tells how far our counts were from what providers reported, by model."""

    def __init__(
        self,
        counts: Counts,
        entrance: Entrance,
        recall: Recall,
        drift: Callable[[], tuple[Drift, ...]],
        dialects: Mapping[str, Dialect],
        admission: Admission,
        bounds: Bounds,
    ) -> None:
        self._counts = counts
        self._entrance = entrance
        self._recall = recall
        self._drift = drift
        self._dialects = dialects
        self._admission = admission
        self._bounds = bounds

    def routes(self) -> tuple[Route, ...]:
        doors = (
            self._door(prefix + path, Manners(dialect=dialect, house=house))
            for prefix, house in _HOUSES
            for path, dialect in _PATHS
        )
        google = (self._door(path, Manners(dialect=GEMINI)) for path in _GOOGLE)
        theirs = Manners(house="openrouter")
        drift = Route(method="GET", path="/api/v1/tokens/drift", page=self.drift, manners=theirs)
        return (*doors, *google, drift)

    async def drift(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        """What providers reported for each token that we counted: least, mean and most."""
        body = {"object": "list", "data": self._drift()}
        await exchange.reply(200, msgspec.json.encode(body))

    def _door(self, path: str, manners: Manners) -> Route:
        async def page(exchange: Exchange, caller: Caller, captured: Captured) -> None:
            with self._admission.visit() as take:
                await self._count(exchange, caller, manners.dialect, captured.get("model"), take)

        return Route(method="POST", path=path, page=page, manners=manners, needs="infer")

    async def _count(
        self,
        exchange: Exchange,
        caller: Caller,
        dialect: str,
        model: str | None,
        take: Callable[[int], None],
    ) -> None:
        body = await exchange.body(self._bounds.body_bytes, self._bounds.body_seconds, take)
        if len(body) < LARGE_BYTES:
            request = self._read(body, dialect)
        else:
            request = await anyio.to_thread.run_sync(self._read, body, dialect)
        del body
        request = replace(request, model=model or request.model)
        with self._entrance.turn(caller):
            found = await self._found(exchange, caller, request)
        exchange.add_header(COUNT_HEADER, found.basis)
        await exchange.reply(200, msgspec.json.encode(_counted(found.tokens, dialect)))

    async def _found(self, exchange: Exchange, caller: Caller, request: Request) -> Count:
        """What is counted may be asked of a provider, so that it must be allowed to leave."""
        way = DIRECT
        if request.model:
            admitted = await self._entrance.admit(caller, request, marks(exchange))
            request, way = replace(admitted.request, max_output_tokens=None), admitted.course
        whole = await self._recall(caller.id, request)
        if not whole.items and not whole.instructions and not whole.tools:
            raise BadRequest("There is nothing to count.", advice="Send at least one message.")
        await self._entrance.weigh(caller, whole, way)
        return await self._counts.count(whole)

    def _read(self, body: bytes, dialect: str) -> Request:
        """The request as its dialect reads it, with what may be left out here put in."""
        bounded(body)
        try:
            fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            return self._dialects[dialect].read_request(body)  # which says what is wrong
        wrapped = next((fields[name] for name in _WRAPPINGS if name in fields), None)
        if dialect == GEMINI and wrapped is not None:
            if len(fields) > 1:
                raise BadRequest(
                    "A whole request is given, and something beside it.",
                    advice="Send contents or generateContentRequest, not both.",
                    field=_WRAPPINGS[0],
                )
            return self._dialects[dialect].read_request(bytes(wrapped))
        missing = {
            name: value for name, value in _STANDING[dialect].items() if _absent(fields.get(name))
        }
        if missing:
            body = msgspec.json.encode({**fields, **missing})
        return self._dialects[dialect].read_request(body)


def _counted(tokens: int, dialect: str) -> Json:
    if dialect == GEMINI:
        return {"totalTokens": tokens}
    counted: Json = {"input_tokens": tokens}
    return {"object": "response.input_tokens", **counted} if dialect == RESPONSES else counted


def _absent(value: msgspec.Raw | None) -> bool:
    return value is None or bytes(value) == b"null"
