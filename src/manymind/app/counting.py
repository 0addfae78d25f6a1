"""The counting of the house: who is asked, what is recalled, what is learnt."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from manymind.app.upstreams import Found
from manymind.canon.events import Chunk
from manymind.canon.exits import Redaction
from manymind.canon.origins import Origin
from manymind.canon.requests import Request
from manymind.catalog.catalogue import Catalogue
from manymind.dialects.mirror import Dialect
from manymind.egress.trusted import Trusted
from manymind.entrance import Entrance
from manymind.ledger.pricing import CataloguePricing
from manymind.ledger.sampling import Sampler
from manymind.ledger.tightening import Tightening
from manymind.memory.turns import Turns
from manymind.providers.counting import counting
from manymind.routing.counts import Counts
from manymind.routing.router import Router
from manymind.server.admission import Admission
from manymind.server.counting import Counting
from manymind.server.inference import Bounds
from manymind.tokens.counter import Counter
from manymind.tokens.drift import drifts

MakeCounting: TypeAlias = Callable[[Mapping[str, Dialect], Admission, Bounds], Counting]
"""Makes the paths that count, once it is known who reads bodies."""


def sampler(counter: Counter, catalogue: Catalogue) -> Sampler:
    """What listens to attempts, to learn how far our counts are from the truth."""
    return Sampler(counter, partial(_slug, catalogue))


def tightening(pricing: CataloguePricing, catalogue: Catalogue) -> Tightening:
    """What looks closer where a budget would refuse."""
    return Tightening(pricing, partial(_slug, catalogue))


def counted(
    counter: Counter,
    router: Router,
    turns: Turns,
    redaction: Redaction | None,
    ready: Sequence[Found],
    client: Trusted,
    entrance: Entrance,
    spoken: Mapping[str, Dialect],
    admission: Admission,
    bounds: Bounds,
) -> Counting:
    """The paths that count."""
    asked = {
        each.name: ask
        for each in ready
        if (ask := counting(each.upstream, each.settings, client, spoken)) is not None
    }

    async def recall(owner: str, request: Request) -> Request:
        """A provider may be asked to count, and then must not see what a model may not."""
        whole = (await turns.begin(owner, request, _unheard, "")).request
        exits = redaction.exits(Origin(tenant=owner), whole) if redaction is not None else None
        return whole if exits is None else await exits.outgoing(whole)

    return Counting(
        Counts(router, counter, asked),
        entrance,
        recall,
        partial(drifts, counter.samples),
        spoken,
        admission,
        bounds,
    )


def _slug(catalogue: Catalogue, offer: str) -> str:
    return catalogue.offer(offer).slug


async def _unheard(chunk: Chunk) -> None:
    """Nothing is said while counting."""
