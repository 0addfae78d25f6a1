"""Processes under measurement: pinned to cores, and weighed with all their children."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench.gateways.load import STALLED_SECONDS, Job, Score

ROOT = Path(__file__).parents[2]
CORES = sorted(os.sched_getaffinity(0))
GATEWAY_CORES = CORES[:1]
UPSTREAM_CORES = CORES[1:2] or CORES
LOAD_CORES = CORES[2:3] or UPSTREAM_CORES
STOP_SECONDS = 10.0


class Failed(Exception):
    """A contestant did not do what is measured; says why."""


@contextmanager
def started(
    command: Sequence[str | Path], cores: Sequence[int], log: Path, env: Mapping[str, str]
) -> Generator[subprocess.Popen[bytes]]:
    """A program on these cores alone, in a group of its own, ended with all its children."""
    before = os.sched_getaffinity(0)
    with log.open("wb") as said:
        os.sched_setaffinity(0, cores)
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
                env=dict(env), cwd=log.parent, start_new_session=True,
            )  # fmt: skip
        finally:
            os.sched_setaffinity(0, before)
    try:
        yield process
    finally:
        _end(process)


class Quiet:
    """How much of the machine others used meanwhile."""

    def __init__(self) -> None:
        self._began = _busy_seconds(), _own_seconds(), time.monotonic()

    def others(self) -> float:
        """The share of all processor time that went to none of our own processes."""
        busy, own, began = self._began
        spent = (_busy_seconds() - busy) - (_own_seconds() - own)
        return max(0.0, spent / ((time.monotonic() - began) * (os.cpu_count() or 1)))


def _busy_seconds() -> float:
    """What programs used of the whole machine, and what was stolen from it. Interrupts are left
    out: those that our own traffic causes are told of no process."""
    user, nice, system, _, _, _, _, stolen = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    )
    return (user + nice + system + stolen) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    """Of this process and of all that it has started and seen end."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _end(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(STOP_SECONDS)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found.extend(map(int, task.read_text().split()))
            except OSError:
                continue  # A thread that ended meanwhile has no children any more.
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time of the whole tree. /proc/PID/stat counts in hundredths of a second, which
    is too coarse for a short phase; the clock of a process holds the same to the nanosecond."""
    total = 0.0
    for each in tree(pid):
        try:
            total += time.clock_gettime((~each << 3) | 2)
        except OSError:
            continue  # A helper process that ended; what it used is lost, as in `tree`.
    return total


def kernel_seconds(pid: int) -> float:
    """The part of it that the kernel spent for the tree; in hundredths of a second."""
    ticks = 0
    for each in tree(pid):
        try:
            # The name may hold anything, so the fields are counted from where it ends.
            ticks += int(Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[12])
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def pss_mb(pid: int) -> float:
    """Memory of the whole tree; what processes share counts once."""
    return _sum(pid, "smaps_rollup", "Pss:")


def peak_mb(pid: int) -> float:
    """The largest resident size since `forget_peak`, of each process in the tree."""
    return _sum(pid, "status", "VmHWM:")


def forget_peak(pid: int) -> None:
    for each in tree(pid):
        try:
            Path(f"/proc/{each}/clear_refs").write_text("5")
        except FileNotFoundError:
            continue


def _sum(pid: int, file: str, name: str) -> float:
    kilobytes = 0
    for each in tree(pid):
        try:
            lines = Path(f"/proc/{each}/{file}").read_text().splitlines()
        except OSError:
            continue
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith(name))
    return kilobytes / 1024


def load(job: Job) -> Score:
    """Run the load in a process of its own, on its own core."""
    with_core = os.sched_getaffinity(0)
    os.sched_setaffinity(0, LOAD_CORES)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench.gateways.load"],
            input=msgspec.json.encode(job), capture_output=True, cwd=ROOT, check=False,
            timeout=job.seconds + 2 * STALLED_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise Failed(f"the load did not end within {late.timeout:.0f} s") from late
    finally:
        os.sched_setaffinity(0, with_core)
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise Failed(lines[-1] if lines else "the load ended without a word")
    try:
        return msgspec.json.decode(done.stdout, type=Score)
    except msgspec.DecodeError as error:
        raise Failed(f"what the load told cannot be read: {error}") from error
