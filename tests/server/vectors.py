"""A provider of vectors that needs no network: each text is as long as its vector says."""

from msgspec import Struct

from manymind.canon.embeddings import EmbedRequest, Vector, Vectors
from manymind.canon.ports import Clock, Desk, Embedder
from manymind.canon.usage import Usage
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.feed import Feed
from manymind.catalog.offers import Offer
from manymind.ledger.accounts import Accounts, Defaults
from manymind.ledger.meters import metering
from manymind.ledger.pricing import CataloguePricing
from manymind.routing.embedding import Embedding


class Lengths(Embedder):
    async def embed(self, request: EmbedRequest, desk: Desk) -> Vectors:
        ones = tuple(Vector(b"\x00\x00\x80\x3f" * len(each), 32) for each in request.inputs)
        return Vectors(model="lengths", vectors=ones, usage=Usage(input_tokens=len(ones)))


class Empty(Struct, frozen=True):
    """A feed that has nothing: what a model costs is then not known."""

    def offers(self, provider: str) -> tuple[Offer, ...]:
        return ()

    def match(self, provider: str, native: str) -> Offer | None:
        return None


def lengths(clock: Clock) -> Embedding:
    """Served as `lengths/…`, whatever stands behind the slash."""
    feed: Feed = Empty()
    catalogue = Catalogue(feed=feed)
    pricing = CataloguePricing(catalogue, clock)
    return Embedding(
        {"lengths": Lengths()},
        catalogue,
        pricing,
        metering(pricing),
        Accounts(Defaults(), lambda model: False),
        clock,
        seconds=60,
    )
