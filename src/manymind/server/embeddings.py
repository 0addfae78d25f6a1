"""The paths that give vectors, in every house."""

from manymind.canon.embeddings import EmbedRequest, Vectors
from manymind.dialects import embeddings
from manymind.entrance import Entrance
from manymind.gateway import ARM_HEADER, ROUTE_HEADER
from manymind.policy.keys import Caller, origin_of
from manymind.routing.embedding import Embedding
from manymind.server.admission import Admission
from manymind.server.exchange import Exchange
from manymind.server.inference import Bounds
from manymind.server.line import HungUp
from manymind.server.manners import Manners
from manymind.server.marks import marks
from manymind.server.routes import Captured, Route
from manymind.server.stream import unwrapped

PATHS = (
    ("/v1/embeddings", "openai"),
    ("/api/v1/embeddings", "openrouter"),
    ("/client/v4/accounts/{account}/ai/v1/embeddings", "cloudflare"),
)


class Embeddings:
    def __init__(
        self, embedding: Embedding, bounds: Bounds, admission: Admission, entrance: Entrance
    ) -> None:
        self._embedding = embedding
        self._entrance = entrance
        self._bounds = bounds
        self._admission = admission

    def routes(self) -> tuple[Route, ...]:
        return tuple(
            Route(
                method="POST",
                path=path,
                page=self.embed,
                manners=Manners(house=house),
                needs="infer",
            )
            for path, house in PATHS
        )

    async def embed(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        with self._admission.visit() as take:
            body = await exchange.body(self._bounds.body_bytes, self._bounds.body_seconds, take)
            request = embeddings.read_request(body)
            del body
            vectors = await self._attended(exchange, caller, request)
            reply = embeddings.write_reply(vectors, packed=request.packed)
            await exchange.reply(200, reply)

    async def _attended(self, exchange: Exchange, caller: Caller, request: EmbedRequest) -> Vectors:
        """The vectors, for as long as the caller waits for them."""
        came: list[Vectors] = []

        async def work() -> None:
            said, most = marks(exchange), caller.rights.max_cost
            with self._entrance.turn(caller):
                asked, way = await self._entrance.admit_texts(caller, request, said)
                origin = origin_of(
                    caller,
                    exchange.request_id,
                    said,
                    dialect="embeddings",
                    route=way.route,
                    arm=way.arm,
                )
                if way.route:
                    exchange.add_header(ROUTE_HEADER, way.route)
                    if way.arm:
                        exchange.add_header(ARM_HEADER, way.arm)
                came.append(await self._embedding.embed(origin, asked, most, way))

        try:
            there = await exchange.attend(work)
        except BaseExceptionGroup as several:
            raise unwrapped(several) from None
        if not there:
            raise HungUp
        return came[0]
