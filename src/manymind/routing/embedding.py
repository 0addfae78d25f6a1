"""Who gives vectors? The same choice, till and patience as for answers, with nothing to say.

A request for vectors is no question to a model that talks, so it travels beside one: the router
tries offers of it, pays for each attempt and falls back, and each offer is asked for vectors.
"""

from collections.abc import Mapping
from math import inf
from typing import Protocol

from msgspec.structs import replace

from manymind.canon.attempts import OnAttempt, nobody
from manymind.canon.courses import DIRECT, Course
from manymind.canon.embeddings import EmbedRequest, Vectors
from manymind.canon.events import Began, Chunk, Ended, Happened, Say, Spent, spoken
from manymind.canon.faults import UpstreamBroken
from manymind.canon.items import Said
from manymind.canon.origins import Origin
from manymind.canon.parts import Text
from manymind.canon.ports import (
    Allotment,
    Clock,
    Desk,
    Embedder,
    Metering,
    Pricing,
    Provider,
    Worst,
)
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.canon.values import Ticks
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.sizes import text_bytes
from manymind.routing.router import Router

TEMPLATE_TOKENS = 32
"""What a provider may put round each text, such as the sentence that says what it is for."""

HARMLESS = frozenset({"input_type", "task", "truncate", "truncation", "priority"})
"""Fields of single vendors that are known not to add to a bill."""


class Accounts(Protocol):
    async def allot(
        self, origin: Origin, request: Request, most: Ticks | None = None
    ) -> Allotment: ...


class Embedding:
    """`embedders` are by provider, in the order of preference among equals."""

    def __init__(
        self,
        embedders: Mapping[str, Embedder],
        catalogue: Catalogue,
        pricing: Pricing,
        metering: Metering,
        accounts: Accounts,
        clock: Clock,
        *,
        seconds: float,
        on_attempt: OnAttempt = nobody,
    ) -> None:
        self._embedders = embedders
        self._catalogue = catalogue
        self._pricing = pricing
        self._metering = metering
        self._accounts = accounts
        self._clock = clock
        self._seconds = seconds
        self._on_attempt = on_attempt

    async def embed(
        self,
        origin: Origin,
        request: EmbedRequest,
        most: Ticks | None = None,
        way: Course = DIRECT,
    ) -> Vectors:
        """The vectors, with what they cost, or the fault that says why not. They cost no more
        than `most`, nor than the way allows."""
        heard = _Heard()
        asked = replace(_stand_in(request), preferences=way.preferences)
        if way.max_cost is not None and (most is None or way.max_cost < most):
            most = way.max_cost
        router = Router(
            {name: _Asked(each, request, heard) for name, each in self._embedders.items()},
            self._catalogue,
            _Counted(self._pricing, request),
            self._metering,
            on_attempt=self._on_attempt,
        )
        desk = Desk(
            key=origin.request,
            allotment=await self._accounts.allot(origin, asked, most),
            clock=self._clock,
            origin=origin,
            deadline=self._clock.now() + min(self._seconds, way.seconds or inf),
        )
        await router.run(asked, heard.say, desk)
        return heard.answer()


class _Heard:
    """What came of the attempt that succeeded."""

    def __init__(self) -> None:
        self.vectors: Vectors | None = None
        self._usage: Usage | None = None

    async def say(self, chunk: Chunk) -> None:
        for event in chunk.events:
            if isinstance(event, Spent):
                self._usage = event.usage

    def answer(self) -> Vectors:
        if self.vectors is None:
            raise UpstreamBroken("No vectors came.")
        return replace(self.vectors, usage=self._usage)


class _Asked(Provider):
    """An embedder, as the router knows providers."""

    def __init__(self, embedder: Embedder, request: EmbedRequest, heard: _Heard) -> None:
        self._embedder = embedder
        self._request = request
        self._heard = heard

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        vectors = await self._embedder.embed(replace(self._request, model=request.model), desk)
        served = vectors.model or request.model
        self._heard.vectors = replace(vectors, model=served)
        counted = () if vectors.usage is None else (Spent(usage=vectors.usage),)
        events: tuple[Happened, ...] = (Began(id="", model=served), *counted, Ended())
        await say(spoken(*events))


class _Counted(Pricing):
    """What the texts of one request cost at an offer: all of them are paid, though each has a
    model's window to itself, and nothing is written."""

    def __init__(self, pricing: Pricing, request: EmbedRequest) -> None:
        self._pricing = pricing
        self._tokens = sum(map(_most, request.inputs))
        self._reason = _dear_field(request)

    def worst(self, offer: str, request: Request) -> Worst:
        ticks = self._pricing.cost(offer, Usage(input_tokens=self._tokens))
        if ticks is None:
            return self._pricing.worst(offer, request)
        return Worst(
            ticks=ticks,
            input_tokens=self._tokens,
            output_tokens=0,
            bounded=not self._reason or ticks == 0,
            reason=self._reason,
        )

    def cost(self, offer: str, usage: Usage) -> Ticks | None:
        return self._pricing.cost(offer, usage)


def _most(text: str | tuple[int, ...]) -> int:
    """No text has more tokens than bytes."""
    return TEMPLATE_TOKENS + (text_bytes(text) if isinstance(text, str) else len(text))


def _dear_field(request: EmbedRequest) -> str:
    fields = request.aside.fields if request.aside is not None else {}
    unknown = sorted(fields.keys() - HARMLESS)
    if not unknown:
        return ""
    return f"the field `{unknown[0][:60]}` may cost more than the price list says"


def _stand_in(request: EmbedRequest) -> Request:
    """The request as the router weighs it. The longest text alone must fit into a window."""
    texts = [each for each in request.inputs if isinstance(each, str)]
    longest = max(texts, key=len, default="")
    said = Said(role="user", parts=(Text(text=longest),))
    return Request(model=request.model, items=(said,), caps=request.caps)
