"""`docs/benchmarks.md`: what was measured, beside what was aimed at. It names no machine, only
its kind."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from bench.gateways.contestants import Contestant
from bench.gateways.processes import CORES, ROOT
from bench.gateways.table import Rounds, cell, number

DOCUMENT = ROOT / "docs/benchmarks.md"
OURS = "manymind"

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
    "paced_cpu_us": "CPU a paced chunk, Chat to Chat, µs",
    "paced_first_p50_ms": "first word, Chat to Chat, median, ms",
    "paced_first_p99_ms": "first word, Chat to Chat, 99 %, ms",
    "responses_cpu_us": "CPU a paced chunk, Responses over Chat, µs",
    "responses_first_p50_ms": "first word, Responses over Chat, median, ms",
    "messages_cpu_us": "CPU a paced chunk, Messages over Chat, µs",
    "messages_first_p50_ms": "first word, Messages over Chat, median, ms",
    "big_ms": "a body of 8 MiB, median, ms",
    "big_cpu_ms": "CPU for a body of 8 MiB, ms",
    "big_peak_mb": "peak resident memory with it, MB",
    "slow_reader_mb": "memory for a reader who does not read, MB",
    "soak_mb": "memory after 200,000 requests, MB",
    "soak_growth": "its growth since the first 20,000, as a share",
}


class Goal(msgspec.Struct, frozen=True):
    """A bound that a figure has to keep: beside another contestant, or as it stands."""

    figure: str
    bound: float
    other: str = ""
    least: bool = False
    less: str = ""
    """Another figure of ours that is taken off first."""

    def reached(self, rounds: Rounds) -> float | None:
        if self.other:
            return rounds.ratio(OURS, self.other, self.figure)
        value = rounds.value(OURS, self.figure)
        off = rounds.value(OURS, self.less) if self.less else 0.0
        return None if value is None or off is None else value - off

    def kept(self, rounds: Rounds) -> bool | None:
        value = self.reached(rounds)
        if value is None:
            return None
        return value >= self.bound if self.least else value <= self.bound


GOALS = (
    Goal("c64_rps", 0.20, "nginx", least=True),
    Goal("c64_rps", 3, "tensorzero", least=True),
    Goal("c64_rps", 15, "portkey", least=True),
    Goal("c64_rps", 100, "litellm", least=True),
    Goal("paced_cpu_us", 3, "nginx"),
    Goal("big_ms", 8, "nginx"),
    Goal("big_ms", 0.5, "litellm"),
    Goal("big_peak_mb", 120, less="idle_mb"),
    Goal("idle_mb", 120),
    Goal("start_s", 1.5),
    Goal("soak_growth", 0.05),
    Goal("slow_reader_mb", 1),
)
PART_SECONDS = 60
GLANCE = (
    "c64_rps", "c64_cpu_us", "c1_p50_ms", "paced_cpu_us", "big_ms", "loaded_mb", "start_s",
)  # fmt: skip
TRANSLATED = ("responses_cpu_us", "messages_cpu_us")
TRANSLATED_BOUND = 4.0
VERDICTS = {True: "kept", False: "**missed**", None: "not measured"}


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{number(ratio)} ×"


def goals(rounds: Rounds) -> str:
    rows = [
        (
            MEANINGS[goal.figure] + (f", less {MEANINGS[goal.less]}" if goal.less else ""),
            f"{'≥' if goal.least else '≤'} {number(goal.bound)}"
            + (f" × {goal.other}" if goal.other else ""),
            times(goal.reached(rounds)) if goal.other else number(goal.reached(rounds)),
            VERDICTS[goal.kept(rounds)],
        )
        for goal in GOALS
    ]
    rows.extend(_translated(rounds, figure) for figure in TRANSLATED)
    return table(("figure", "goal", "measured", ""), rows)


def _translated(rounds: Rounds, figure: str) -> tuple[str, str, str, str]:
    """nginx cannot translate: what stands beside it is its chunk passed on as it is."""
    mine, theirs = rounds.value(OURS, figure), rounds.value("nginx", "paced_cpu_us")
    ratio = mine / theirs if mine is not None and theirs else None
    kept = None if ratio is None else ratio <= TRANSLATED_BOUND
    bound = f"≤ {number(TRANSLATED_BOUND)} × nginx, which passes it on"
    return MEANINGS[figure], bound, times(ratio), VERDICTS[kept]


def glance(rounds: Rounds) -> str:
    return table(
        ("", *rounds.names),
        [
            (MEANINGS[figure], *(number(rounds.value(name, figure)) for name in rounds.names))
            for figure in GLANCE
        ],
    )


def measured(rounds: Rounds) -> str:
    return table(
        ("", *rounds.names),
        [
            (MEANINGS[figure], *(cell(rounds, name, figure) for name in rounds.names))
            for figure in MEANINGS
            if figure in rounds.figures
        ],
    )


def ratios(rounds: Rounds) -> str:
    """Ours through theirs, of the figures that all have."""
    others = [name for name in rounds.names if name not in (OURS, "direct")]
    return table(
        ("manymind / other", *others),
        [
            (MEANINGS[figure], *(number(rounds.ratio(OURS, name, figure)) for name in others))
            for figure in MEANINGS
            if any(rounds.ratio(OURS, name, figure) is not None for name in others)
        ],
    )


def added(rounds: Rounds) -> str:
    """Median latency beyond that of the load straight to the upstream."""
    names = [name for name in rounds.names if name != "direct"]

    def row(figure: str) -> tuple[str, ...]:
        none = rounds.value("direct", figure)
        values = [rounds.value(name, figure) for name in names]
        cells = (None if v is None or none is None else v - none for v in values)
        return (MEANINGS[figure], *map(number, cells))

    return table(
        ("added to direct", *names),
        [row(figure) for figure in ("c1_p50_ms", "c64_p50_ms", "paced_first_p50_ms")],
    )


def own_parts() -> str:
    """What the other benchmarks beside this one say, each of a part of the program."""
    return "\n\n".join(map(_part, sorted((ROOT / "bench").glob("*.py"))))


def _part(file: Path) -> str:
    command = (sys.executable, "-m", f"bench.{file.stem}")
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=PART_SECONDS, check=False
        )
        said = done.stdout.strip() or "It failed without a word."
    except subprocess.TimeoutExpired:
        said = f"It did not end within {PART_SECONDS} s."
    return f"### bench/{file.name}\n\n```\n{said}\n```"


def processor() -> str:
    """The model of the processor, or at least its kind."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def contestants(field: Sequence[Contestant], rounds: Rounds) -> str:
    def line(each: Contestant) -> str:
        version = each.version() if each.name in rounds.names else ""
        absent = rounds.reasons.get(each.name)
        note = each.note if not absent else f"{each.note}. Did not take part in every round: "
        return f"- **{' '.join((each.name, version)).strip()}**: {note}{absent or ''}"

    return "\n".join(map(line, field))


