"""A closer bound on what a call can cost, for where the quick one does not fit a budget.

A byte is never less than a token, so that bytes bound a prompt at no cost; but prose has four
bytes to a token, and a budget that would do is refused. Where the model's vocabulary is public the
words are counted instead. The allowances for what a template adds stay, and so does the promise.
"""

from collections.abc import Callable

import anyio

from manymind.canon.ports import Worst
from manymind.canon.requests import Request
from manymind.catalog.sizes import Size, most, text_bytes
from manymind.ledger.pricing import CataloguePricing
from manymind.tokens.texts import count
from manymind.tokens.vocabularies import Vocabulary, vocabulary_of


class Tightening:
    """`slug` tells what an offer is called whoever serves it."""

    def __init__(self, pricing: CataloguePricing, slug: Callable[[str], str]) -> None:
        self._pricing = pricing
        self._slug = slug
        self._turn = anyio.CapacityLimiter(1)

    async def __call__(self, offer: str, request: Request, worst: Worst) -> Worst:
        """The bound by count, or `worst` where it is the closest that there is."""
        vocabulary = vocabulary_of(self._slug(offer))
        if vocabulary is None or (worst.uncounted and not worst.bounded):
            return worst
        size = await anyio.to_thread.run_sync(_counted, vocabulary, request, limiter=self._turn)
        closer = self._pricing.worst(offer, request, size)
        return closer if closer.tokens < worst.tokens else worst


def _counted(vocabulary: Vocabulary, request: Request) -> Size:
    def tokens(text: str) -> int:
        found = count(vocabulary, text)
        return found.tokens if found.exact else text_bytes(text)

    return most(request, tokens)
