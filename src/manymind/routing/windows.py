"""What an offer has been like of late: how soon it speaks, how fast, how often it fails.

Each minute has its own counts, so that what is old falls away by itself. Times are counted by
size, in steps of nine in a hundred: a percentile is right to within half a step, needs no list
of every call, and costs a millionth of a second to keep up.
"""

from collections.abc import Mapping
from math import log2

from msgspec import Struct

MINUTE_SECONDS = 60
MINUTES_KEPT = 30
SHORT_MINUTES = 5

_STEPS = 8
"""Steps to a doubling."""

_FLOOR = 1e-3
_PLACES_MAX = 8 * 34
"""From a thousandth up to more than ten million."""


class Percentiles(Struct, frozen=True, kw_only=True):
    p50: float
    p75: float
    p90: float
    p99: float


class Lately(Struct, frozen=True, kw_only=True):
    """An offer over some minutes. `latency` is in seconds to the first word, `throughput` in
    tokens a second; of both, None where nothing was measured. A throughput's p90 is what nine of
    ten reached. `limited` counts refusals for too many requests, which are no failures.
    `calls_good` of `calls` of functions had arguments that parse and a name that was offered."""

    minutes: int
    completed: int = 0
    failed: int = 0
    limited: int = 0
    latency: Percentiles | None = None
    throughput: Percentiles | None = None
    calls: int = 0
    calls_good: int = 0

    @property
    def uptime(self) -> float | None:
        """The share of attempts that did not fail; None where there were none."""
        tried = self.completed + self.failed
        return self.completed / tried if tried else None

    @property
    def calls_quality(self) -> float | None:
        return self.calls_good / self.calls if self.calls else None


class _Minute:
    __slots__ = ("calls", "calls_good", "completed", "failed", "latency", "limited", "throughput")

    def __init__(self) -> None:
        self.completed = self.failed = self.limited = self.calls = self.calls_good = 0
        self.latency: dict[int, int] = {}
        self.throughput: dict[int, int] = {}


class Window:
    """The last half hour of one offer, a count for each minute in which anything happened."""

    def __init__(self) -> None:
        self._minutes: dict[int, _Minute] = {}
        self._number = -1
        self._minute = _Minute()

    def completed(self, now: float, latency: float | None, throughput: float | None) -> None:
        minute = self._at(now)
        minute.completed += 1
        if latency is not None:
            place = _place(latency)
            minute.latency[place] = minute.latency.get(place, 0) + 1
        if throughput is not None:
            place = _place(throughput)
            minute.throughput[place] = minute.throughput.get(place, 0) + 1

    def failed(self, now: float) -> None:
        self._at(now).failed += 1

    def limited(self, now: float) -> None:
        self._at(now).limited += 1

    def called(self, now: float, calls: int, good: int) -> None:
        """So many functions were called, so many of them well."""
        minute = self._at(now)
        minute.calls += calls
        minute.calls_good += good

    def lately(self, now: float, minutes: int = MINUTES_KEPT) -> Lately:
        """The last so many minutes, the one that has begun among them."""
        number = int(now // MINUTE_SECONDS)
        seen = [each for at, each in self._minutes.items() if number - minutes < at <= number]
        return Lately(
            minutes=minutes,
            completed=sum(each.completed for each in seen),
            failed=sum(each.failed for each in seen),
            limited=sum(each.limited for each in seen),
            latency=_percentiles([each.latency for each in seen], rising=True),
            throughput=_percentiles([each.throughput for each in seen], rising=False),
            calls=sum(each.calls for each in seen),
            calls_good=sum(each.calls_good for each in seen),
        )

    def _at(self, now: float) -> _Minute:
        number = int(now // MINUTE_SECONDS)
        if number != self._number:
            self._number = number
            self._minute = self._minutes[number] = self._minutes.get(number) or _Minute()
            for old in [at for at in self._minutes if at <= number - MINUTES_KEPT]:
                del self._minutes[old]
        return self._minute


def _place(value: float) -> int:
    if value <= _FLOOR:
        return 0
    return min(_PLACES_MAX, int(log2(value / _FLOOR) * _STEPS) + 1)


def _value(place: int) -> float:
    """The middle of a step."""
    return _FLOOR if place == 0 else _FLOOR * 2 ** ((place - 0.5) / _STEPS)


def _percentiles(counted: list[dict[int, int]], *, rising: bool) -> Percentiles | None:
    """What so many in a hundred stay below, or, not `rising`, what they reach."""
    sums: dict[int, int] = {}
    for minute in counted:
        for place, count in minute.items():
            sums[place] = sums.get(place, 0) + count
    if not sums:
        return None
    places = sorted(sums, reverse=not rising)
    return Percentiles(
        p50=_reached(places, sums, 0.50),
        p75=_reached(places, sums, 0.75),
        p90=_reached(places, sums, 0.90),
        p99=_reached(places, sums, 0.99),
    )


def _reached(places: list[int], sums: Mapping[int, int], share: float) -> float:
    wanted, seen = share * sum(sums.values()), 0
    for place in places:
        seen += sums[place]
        if seen >= wanted:
            return _value(place)
    return _value(places[-1])