UNEQUAL = """## What is not comparable

- nginx passes bytes on: it checks no key, reads no body, counts nothing and cannot translate.
- manymind and LiteLLM check a key; Portkey and TensorZero, as set up here, check none.
- manymind prices and meters every call. The others keep no record here; nobody caches answers.
- Where a contestant cannot keep up with the paced streams, its time to the first word is the
  time in its queue; compare its processor time instead.
- LiteLLM takes part in one round, the others in all. Its rate here may be below that of the
  image that its makers publish.
"""

METHOD = """## How it is measured

- Each gateway runs alone on one core, as one process or with the children it starts itself. A
  simulated upstream and the load, both on bare protocols, share the next core, or have one each
  where there are three.
- Each round takes every contestant through all phases, one after the other, from a fresh start.
- The load keeps its connections open, asks again as soon as it was answered, and checks every
  reply; of a stream, its whole text. A wrong one ends the contestant's round, and is reported
  above.
- Paced: 32 streams, 20 ms to the first chunk, then one every 5 ms.
- CPU is the processor time of the process and all its children, memory their proportional set
  size, peaks the largest resident size.

Repeat it with `make bench`, or in part: `python -m bench.gateways --help`. The other gateways are
installed into `.bench/` from the public registries; nginx is taken from the system.
"""


def document(
    rounds: Rounds,
    field: Sequence[Contestant],
    played: int,
    seconds: float,
    parts: str,
    load: Callable[[], tuple[float, float, float]] = os.getloadavg,
) -> str:
    return f"""# Benchmarks

Written by `make bench`; do not edit. Compare figures within this page only: they are of one run
on one machine ({processor()}, {len(CORES)} cores, Python {platform.python_version()}), with
{played} rounds and {seconds:g} s a phase. At its end the machine's load was {load()[0]:.1f}; where
more ran than the benchmark, processor time is steadier than the clock.

## At a glance

{glance(rounds)}

## Goals

{goals(rounds)}

{UNEQUAL}

## Ratios

{ratios(rounds)}

## Figures

Medians of the rounds; after ± half of what lies between the best and the worst of them.

{measured(rounds)}

{added(rounds)}

## Parts of the program by themselves

{parts}

## Who took part

{contestants(field, rounds)}

{METHOD}"""
