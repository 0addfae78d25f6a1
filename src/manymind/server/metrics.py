"""What the running server counts, in Prometheus' text form. Counts only: what a request says, and
what its caller made up, is no label.

A label has only so many values. Models are named where the catalogue knows them, and not by
whatever a caller calls them; who comes after the last place is counted as `other`.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from manymind.canon.attempts import Attempt
from manymind.catalog.money import dollars

OTHER = "other"
SERIES_MAX = 400
"""Pairs of a provider and a model that are told apart."""
REMEMBERED_MAX = 4096
"""Offers of which it is remembered where they are counted; callers may make up any number."""
LABELS_MAX = 100
"""Values, or combinations of them, of the labels that other rooms count by."""

SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TOKENS = ("input", "cached", "written", "output", "reasoning")

Reading: TypeAlias = Callable[[], float | Mapping[str, float]]
"""Looks at something that rises and falls, as a whole or by the value of its label."""

Counting: TypeAlias = Callable[[], Iterable[tuple[tuple[str, ...], int]]]
"""Looks at what another room counts, by the values of its labels."""


class Histogram:
    """`counts` are by bucket, the last one without an end."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(SECONDS) + 1)
        self.sum = 0.0

    def see(self, seconds: float) -> None:
        self.counts[bisect_left(SECONDS, seconds)] += 1
        self.sum += seconds


class _Tried:
    """Attempts at one model of one provider, with one outcome."""

    __slots__ = ("attempts", "ticks", "tokens")

    def __init__(self) -> None:
        self.attempts = 0
        self.ticks = 0
        self.tokens = [0, 0, 0, 0, 0]


class _Asked:
    """Requests at one route, with one outcome."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class _Speed:
    """How long one provider takes."""

    __slots__ = ("first_word", "whole")

    def __init__(self) -> None:
        self.first_word = Histogram()
        self.whole = Histogram()


class _Tally(Struct, frozen=True):
    name: str
    told: str
    labels: tuple[str, ...]
    read: Counting


class _Gauge(Struct, frozen=True):
    name: str
    told: str
    label: str
    read: Reading


class Metrics:
    """`knows` tells whether an offer (`provider/native`) is one of the catalogue's."""

    def __init__(self, knows: Callable[[str], bool]) -> None:
        self._knows = knows
        self._tried: dict[tuple[str, str, str], _Tried] = {}
        self._places: dict[tuple[str, str], tuple[_Tried, _Speed]] = {}
        self._pairs: set[tuple[str, str]] = set()
        self._speeds: dict[str, _Speed] = {}
        self._asked: dict[tuple[str, str, str], _Asked] = {}
        self._lasted: dict[str, Histogram] = {}
        self._gauges: list[_Gauge] = []
        self._tallies: list[_Tally] = []
        self.under_way = 0

    def attempted(self, attempt: Attempt) -> None:
        """Counts an attempt that was settled."""
        place = self._places.get((attempt.offer, attempt.outcome))
        tried, speed = place if place is not None else self._place(attempt)
        tried.attempts += 1
        tried.ticks += attempt.bill.ticks
        usage = attempt.bill.usage
        if usage is not None:
            tokens = tried.tokens
            tokens[0] += usage.input_tokens
            tokens[1] += usage.cached_tokens
            tokens[2] += usage.cache_written_tokens
            tokens[3] += usage.output_tokens
            tokens[4] += usage.reasoning_tokens
        speed.whole.see(attempt.seconds)
        if attempt.first_word_seconds is not None:
            speed.first_word.see(attempt.first_word_seconds)

    def began(self) -> None:
        """Counts a request that came in."""
        self.under_way += 1

    def ended(self, method: str, route: str, outcome: str, seconds: float) -> None:
        """Counts a request that is over. `route` is the template of its path."""
        self.under_way -= 1
        key = (method, route, outcome)
        asked = self._asked.get(key)
        if asked is None:
            key = (method if method in _METHODS else OTHER, route, outcome)
            asked = self._asked.setdefault(key, _Asked())
        asked.count += 1
        lasted = self._lasted.get(route)
        if lasted is None:
            lasted = self._lasted[route] = Histogram()
        lasted.see(seconds)

    def gauge(self, name: str, told: str, read: Reading, label: str = "") -> None:
        """Has something looked at whenever somebody asks."""
        self._gauges.append(_Gauge(name, told, label, read))

    def tally(self, name: str, told: str, labels: tuple[str, ...], read: Counting) -> None:
        """Has something that only grows looked at whenever somebody asks."""
        self._tallies.append(_Tally(name, told, labels, read))

    def text(self) -> bytes:
        return "".join([line + "\n" for line in self._lines()]).encode()

    def _place(self, attempt: Attempt) -> tuple[_Tried, _Speed]:
        """Where an attempt is counted."""
        provider = attempt.provider
        model = attempt.slug if self._knows(attempt.offer) else OTHER
        if (provider, model) not in self._pairs:
            if len(self._pairs) >= SERIES_MAX:
                model = OTHER
            self._pairs.add((provider, model))
        tried = self._tried.setdefault((provider, model, attempt.outcome), _Tried())
        place = tried, self._speeds.setdefault(provider, _Speed())
        if len(self._places) >= REMEMBERED_MAX:
            self._places.clear()
        self._places[attempt.offer, attempt.outcome] = place
        return place

    def _lines(self) -> Iterator[str]:
        yield from _head("manymind_requests_total", "counter", "Requests, by how they ended.")
        for (method, route, outcome), asked in sorted(self._asked.items()):
            labels = _labels(method=method, route=route, outcome=outcome)
            yield f"manymind_requests_total{labels} {asked.count}"
        yield from _histograms(
            "manymind_request_seconds",
            "How long requests took.",
            ((_labels(route=route), lasted) for route, lasted in sorted(self._lasted.items())),
        )
        yield from self._refused()
        yield from self._attempts()
        speeds = sorted(self._speeds.items())
        yield from _histograms(
            "manymind_attempt_seconds",
            "How long attempts at a provider took.",
            ((_labels(provider=name), speed.whole) for name, speed in speeds),
        )
        yield from _histograms(
            "manymind_first_word_seconds",
            "How long the first word of a provider took.",
            ((_labels(provider=name), speed.first_word) for name, speed in speeds),
        )
        for tally in self._tallies:
            yield from _tallied(tally)
        yield from _head("manymind_requests_under_way", "gauge", "Requests being answered.")
        yield f"manymind_requests_under_way {self.under_way}"
        for gauge in self._gauges:
            yield from _read(gauge)

    def _attempts(self) -> Iterator[str]:
        tried = sorted(self._tried.items())
        yield from _head("manymind_attempts_total", "counter", "Attempts at offers.")
        for (provider, model, outcome), each in tried:
            labels = _labels(provider=provider, model=model, outcome=outcome)
            yield f"manymind_attempts_total{labels} {each.attempts}"
        sums: dict[tuple[str, str], tuple[int, list[int]]] = {}
        for (provider, model, _), each in tried:
            ticks, tokens = sums.get((provider, model), (0, [0] * len(_TOKENS)))
            added = [a + b for a, b in zip(tokens, each.tokens, strict=True)]
            sums[provider, model] = ticks + each.ticks, added
        yield from _head("manymind_tokens_total", "counter", "Tokens, as they were charged.")
        for (provider, model), (_, tokens) in sums.items():
            for kind, count in zip(_TOKENS, tokens, strict=True):
                labels = _labels(provider=provider, model=model, kind=kind)
                yield f"manymind_tokens_total{labels} {count}"
        yield from _head("manymind_cost_ticks_total", "counter", "Charged, 10^10 to the dollar.")
        for (provider, model), (ticks, _) in sums.items():
            labels = _labels(provider=provider, model=model)
            yield f"manymind_cost_ticks_total{labels} {ticks}"
        yield from _head("manymind_cost_usd_total", "counter", "Charged, in dollars.")
        for (provider, model), (ticks, _) in sums.items():
            labels = _labels(provider=provider, model=model)
            yield f"manymind_cost_usd_total{labels} {dollars(ticks)}"

    def _refused(self) -> Iterator[str]:
        """Refusals by their code, also those that a stream ended with."""
        codes: dict[str, int] = {}
        for (_, _, outcome), asked in self._asked.items():
            code = outcome.rpartition(" ")[2]
            if outcome[:1].isdigit():
                codes[code] = codes.get(code, 0) + asked.count
        yield from _head("manymind_refusals_total", "counter", "Requests that were refused.")
        for code, count in sorted(codes.items()):
            yield f"manymind_refusals_total{_labels(code=code)} {count}"


