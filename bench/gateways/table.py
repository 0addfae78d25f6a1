"""What the rounds came to: medians with their spread, and ratios between contestants."""

import re
from statistics import median

Figures = dict[str, float]
REASON_CHARACTERS = 300

_PLACE = re.compile(r"(?:file://)?/[\w.@-]+/\S*")
"""A path on the machine that it ran on, which is nobody's business."""


class Rounds:
    """The figures of each contestant, round by round."""

    def __init__(self) -> None:
        self._rounds: dict[str, list[Figures]] = {}
        self.reasons: dict[str, str] = {}

    def add(self, name: str, figures: Figures) -> None:
        self._rounds.setdefault(name, []).append(figures)

    def absent(self, name: str, why: str) -> bool:
        """Whether it did not take part in a round, for a reason; the first reason is kept."""
        if why:
            self.reasons.setdefault(name, _PLACE.sub("…", why)[:REASON_CHARACTERS])
        return bool(why)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._rounds)

    @property
    def figures(self) -> tuple[str, ...]:
        rounds = (each for played in self._rounds.values() for each in played)
        return tuple(dict.fromkeys(name for figures in rounds for name in figures))

    def values(self, name: str, figure: str) -> list[float]:
        return [each[figure] for each in self._rounds.get(name, ()) if figure in each]

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
    lines.extend(
        f"{name} was not measured throughout: {why}" for name, why in rounds.reasons.items()
    )
    return "\n".join(lines)
