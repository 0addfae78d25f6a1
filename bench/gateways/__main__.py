"""Runs the contestants in turn, round by round, and prints what came of it.

.venv/bin/python -m bench.gateways [--only manymind,nginx] [--phase c64] [--quick]
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType

from bench.gateways.contestants import DIRECT, NGINX, OURS, Contestant
from bench.gateways.document import DOCUMENT, document, team
from bench.gateways.phases import (
    OURS_ALONE,
    PHASES,
    Bench,
    Figures,
    first_reply,
    free_port,
    said,
)
from bench.gateways.processes import (
    GATEWAY_CORES,
    ROOT,
    UPSTREAM_CORES,
    Failed,
    started,
)
from bench.gateways.rivals import RIVALS
from bench.gateways.table import Rounds, text

Tell = Callable[[str], object]
CONTESTANTS = (DIRECT, NGINX, OURS, *RIVALS)


class Options(argparse.Namespace):
    only: str
    phase: str
    rounds: int
    seconds: float
    quick: bool
    write: bool
    profile: str


def options() -> Options:
    reader = argparse.ArgumentParser(prog="python -m bench.gateways", description=__doc__)
    names = ", ".join(each.name for each in CONTESTANTS)
    reader.add_argument("--only", default="", help=f"contestants, with commas: {names}")
    reader.add_argument("--phase", default="", help=f"phases, with commas: {', '.join(PHASES)}")
    reader.add_argument("--rounds", type=int, default=3)
    reader.add_argument("--seconds", type=float, default=3.0, help="how long a phase lasts")
    reader.add_argument("--quick", action="store_true", help="one round of one second a phase")
    reader.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    reader.add_argument(
        "--profile", default="", metavar="FILE", help="run ours under cProfile, written to FILE"
    )
    return reader.parse_args(namespace=Options())


def play(
    contestant: Contestant, phases: list[str], chosen: Options, upstream: int, tell: Tell
) -> Figures:
    """One contestant's round: start it, take it through the phases, end it."""
    if contestant.start is None:
        bench = Bench(
            contestant=contestant, port=upstream, upstream=upstream, pid=0, seconds=chosen.seconds
        )
        return through(bench, phases, tell)
    with tempfile.TemporaryDirectory() as place:
        folder, port = Path(place), free_port()
        folder.chmod(0o755)
        start = contestant.start(folder, port, upstream)
        command = start.command
        if chosen.profile and contestant is OURS:
            outcome = str(Path(chosen.profile).resolve())
            command = (sys.executable, "-m", "cProfile", "-o", outcome, *command)
        log, since = folder / "said.log", time.perf_counter()
        with started(command, GATEWAY_CORES, log, start.environment(folder)) as process:
            if contestant.tells_port:
                port = told(folder / "port")
            bench = Bench(
                contestant=contestant,
                port=port,
                upstream=upstream,
                pid=process.pid,
                seconds=chosen.seconds,
            )
            try:
                return {"start_s": first_reply(bench, since), **through(bench, phases, tell)}
            except Failed as failed:
                raise Failed(f"{failed} (it said: {said(log)})") from failed


def told(file: Path) -> int:
    """The port that a contestant chose for itself."""
    for _ in range(3000):
        if file.exists():
            return int(file.read_text())
        time.sleep(0.01)
    raise Failed("it named no port within 30 s")


def through(bench: Bench, phases: list[str], tell: Tell) -> Figures:
    """All phases; one that fails is told of, and costs the others nothing."""
    figures: Figures = {}
    for name in phases:
        if name in OURS_ALONE and bench.contestant is not OURS:
            continue
        print(f"  {bench.contestant.name}: {name}", file=sys.stderr, flush=True)
        try:
            figures |= PHASES[name](bench)
        except Failed as failed:
            tell(f"{name}: {failed}")
    if not bench.pid:
        return {name: value for name, value in figures.items() if "_cpu_" not in name}
    return figures


def chosen_phases(chosen: Options) -> list[str]:
    if chosen.phase:
        return chosen.phase.split(",")
    return [name for name in PHASES if not (chosen.quick and name == "soak")]


def compete(field: list[Contestant], phases: list[str], chosen: Options) -> Rounds:
    """All of them in each round, so that a busy minute of the machine meets them all."""
    rounds, upstream = Rounds(), free_port()
    ready = [each for each in field if not rounds.absent(each.name, each.missing())]
    with tempfile.TemporaryDirectory() as place:
        command = (sys.executable, "-m", "bench.gateways.upstream", str(upstream))
        log = Path(place, "upstream.log")
        with started(command, UPSTREAM_CORES, log, {"PYTHONPATH": str(ROOT)}):
            time.sleep(1.0)
            for number in range(chosen.rounds):
                print(f"round {number + 1} of {chosen.rounds}", file=sys.stderr)
                for contestant in ready:
                    tell = partial(rounds.absent, contestant.name)
                    try:
                        rounds.add(
                            contestant.name, play(contestant, phases, chosen, upstream, tell)
                        )
                    except Failed as failed:
                        rounds.absent(contestant.name, str(failed))
    return rounds


def leave(number: int, frame: FrameType | None) -> None:
    """Told to stop: what was started is ended on the way out."""
    sys.exit(128 + number)


def main() -> None:
    signal.signal(signal.SIGTERM, leave)
    chosen = options()
    if chosen.quick:
        chosen.rounds, chosen.seconds = 1, 1.0
    phases = chosen_phases(chosen)
    wanted = chosen.only.replace("ours", OURS.name).split(",") if chosen.only else []
    unknown = [*(set(phases) - set(PHASES)), *(set(wanted) - {c.name for c in CONTESTANTS})]
    if unknown:
        sys.exit(f"Not known here: {', '.join(unknown)}.")
    field = [each for each in CONTESTANTS if not wanted or each.name in (*wanted, DIRECT.name)]
    rounds = compete(field, phases, chosen)
    print(text(rounds))
    if chosen.write:
        DOCUMENT.write_text(document(rounds, field, chosen.rounds, chosen.seconds, team()))


if __name__ == "__main__":
    main()
