"""In which order offers are tried. Pure: what is measured, the time and chance are handed in."""

from collections.abc import Callable, Sequence
from operator import itemgetter

from manymind.canon.preferences import NO_PREFERENCES, Cutoffs, Preferences
from manymind.routing.candidates import Candidate
from manymind.routing.health import Health
from manymind.routing.sifting import means, price_now
from manymind.routing.windows import SHORT_MINUTES, Lately, Percentiles

CALLS_MIN = 5
"""So many calls of functions must have been seen before an offer is judged by them."""

CALLS_PRESUMED = 0.95
"""How good the calls of an offer are taken to be of which too few were seen: better than those of
one that is seen to be poor."""

UNWELL = 2
"""From this rank of health on an offer is left for last, whatever order was asked for."""


_BUT_THE_LAST = itemgetter(0, 1, 2, 3, 4)


class Chooser:
    """`chance` gives numbers from 0 to 1."""

    def __init__(self, health: Health, chance: Callable[[], float]) -> None:
        self._health = health
        self._chance = chance

    def ordered(
        self,
        candidates: Sequence[Candidate],
        wish: Preferences | None,
        sort: str | None,
        now: float,
        today: float,
    ) -> tuple[Candidate, ...]:
        """The offers of one model, or of several that count alike, the best choice first."""
        if wish is None and sort is None:  # As nearly all ask.
            return tuple(self._balanced(candidates, now, today))
        wish = wish or NO_PREFERENCES
        sort = wish.sort or sort
        if sort is not None:
            ranked = self._sorted(candidates, sort, today)
        else:
            ranked = self._balanced(candidates, now, today)
        ranked = self._deferred(ranked, wish, today)
        if wish.order:
            ranked = _placed(ranked, wish.order)
        ranked.sort(key=lambda each: self._last(each, now))
        return tuple(ranked if wish.order or wish.allow_fallbacks else ranked[:1])

    def _last(self, candidate: Candidate, now: float) -> int:
        return max(0, self._health.rank(candidate.served.offer.key, now) - UNWELL + 1)

    def _sorted(self, candidates: Sequence[Candidate], by: str, today: float) -> list[Candidate]:
        """By price, or by what was measured; what nothing is known of comes after what is."""
        if by == "price":
            return sorted(candidates, key=lambda each: _price(each, today))
        measure = {"throughput": _slowness, "latency": _latency, "exacto": _unfitness}[by]
        minutes = {"exacto": 30}.get(by, SHORT_MINUTES)

        def key(candidate: Candidate) -> tuple[int, float]:
            return measure(self._health.lately(candidate.served.offer.key, today, minutes))

        return sorted(candidates, key=key)

    def _balanced(
        self, candidates: Sequence[Candidate], now: float, today: float
    ) -> list[Candidate]:
        """One of those that are well, the cheap ones more often, by the inverse square of their
        prices; behind it the others, the cheapest first. A reseller, which adds a hop and a fee,
        and an offer of unknown price come after these."""
        keyed = sorted(
            (
                (self._rank(each, now), each.chooser, *_price(each, today), n, each)
                for n, each in enumerate(candidates)
            ),
            key=_BUT_THE_LAST,
        )
        first = keyed[0]
        equals = [each for each in keyed if each[:3] == first[:3]]
        chosen = self._drawn([each[3] for each in equals]) if len(equals) > 1 else 0
        rest = [each[-1] for each in keyed]
        return [rest.pop(chosen), *rest]

    def _rank(self, candidate: Candidate, now: float) -> int:
        """A reseller of whom nobody knows that it has the model is no better than one that failed
        just now."""
        offer = candidate.served.offer
        rank = self._health.rank(offer.key, now)
        return rank if offer.known or not candidate.chooser else max(rank, UNWELL - 1)

    def _drawn(self, prices: Sequence[float]) -> int:
        """What costs nothing is as cheap as can be."""
        free = [price <= 0 for price in prices]
        weights = list(map(float, free)) if any(free) else [price**-2 for price in prices]
        point = self._chance() * sum(weights)
        drawn = 0
        for place, weight in enumerate(weights):
            if weight:
                drawn = place
                point -= weight
            if point <= 0 and weight:
                break
        return drawn

    def _deferred(
        self, ranked: list[Candidate], wish: Preferences, today: float
    ) -> list[Candidate]:
        """Those that keep to what is preferred before those that do not."""
        if wish.min_throughput is None and wish.max_latency is None:
            return ranked

        def short(candidate: Candidate) -> bool:
            lately = self._health.lately(candidate.served.offer.key, today, SHORT_MINUTES)
            return _slower(lately.throughput, wish.min_throughput) or _later(
                lately.latency, wish.max_latency
            )

        return sorted(ranked, key=short)


def _price(candidate: Candidate, today: float) -> tuple[bool, float]:
    """Whether it is unknown, and what a token in and one out cost together."""
    price = price_now(candidate.served.offer, today)
    if price is None:
        return True, 0.0
    return False, float(price.rates.input + price.rates.output)


def _placed(ranked: Sequence[Candidate], order: Sequence[str]) -> list[Candidate]:
    """In the caller's order, and behind it who is not in it. Whoever chooses among providers
    stands for the first of them that nobody here is."""
    direct = [each.served.offer.provider for each in ranked if not each.chooser]
    absent = (n for n, name in enumerate(order) if not any(means(name, who) for who in direct))
    absent_first = next(absent, len(order))

    def place(candidate: Candidate) -> int:
        provider = candidate.served.offer.provider
        standing = (n for n, name in enumerate(order) if means(name, provider))
        return next(standing, absent_first if candidate.chooser else len(order))

    return sorted(ranked, key=place)


def _slowness(lately: Lately) -> tuple[int, float]:
    speed = lately.throughput
    return (1, 0.0) if speed is None else (0, -speed.p50)


def _latency(lately: Lately) -> tuple[int, float]:
    latency = lately.latency
    return (1, 0.0) if latency is None else (0, latency.p50)


def _unfitness(lately: Lately) -> tuple[int, float]:
    quality = lately.calls_quality
    return 0, -CALLS_PRESUMED if quality is None or lately.calls < CALLS_MIN else -quality


def _slower(measured: Percentiles | None, wanted: Cutoffs | None) -> bool:
    return measured is not None and any(
        cutoff is not None and figure < cutoff for figure, cutoff in _pairs(measured, wanted)
    )


def _later(measured: Percentiles | None, wanted: Cutoffs | None) -> bool:
    return measured is not None and any(
        cutoff is not None and figure > cutoff for figure, cutoff in _pairs(measured, wanted)
    )


def _pairs(measured: Percentiles, wanted: Cutoffs | None) -> list[tuple[float, float | None]]:
    if wanted is None:
        return []
    return [
        (measured.p50, wanted.p50),
        (measured.p75, wanted.p75),
        (measured.p90, wanted.p90),
        (measured.p99, wanted.p99),
    ]
