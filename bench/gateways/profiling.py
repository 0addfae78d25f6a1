"""Where our own processor time goes: a sampled run of each load whose cost is told elsewhere."""

import os
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

import msgspec

from bench.gateways.contest import Wrap, running
from bench.gateways.contestants import OURS, Start
from bench.gateways.phases import PHASES
from bench.gateways.processes import ROOT, Failed
from bench.gateways.sampled import Spot

SECONDS = 5.0
LOADS = ("c64", "paced", "responses", "messages")


class Section(msgspec.Struct, frozen=True):
    """What was found at work under one load, the most frequent first."""

    load: str
    spots: tuple[Spot, ...]

    @property
    def samples(self) -> int:
        return sum(spot.samples for spot in self.spots)

    def rooms(self) -> dict[str, float]:
        """The share of each room, the largest first."""
        count: Counter[str] = Counter()
        for spot in self.spots:
            count[spot.place.room] += spot.samples
        return {room: samples / self.samples for room, samples in count.most_common()}

    def functions(self, most: int) -> list[tuple[str, float]]:
        """The functions that were found most often, each with its share."""
        named = [spot for spot in self.spots if spot.place.function]
        return [(spot.place.function, spot.samples / self.samples) for spot in named[:most]]


def profile(upstream: int, seconds: float = SECONDS) -> tuple[Section, ...]:
    """The sections of all loads, through one process of ours."""
    with tempfile.TemporaryDirectory() as place:
        outcome = Path(place) / "sections.json"
        with running(OURS, upstream, seconds, _sampled(outcome)) as (bench, _):
            for load in LOADS:
                print(f"  profile: {load}", file=sys.stderr, flush=True)
                os.kill(bench.pid, signal.SIGUSR1)
                PHASES[load](bench)
        if not outcome.exists():
            raise Failed("the process that was sampled left nothing behind")
        return sections(outcome.read_bytes())


def _sampled(outcome: Path) -> Wrap:
    def wrapped(start: Start) -> Start:
        command = (sys.executable, "-m", "bench.gateways.sampled", str(outcome), *start.command)
        return Start(command, {**start.env, "PYTHONPATH": str(ROOT)})

    return wrapped


def sections(told: bytes) -> tuple[Section, ...]:
    found = msgspec.json.decode(told, type=tuple[tuple[Spot, ...], ...])
    if len(found) != len(LOADS) or not all(found):
        raise Failed(f"samples were taken in {sum(map(bool, found))} of {len(LOADS)} loads")
    return tuple(Section(load, spots) for load, spots in zip(LOADS, found, strict=True))
