"""Runs the contestants side by side, and prints or writes what came of it.

.venv/bin/python -m bench.gateways [--only manymind,nginx] [--phase c64] [--quick]
"""

import argparse
import os
import platform
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from bench.gateways.contest import Plan, compete, simulated_upstream
from bench.gateways.contestants import BOOKED, DIRECT, NGINX, OURS, Contestant
from bench.gateways.document import Participant, Report, document, why
from bench.gateways.parts import run_parts
from bench.gateways.phases import PHASES
from bench.gateways.processes import CORES, ROOT, Failed, Quiet
from bench.gateways.profiling import Section, profile
from bench.gateways.rivals import RIVALS
from bench.gateways.table import Rounds, text

CONTESTANTS = (DIRECT, NGINX, OURS, BOOKED, *RIVALS)
DOCUMENT = ROOT / "docs/benchmarks.md"


class Options(argparse.Namespace):
    only: str
    phase: str
    rounds: int
    seconds: float
    minutes: float
    quick: bool
    profile: bool
    write: Path | None


def options() -> Options:
    reader = argparse.ArgumentParser(prog="python -m bench.gateways", description=__doc__)
    names = ", ".join(each.name for each in CONTESTANTS)
    reader.add_argument("--only", default="", help=f"contestants, with commas: {names}")
    reader.add_argument("--phase", default="", help=f"phases, with commas: {', '.join(PHASES)}")
    reader.add_argument("--rounds", type=int, default=4)
    reader.add_argument("--seconds", type=float, default=3.0, help="how long a phase lasts")
    reader.add_argument(
        "--minutes", type=float, default=11.0, help="when the last of the rounds has to be over"
    )
    reader.add_argument("--quick", action="store_true", help="one round of one second a phase")
    reader.add_argument(
        "--profile", action="store_true", help="tell where our own time goes; --write does, too"
    )
    reader.add_argument(
        "--write", nargs="?", type=Path, const=DOCUMENT, metavar="FILE",
        help=f"write the page, to {DOCUMENT.relative_to(ROOT)} unless another file is named",
    )  # fmt: skip
    return reader.parse_args(namespace=Options())


def chosen_phases(chosen: Options) -> tuple[str, ...]:
    if chosen.phase:
        return tuple(chosen.phase.split(","))
    return tuple(name for name in PHASES if not (chosen.quick and name == "soak"))


def chosen_field(chosen: Options) -> list[Contestant]:
    """Whoever is wanted; the load without a gateway always is."""
    wanted = chosen.only.split(",") if chosen.only else [each.name for each in CONTESTANTS]
    unknown = {*wanted, *chosen_phases(chosen)} - {*PHASES, *(each.name for each in CONTESTANTS)}
    if unknown:
        sys.exit(f"Not known here: {', '.join(sorted(unknown))}.")
    return [each for each in CONTESTANTS if each is DIRECT or each.name in wanted]


def ready(field: Sequence[Contestant], rounds: Rounds) -> list[Contestant]:
    """Those who can take part. What is not installed yet, is installed for it."""
    absent = {each.name: each.missing() for each in field}
    for name, reason in absent.items():
        if reason:
            rounds.failed(name, reason)
    return [each for each in field if not absent[each.name]]


def profiled(upstream: int, rounds: Rounds) -> tuple[Section, ...]:
    try:
        return profile(upstream)
    except (Failed, OSError) as failed:
        rounds.failed("the profile", str(failed))
        return ()


def machine() -> str:
    """Its kind: processor, cores, memory, system, Python."""
    told = Path("/proc/cpuinfo").read_text().splitlines()
    models = (line.partition(":")[2].strip() for line in told if line.startswith("model name"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{next(models, platform.machine())}, {len(CORES)} cores, {memory:.0f} GiB of memory, "
        f"{platform.system()}, Python {platform.python_version()}"
    )


def participants(field: Sequence[Contestant], rounds: Rounds) -> tuple[Participant, ...]:
    return tuple(
        Participant(each.name, each.version() if played else "", each.note, played)
        for each in field
        for played in [rounds.played(each.name)]
    )


def leave(number: int, frame: FrameType | None) -> None:
    """Told to stop: what was started is ended on the way out."""
    sys.exit(128 + number)


def run(chosen: Options, field: Sequence[Contestant], rounds: Rounds) -> None:
    plan = Plan(
        phases=chosen_phases(chosen), rounds=chosen.rounds, seconds=chosen.seconds,
        round_seconds=chosen.minutes * 60,
    )  # fmt: skip
    able = ready(field, rounds)
    began, quiet = time.monotonic(), Quiet()
    with simulated_upstream() as upstream:
        took = compete(rounds, able, plan, upstream)
        sections = profiled(upstream, rounds) if chosen.profile or chosen.write else ()
    parts = run_parts() if chosen.write else ()
    report = Report(
        rounds=rounds, participants=participants(field, rounds), machine=machine(),
        planned=plan.rounds, seconds=plan.seconds, minutes=(time.monotonic() - began) / 60,
        others=quiet.others(), profile=sections, parts=parts,
    )  # fmt: skip
    if sections:
        print(why(report))
    spent = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in took.items())
    print(f"It took {report.minutes:.1f} minutes: {spent}. Others used {report.others:.1%}.")
    if chosen.write:
        chosen.write.write_text(document(report))


def main() -> None:
    signal.signal(signal.SIGTERM, leave)
    chosen, rounds = options(), Rounds()
    if chosen.quick:
        chosen.rounds, chosen.seconds = 1, 1.0
    field = chosen_field(chosen)
    try:
        run(chosen, field, rounds)
    except (KeyboardInterrupt, SystemExit):
        print("Ended early; nothing was written. What there is so far:", file=sys.stderr)
        raise
    finally:
        print(text(rounds))


if __name__ == "__main__":
    main()
