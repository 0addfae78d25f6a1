"""What was aimed at, and what came of it."""

import msgspec

from bench.gateways.table import BOOKED, MEANINGS, OURS, Rounds, number

VERDICTS = {True: "kept", False: "**missed**", None: "not measured"}
UNJUDGED = "machine too busy"
BUSY_SHARE = 0.1
"""When others use more of the machine, what the clock says is no verdict on anyone."""
_BY_CLOCK = ("_rps", "_ms", "_s")


class Goal(msgspec.Struct, frozen=True):
    """A bound that a figure of ours has to keep: beside that of another, or as it stands."""

    figure: str
    bound: float
    other: str = ""
    least: bool = False
    less: str = ""
    """Another figure of ours that is taken off first."""
    beside: str = ""
    """The figure of the other, where it is not the same: what it cannot do is set beside what
    comes nearest to it."""
    who: str = OURS
    over: str = ""
    """Whose figure is taken off, so that what is left was added to it."""

    def reached(self, rounds: Rounds) -> float | None:
        mine, off, theirs = self._values(rounds)
        return None if mine is None or off is None or not theirs else (mine - off) / theirs

    def _values(self, rounds: Rounds) -> tuple[float | None, float | None, float | None]:
        """Our figure, what is taken off it, and what it stands beside."""
        return (
            rounds.value(self.who, self.figure),
            self._off(rounds),
            rounds.value(self.other, self.beside or self.figure) if self.other else 1.0,
        )

    def _off(self, rounds: Rounds) -> float | None:
        if self.over:
            return rounds.value(self.over, self.figure)
        return rounds.value(self.who, self.less) if self.less else 0.0

    def kept(self, rounds: Rounds) -> bool | None:
        value = self.reached(rounds)
        if value is None:
            return None
        return value >= self.bound if self.least else value <= self.bound

    def verdict(self, rounds: Rounds, others: float) -> str:
        clocked = self.figure.endswith(_BY_CLOCK) and self.reached(rounds) is not None
        return UNJUDGED if clocked and others > BUSY_SHARE else VERDICTS[self.kept(rounds)]

    @property
    def meaning(self) -> str:
        less = f", less {MEANINGS[self.less]}" if self.less else ""
        added = f", added to {self.over}" if self.over else ""
        return f"{'' if self.who == OURS else f'{self.who}: '}{MEANINGS[self.figure]}{less}{added}"

    @property
    def aim(self) -> str:
        beside = f" × {self.other}" if self.other else ""
        passes = ", which passes it on" if self.beside else ""
        return f"{'≥' if self.least else '≤'} {self.bound:g}{beside}{passes}"

    def measured(self, rounds: Rounds) -> str:
        reached = number(self.reached(rounds))
        return f"{reached} ×" if self.other and reached != "-" else reached

    def short(self, rounds: Rounds) -> str:
        """How far off it is, in the figure's own unit."""
        mine, off, theirs = self._values(rounds)
        wanted = None if off is None or theirs is None else self.bound * theirs + off
        return f"{number(mine)} where {number(wanted)} was aimed at"


GOALS = (
    Goal("c64_rps", 0.20, "nginx", least=True),
    Goal("c64_rps", 3, "tensorzero", least=True),
    Goal("c64_rps", 15, "portkey", least=True),
    Goal("c64_rps", 100, "litellm", least=True),
    Goal("paced_cpu_us", 3, "nginx"),
    Goal("responses_cpu_us", 4, "nginx", beside="paced_cpu_us"),
    Goal("messages_cpu_us", 4, "nginx", beside="paced_cpu_us"),
    Goal("big_ms", 8, "nginx"),
    Goal("big_ms", 0.5, "litellm"),
    Goal("big_peak_mb", 120, less="idle_mb"),
    Goal("idle_mb", 120),
    Goal("start_s", 1.5),
    Goal("soak_growth", 0.05),
    Goal("slow_reader_mb", 1),
    Goal("c64_rps", 0.15, "nginx", least=True, who=BOOKED),
    Goal("c64_rps", 2, "tensorzero", least=True, who=BOOKED),
    Goal("c64_rps", 10, "portkey", least=True, who=BOOKED),
    Goal("c64_rps", 80, "litellm", least=True, who=BOOKED),
    Goal("steady_p50_ms", 1, who=BOOKED, over="direct"),
    Goal("steady_p99_ms", 10, who=BOOKED, over="direct"),
)
