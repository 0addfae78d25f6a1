"""What the rounds came to: medians with their spread, and ratios between contestants."""

import re
from statistics import median

Figures = dict[str, float]
OURS = "manymind"
BOOKED = "booked"
"""Ours with a stored key, its budget, and the ledger."""
REASON_CHARACTERS = 400
MEANINGS = {
    "start_s": "start to the first right answer, s",
    "idle_mb": "memory idle, MB",
    "loaded_mb": "memory after load at 64, MB",
    "c1_rps": "requests/s, 1 connection",
    "c1_p50_ms": "latency, 1 connection, median, ms",
    "c1_p99_ms": "latency, 1 connection, 99 %, ms",
    "c1_cpu_us": "CPU a request, 1 connection, µs",
    "c64_rps": "requests/s, 64 connections",
    "c64_p50_ms": "latency, 64 connections, median, ms",
    "c64_p99_ms": "latency, 64 connections, 99 %, ms",
    "c64_cpu_us": "CPU a request, 64 connections, µs",
    "c64_kernel_us": "of that in the kernel, µs",
    "steady_p50_ms": "latency, 300 requests/s, median, ms",
    "steady_p99_ms": "latency, 300 requests/s, 99 %, ms",
    "steady_cpu_us": "CPU a request, 300 requests/s, µs",
    "paced_cpu_us": "CPU a paced chunk, Chat to Chat, µs",
    "paced_kernel_us": "of that in the kernel, Chat to Chat, µs",
    "paced_first_p50_ms": "first word, Chat to Chat, median, ms",
    "paced_first_p99_ms": "first word, Chat to Chat, 99 %, ms",
    "responses_cpu_us": "CPU a paced chunk, Responses over Chat, µs",
    "responses_first_p50_ms": "first word, Responses over Chat, median, ms",
    "stored_cpu_us": "the same, and the answer is kept, µs",
    "messages_cpu_us": "CPU a paced chunk, Messages over Chat, µs",
    "messages_first_p50_ms": "first word, Messages over Chat, median, ms",
    "big_ms": "a body of 8 MiB, median, ms",
    "big_cpu_ms": "CPU for a body of 8 MiB, ms",
    "big_peak_mb": "peak resident memory with it, MB",
    "slow_reader_mb": "memory for a reader who does not read, MB",
    "soak_mb": "memory after 200,000 requests, MB",
    "soak_growth": "growth of memory over 200,000 requests, as a share",
}

_PLACE = re.compile(r"(?:file://)?/[\w.@-]+/\S*")
"""A path on the machine that it ran on, which is nobody's business."""


def bare(said: str) -> str:
    """What a program said, without the places that it named."""
    return _PLACE.sub("…", said)


class Rounds:
    """The figures of each contestant, round by round."""

    def __init__(self) -> None:
        self._rounds: dict[str, list[Figures]] = {}
        self.failures: dict[str, list[str]] = {}

    def add(self, name: str, figures: Figures) -> None:
        self._rounds.setdefault(name, []).append(figures)

    def failed(self, name: str, why: str) -> None:
        """What went wrong with it, of each kind once."""
        told = bare(why)[:REASON_CHARACTERS]
        if told not in (known := self.failures.setdefault(name, [])):
            known.append(told)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._rounds)

    @property
    def figures(self) -> tuple[str, ...]:
        rounds = (each for played in self._rounds.values() for each in played)
        return tuple(dict.fromkeys(name for figures in rounds for name in figures))

    def values(self, name: str, figure: str) -> list[float]:
        return [each[figure] for each in self._rounds.get(name, ()) if figure in each]

    def played(self, name: str) -> int:
        """In how many rounds it took part."""
        return len(self._rounds.get(name, ()))

    def value(self, name: str, figure: str) -> float | None:
        values = self.values(name, figure)
        return median(values) if values else None

    def spread(self, name: str, figure: str) -> float:
        """How far apart the rounds lie, as a share of their median; nothing of a single one."""
        values = self.values(name, figure)
        middle = median(values) if values else 0.0
        return (max(values) - min(values)) / middle if middle else 0.0

    def ratio(self, name: str, other: str, figure: str) -> float | None:
        mine, theirs = self.value(name, figure), self.value(other, figure)
        return None if mine is None or not theirs else mine / theirs


def number(value: float | None) -> str:
    """Three figures that count, in plain digits."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def cell(rounds: Rounds, name: str, figure: str) -> str:
    value = rounds.value(name, figure)
    if value is None:
        return "-"
    spread = rounds.spread(name, figure)
    return f"{number(value)} ±{spread / 2:.0%}" if spread else number(value)


def text(rounds: Rounds) -> str:
    """All figures, for the terminal."""
    lines = [" ".join((f"{'':<24}", *(f"{name:>18}" for name in rounds.names)))]
    for figure in rounds.figures:
        cells = (f"{cell(rounds, name, figure):>18}" for name in rounds.names)
        lines.append(" ".join((f"{figure:<24}", *cells)))
    lines.extend(f"{name}: {why}" for name, each in rounds.failures.items() for why in each)
    return "\n".join(lines)
