"""Compares what providers report with what we count, now and then, for each offer.

It costs the hot path a look at a number: only some attempts are compared, of prompts that are not
large, in a thread of its own, one at a time. Until somebody has counted anything, none is: the
vocabulary would take memory that a server may never need.
"""

from collections import Counter as Tally
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from manymind.canon.answers import Answer
from manymind.canon.events import Chunk, Say
from manymind.canon.ports import Bill, Meter, Metering, Stake
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.tokens.counter import Counter
from manymind.tokens.drift import Sample
from manymind.tokens.vocabularies import awake

FIRST, EVERY = 32, 32
"""So many attempts at an offer are compared from the first on, and then each so many-th."""

OFFERS_MAX = 10_000
_ENDED = frozenset({"usage", "reservation"})
"""Grounds of a bill whose usage was reported at the end of an answer, whatever its price."""

PROMPT_MAX = 256 * 1024
"""Bytes of a prompt that is still compared, as the reservation has them."""


class Sampler:
    """`slug` tells what an offer is called whoever serves it."""

    def __init__(self, counter: Counter, slug: Callable[[str], str]) -> None:
        self._counter = counter
        self._slug = slug
        self._seen: Tally[str] = Tally()
        self._thread: ThreadPoolExecutor | None = None
        self._last: Future[None] | None = None

    def metering(self, metering: Metering) -> Metering:
        """The same metering, listened to."""

        def meter(offer: str, stake: Stake, say: Say) -> Meter:
            inner = metering(offer, stake, say)
            if not awake() or not self._wants(offer) or stake.worst.input_tokens > PROMPT_MAX:
                return inner
            return _Listening(self, inner, offer, stake.request)

        return meter

    def take(self, offer: str, request: Request, reported: int) -> None:
        """Compare one; dropped while another is being compared."""
        if self._last is not None and not self._last.done():
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "manymind-sampling")
        self._last = self._thread.submit(self._compare, offer, request, reported)

    def _wants(self, offer: str) -> bool:
        if len(self._seen) >= OFFERS_MAX:
            self._seen.clear()
        self._seen[offer] += 1
        seen = self._seen[offer]
        return seen <= FIRST or seen % EVERY == 0

    def _compare(self, offer: str, request: Request, reported: int) -> None:
        found = self._counter.count_now(offer, self._slug(offer), request)
        if not found.unseen:
            self._counter.samples.note(offer, Sample(found.plain, reported))


class _Listening(Meter):
    def __init__(self, sampler: Sampler, inner: Meter, offer: str, request: Request) -> None:
        self._sampler = sampler
        self._inner = inner
        self._offer = offer
        self._request = request

    async def __call__(self, chunk: Chunk) -> None:
        await self._inner(chunk)

    def whole(self, answer: Answer) -> Usage | None:
        return self._inner.whole(answer)

    def bill(self, *, unbilled: bool = False) -> Bill:
        bill = self._inner.bill(unbilled=unbilled)
        usage = bill.usage if bill.basis in _ENDED else None
        plain = usage is not None and not usage.estimated and not usage.tools
        if usage is not None and plain and usage.input_tokens > 0:
            self._sampler.take(self._offer, self._request, usage.input_tokens)
        return bill
