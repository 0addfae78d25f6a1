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
from bench.gateways.document import DOCUMENT, document, own_parts
from bench.gateways.phases import (
    ONCE,
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
ROUND_SECONDS = 75.0
"""A contestant who took so long begins no further phase of its round."""


class Options(argparse.Namespace):
    only: str
    phase: str
    rounds: int
    seconds: float
    minutes: float
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
    reader.add_argument(
        "--minutes", type=float, default=11.0, help="when the last of the rounds has to be over"
    )
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
    until = time.monotonic() + ROUND_SECONDS
    for name in phases:
        if time.monotonic() > until and name not in ONCE:
            tell(f"{name}: no time was left for it")
            continue
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


def compete(
    rounds: Rounds, field: list[Contestant], phases: list[str], chosen: Options, until: float
) -> None:
    """All of them in each round, so that a busy minute of the machine meets them all."""
    upstream = free_port()
    ready = [each for each in field if not rounds.absent(each.name, each.missing())]
    took: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        command = (sys.executable, "-m", "bench.gateways.upstream", str(upstream))
        log = Path(place, "upstream.log")
        with started(command, UPSTREAM_CORES, log, {"PYTHONPATH": str(ROOT)}):
            time.sleep(1.0)
            for number in range(chosen.rounds):
                print(f"round {number + 1} of {chosen.rounds}", file=sys.stderr)
                wanted = [name for name in phases if not number or name not in ONCE]
                for contestant in ready:
                    began = time.monotonic()
                    if number >= contestant.most_rounds or began > until - took.get(
                        contestant.name, ROUND_SECONDS
                    ):
                        continue
                    tell = partial(rounds.absent, contestant.name)
                    try:
                        rounds.add(
                            contestant.name, play(contestant, wanted, chosen, upstream, tell)
                        )
                    except Failed as failed:
                        rounds.absent(contestant.name, str(failed))
                    took[contestant.name] = time.monotonic() - began


def estimate(field: list[Contestant], phases: list[str], chosen: Options) -> float:
    """About how many seconds the rounds will take, without installing anything."""
    fixed = {"idle": 1.0, "c1": 1.0, "c64": 2.0, "paced": 2.0, "big": 3.0, "slow": 4.0}
    total = 0.0
    for each in field:
        own = [name for name in phases if name not in OURS_ALONE | {"translated"} or each is OURS]
        one = 3.0 + sum(fixed.get(name, 0.0) for name in own if name not in ONCE)
        one += chosen.seconds * sum(name in ("c1", "c64", "paced") for name in own) * 1.3
        one += 2 * (chosen.seconds + 2) * ("translated" in own)
        total += one * min(chosen.rounds, each.most_rounds) + 30.0 * ("soak" in own)
    return total


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
    began, rounds = time.monotonic(), Rounds()
    print(f"about {estimate(field, phases, chosen) / 60:.0f} minutes", file=sys.stderr)
    parts = "Not run: it was ended early."
    try:
        compete(rounds, field, phases, chosen, began + chosen.minutes * 60)
        if chosen.write:
            parts = own_parts()
    except (KeyboardInterrupt, SystemExit):
        print("Ended early; what there is so far:", file=sys.stderr)
    print(text(rounds))
    print(f"It took {(time.monotonic() - began) / 60:.1f} minutes.")
    if chosen.write:
        print(parts)
        DOCUMENT.write_text(document(rounds, field, chosen.rounds, chosen.seconds, parts))


if __name__ == "__main__":
    main()
