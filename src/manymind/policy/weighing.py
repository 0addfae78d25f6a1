"""Is a prompt larger than it may be? Found out with as little looking as it takes."""

from collections.abc import Sequence

import anyio
from msgspec import Struct

from manymind.canon.requests import Request
from manymind.catalog.offers import Offer
from manymind.catalog.sizes import characters, most, surpassing
from manymind.tokens.counter import Counter

AT_ONCE_CHARACTERS = 32 * 1024
"""So much is looked through where it stands; what is longer, in a thread, so that nobody waits."""

AT_ONCE_ITEMS = 64


class Measured(Struct, frozen=True):
    """As far as a prompt was counted: its words, of which it has no more than tokens, or its
    tokens, or an estimate of them."""

    tokens: int
    estimated: bool = False


class Scales:
    """No request has more tokens than bytes, and none has fewer than words. Only what lies between
    is counted, with the model's own vocabulary where that is public."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def above(
        self, request: Request, cap: int, offers: Sequence[Offer] = ()
    ) -> Measured | None:
        """What was counted until `cap` was passed; None for a prompt that keeps to it."""
        if len(request.items) <= AT_ONCE_ITEMS and characters(request) <= AT_ONCE_CHARACTERS:
            quick = _quick(request, cap)
        else:
            quick = await anyio.to_thread.run_sync(_quick, request, cap)
        if quick != 0:
            return None if quick < 0 else Measured(quick)
        key, slug = (offers[0].key, offers[0].slug) if offers else ("", "")
        counted = await self._counter.beyond(key, slug, request, cap)
        if counted is None:
            return None
        return Measured(counted.tokens, estimated=counted.basis != "exact")


def _quick(request: Request, cap: int) -> int:
    """A number above the cap, one below nothing for a request that keeps to it, or 0 for one that
    must be counted."""
    words = surpassing(request, cap)
    if words:
        return words
    return -1 if most(request).most <= cap else 0