def _tallied(tally: _Tally) -> Iterator[str]:
    """What finds no place of its own is counted in one for all others: no count goes lost."""
    yield from _head(tally.name, "counter", tally.told)
    found = sorted(tally.read())
    for values, count in found[:LABELS_MAX]:
        yield f"{tally.name}{_labels(**dict(zip(tally.labels, values, strict=True)))} {count}"
    if len(found) > LABELS_MAX:
        labels = _labels(**dict.fromkeys(tally.labels, OTHER))
        yield f"{tally.name}{labels} {sum(count for _, count in found[LABELS_MAX:])}"


def _read(gauge: _Gauge) -> Iterator[str]:
    yield from _head(gauge.name, "gauge", gauge.told)
    found = gauge.read()
    if isinstance(found, Mapping):
        for value, figure in sorted(found.items())[:LABELS_MAX]:
            yield f"{gauge.name}{_labels(**{gauge.label: value})} {figure:g}"
    else:
        yield f"{gauge.name} {found:g}"


def _head(name: str, kind: str, told: str) -> tuple[str, str]:
    return f"# HELP {name} {told}", f"# TYPE {name} {kind}"


def _histograms(name: str, told: str, found: Iterable[tuple[str, Histogram]]) -> Iterator[str]:
    yield from _head(name, "histogram", told)
    for labels, histogram in found:
        total = 0
        inner = labels[1:-1]
        for bound, count in zip(_bounds(), histogram.counts, strict=True):
            total += count
            yield f'{name}_bucket{{{inner},le="{bound}"}} {total}'
        yield f"{name}_sum{labels} {histogram.sum:.6f}"
        yield f"{name}_count{labels} {total}"


def _bounds() -> Sequence[str]:
    return [*(f"{bound:g}" for bound in SECONDS), "+Inf"]


def _labels(**said: str) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in said.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
