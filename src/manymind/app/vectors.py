"""Vectors: which of the ready providers give them, and what a request for them may spend."""

from collections.abc import Sequence

from manymind.app.money import Money, accounts
from manymind.app.upstreams import Found
from manymind.canon.attempts import OnAttempt
from manymind.canon.embeddings import EmbedRequest, Vectors
from manymind.canon.exits import Redaction
from manymind.canon.ports import Clock, Desk, Embedder
from manymind.catalog.catalogue import Catalogue
from manymind.config import Config
from manymind.egress.trusted import Trusted
from manymind.ledger.meters import metering
from manymind.ledger.pricing import CataloguePricing
from manymind.providers.embedding import embedder
from manymind.routing.embedding import Embedding


def embedding(
    config: Config,
    clock: Clock,
    catalogue: Catalogue,
    ready: Sequence[Found],
    client: Trusted,
    pricing: CataloguePricing,
    purses: Money,
    on_attempt: OnAttempt,
    redaction: Redaction | None,
) -> Embedding:
    found = {each.name: embedder(each.upstream, each.settings, client) for each in ready}
    return Embedding(
        {name: _leaving(each, redaction) for name, each in found.items() if each is not None},
        catalogue,
        pricing,
        metering(pricing),
        accounts(config, purses, lambda model: False),
        clock,
        seconds=config.limits.request_seconds,
        on_attempt=on_attempt,
    )


def _leaving(embedder: Embedder, redaction: Redaction | None) -> Embedder:
    return embedder if redaction is None else _Masked(embedder, redaction)


class _Masked(Embedder):
    """An embedder that is given texts as they may leave."""

    def __init__(self, embedder: Embedder, redaction: Redaction) -> None:
        self._embedder = embedder
        self._redaction = redaction

    async def embed(self, request: EmbedRequest, desk: Desk) -> Vectors:
        leaving = await self._redaction.embedding(desk.origin, request)
        return await self._embedder.embed(leaving, desk)
