"""Takes the contestants in turn through the phases, round by round."""

import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from bench.gateways.contestants import OURS, Contestant, Start
from bench.gateways.phases import (
    DOORS,
    ONCE,
    OURS_ALONE,
    PHASES,
    WEIGHED,
    Bench,
    Figures,
    first_reply,
    free_port,
    said,
)
from bench.gateways.processes import GATEWAY_CORES, ROOT, UPSTREAM_CORES, Failed, started
from bench.gateways.table import Rounds

Tell = Callable[[str], object]
Wrap = Callable[[Start], Start]
ROUND_SECONDS = 75.0
"""A contestant who took so long begins no further phase of its round."""
PORT_SECONDS = 30.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is played. No round begins that would probably not end within `round_seconds`."""

    phases: tuple[str, ...]
    rounds: int
    seconds: float
    round_seconds: float


@contextmanager
def simulated_upstream() -> Generator[int]:
    """The port of an upstream that runs meanwhile."""
    port = free_port()
    with tempfile.TemporaryDirectory() as place:
        command = (sys.executable, "-m", "bench.gateways.upstream", str(port))
        log = Path(place, "upstream.log")
        with started(command, UPSTREAM_CORES, log, {"PYTHONPATH": str(ROOT)}):
            time.sleep(1.0)
            yield port


@contextmanager
def running(
    contestant: Contestant, upstream: int, seconds: float, wrap: Wrap = lambda start: start
) -> Generator[tuple[Bench, float]]:
    """A contestant that has given its first right answer, and after how many seconds. What fails
    while it runs is told with the last words that it wrote."""
    if contestant.start is None:
        yield Bench(contestant, upstream, upstream, 0, seconds), 0.0
        return
    with tempfile.TemporaryDirectory() as place:
        folder, port = Path(place), free_port()
        folder.chmod(0o755)
        start = wrap(contestant.start(folder, port, upstream))
        log, since = folder / "said.log", time.perf_counter()
        with started(start.command, GATEWAY_CORES, log, start.environment(folder)) as process:
            try:
                if contestant.tells_port:
                    port = told(folder / "port")
                bench = Bench(contestant, port, upstream, process.pid, seconds, start.key)
                yield bench, first_reply(bench, since)
            except Failed as failed:
                raise Failed(f"{failed} (it said: {said(log)})") from failed


def told(file: Path) -> int:
    """The port that a contestant chose for itself."""
    until = time.monotonic() + PORT_SECONDS
    while time.monotonic() < until:
        if file.exists():
            return int(file.read_text())
        time.sleep(0.01)
    raise Failed(f"it named no port within {PORT_SECONDS:.0f} s")


def through(bench: Bench, phases: Sequence[str], tell: Tell) -> Figures:
    """All phases; one that fails is told of, and costs the others nothing."""
    figures: Figures = {}
    until = time.monotonic() + ROUND_SECONDS
    for name in phases:
        if not fits(name, bench):
            continue
        if time.monotonic() > until and name not in ONCE:
            tell(f"{name}: no time was left for it")
            continue
        print(f"  {bench.contestant.name}: {name}", file=sys.stderr, flush=True)
        try:
            figures |= PHASES[name](bench)
        except (Failed, OSError) as failed:
            tell(f"{name}: {failed}")
    return figures


def fits(phase: str, bench: Bench) -> bool:
    """Whether a contestant has what a phase asks for."""
    if phase in OURS_ALONE and bench.contestant is not OURS:
        return False
    if bench.contestant.phases and phase not in bench.contestant.phases:
        return False
    if phase in DOORS and phase not in bench.contestant.paths:
        return False
    return bool(bench.pid) or phase not in WEIGHED


def compete(
    rounds: Rounds, ready: Sequence[Contestant], plan: Plan, upstream: int
) -> dict[str, float]:
    """All of them in each round, so that a busy minute of the machine meets them all. Gives the
    seconds that each contestant took."""
    until = time.monotonic() + plan.round_seconds
    lately: dict[str, float] = {}
    took: dict[str, float] = {}
    for number in range(plan.rounds):
        print(f"round {number + 1} of {plan.rounds}", file=sys.stderr)
        wanted = [name for name in plan.phases if not number or name not in ONCE]
        for contestant in ready:
            name, began = contestant.name, time.monotonic()
            late = began + lately.get(name, ROUND_SECONDS) > until
            if number >= contestant.most_rounds or late:
                continue
            try:
                with running(contestant, upstream, plan.seconds) as (bench, start_seconds):
                    start = {"start_s": start_seconds} if bench.pid else {}
                    tell = partial(rounds.failed, name)
                    rounds.add(name, start | through(bench, wanted, tell))
            except (Failed, OSError) as failed:
                rounds.failed(name, str(failed))
            spent = time.monotonic() - began
            lately[name] = spent
            took[name] = took.get(name, 0.0) + spent
    return took
