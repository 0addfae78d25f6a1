"""The phases of a round. Each yields figures by name; a later phase finds what an earlier one
left behind, as memory after load."""

import http.client
import socket
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import msgspec

from bench.gateways.contestants import Contestant
from bench.gateways.load import Job, Score
from bench.gateways.processes import Failed, cpu_seconds, forget_peak, load, peak_mb, pss_mb
from bench.gateways.wire import (
    ANSWER,
    BIG_BYTES,
    CHAT,
    FLOOD,
    MESSAGES,
    PACED,
    PLAIN,
    RESPONSES,
    WORDS,
    question,
)

Figures = dict[str, float]
START_SECONDS = 60.0
SETTLE_SECONDS = 1.0
SOAK_REQUESTS, SOAK_WARM, SOAK_SECONDS = 200_000, 20_000, 90.0
SLOW_READERS, SLOW_SECONDS = 8, 3.0


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """One contestant that runs. `pid` is 0 where there is nothing to weigh."""

    contestant: Contestant
    port: int
    upstream: int
    pid: int
    seconds: float

    def job(self, model: str, dialect: str = CHAT) -> Job:
        """One request at a time; phases ask for more."""
        return Job(
            port=self.port,
            path=self.contestant.paths[dialect],
            model=self.contestant.model.format(model),
            headers=self.contestant.headers(self.upstream),
            dialect=dialect,
        )

    def measured(self, job: Job) -> tuple[Score, float]:
        """The score of a job, and the processor time that it took the gateway."""
        before = cpu_seconds(self.pid) if self.pid else 0.0
        score = load(job)
        return score, (cpu_seconds(self.pid) - before if self.pid else 0.0)


def first_reply(bench: Bench, since: float) -> float:
    """Seconds from the start to the first right answer."""
    job = bench.job(PLAIN)
    headers = {"Content-Type": "application/json", **job.headers}
    problem = "nothing listened"
    while (waited := time.perf_counter() - since) < START_SECONDS:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", bench.port, timeout=30)
            connection.request("POST", job.path, question(CHAT, job.model), headers)
            reply = connection.getresponse()
            said = reply.read().decode(errors="replace")
            if reply.status == 200 and ANSWER in said:
                return time.perf_counter() - since
            problem = f"{reply.status}: {said[:300]}"
        except (OSError, http.client.HTTPException) as error:
            problem = f"{type(error).__name__}"
        time.sleep(0.01 if waited < 5 else 0.1)
    raise Failed(f"no answer within {START_SECONDS:.0f} s; the last was {problem}")


def idle(bench: Bench) -> Figures:
    time.sleep(SETTLE_SECONDS)
    return {"idle_mb": pss_mb(bench.pid)} if bench.pid else {}


def _busy(bench: Bench, connections: int) -> Figures:
    job = bench.job(PLAIN)
    job = msgspec.structs.replace(job, connections=connections, seconds=bench.seconds)
    load(msgspec.structs.replace(job, seconds=bench.seconds / 4))
    score, cpu = bench.measured(job)
    name = f"c{connections}"
    return {
        f"{name}_rps": score.requests / score.seconds,
        f"{name}_p50_ms": at(score.latencies, 0.5) * 1e3,
        f"{name}_p99_ms": at(score.latencies, 0.99) * 1e3,
        f"{name}_cpu_us": cpu / score.requests * 1e6,
    }


def c1(bench: Bench) -> Figures:
    return _busy(bench, 1)


def c64(bench: Bench) -> Figures:
    figures = _busy(bench, 64)
    if bench.pid:
        time.sleep(SETTLE_SECONDS)
        figures["loaded_mb"] = pss_mb(bench.pid)
    return figures


def _streams(bench: Bench, dialect: str) -> Figures:
    job = msgspec.structs.replace(
        bench.job(PACED, dialect), stream=True, connections=32, seconds=bench.seconds
    )
    load(msgspec.structs.replace(job, requests=32))
    score, cpu = bench.measured(job)
    name = "paced" if dialect == CHAT else dialect
    return {
        f"{name}_cpu_us": cpu / (score.requests * len(WORDS)) * 1e6,
        f"{name}_first_p50_ms": at(score.firsts, 0.5) * 1e3,
        f"{name}_first_p99_ms": at(score.firsts, 0.99) * 1e3,
    }


def paced(bench: Bench) -> Figures:
    return _streams(bench, CHAT)


def translated(bench: Bench) -> Figures:
    """Other front doors over the same upstream, where a contestant has them."""
    figures: Figures = {}
    for dialect in (RESPONSES, MESSAGES):
        if dialect in bench.contestant.paths:
            figures |= _streams(bench, dialect)
    return figures


def big(bench: Bench) -> Figures:
    job = msgspec.structs.replace(bench.job(PLAIN), size=BIG_BYTES)
    load(msgspec.structs.replace(job, requests=1))
    before = pss_mb(bench.pid) if bench.pid else 0.0
    if bench.pid:
        forget_peak(bench.pid)
    score, cpu = bench.measured(msgspec.structs.replace(job, requests=12))
    figures = {"big_ms": median(score.latencies) * 1e3, "big_cpu_ms": cpu / score.requests * 1e3}
    if bench.pid:
        figures |= {"big_peak_mb": peak_mb(bench.pid), "big_before_mb": before}
    return figures


def soak(bench: Bench) -> Figures:
    """Memory after the first tenth, and after all."""
    job = msgspec.structs.replace(bench.job(PLAIN), connections=64, seconds=SOAK_SECONDS)
    load(msgspec.structs.replace(job, requests=SOAK_WARM))
    time.sleep(SETTLE_SECONDS)
    before = pss_mb(bench.pid)
    score = load(msgspec.structs.replace(job, requests=SOAK_REQUESTS))
    if score.requests < SOAK_REQUESTS:
        raise Failed(f"only {score.requests:,} requests in {SOAK_SECONDS:.0f} s")
    time.sleep(SETTLE_SECONDS)
    after = pss_mb(bench.pid)
    return {"soak_mb": after, "soak_growth": after / before - 1}


def slow(bench: Bench) -> Figures:
    """Readers of a fast stream who read nothing: what each costs."""
    job = msgspec.structs.replace(bench.job(FLOOD), stream=True)
    before = pss_mb(bench.pid)
    readers = [socket.create_connection(("127.0.0.1", bench.port)) for _ in range(SLOW_READERS)]
    try:
        for reader in readers:
            reader.sendall(job.wire())
        time.sleep(SLOW_SECONDS)
        each = (pss_mb(bench.pid) - before) / SLOW_READERS
        if any(not reader.recv(15).startswith(b"HTTP/1.1 200") for reader in readers):
            raise Failed("a slow reader was not answered")
    finally:
        for reader in readers:
            reader.close()
    return {"slow_reader_mb": each}


def at(ordered: tuple[float, ...], share: float) -> float:
    """The value below which this share of ordered values lies."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


PHASES: dict[str, Callable[[Bench], Figures]] = {
    "idle": idle,
    "c1": c1,
    "c64": c64,
    "paced": paced,
    "translated": translated,
    "big": big,
    "slow": slow,
    "soak": soak,
}
OURS_ALONE = {"slow", "soak"}
ONCE = {"soak"}
"""Long ones, that the first round alone goes through."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as place:
        return place.getsockname()[1]


def said(log: Path) -> str:
    """The end of what a program wrote before it failed."""
    return " ".join(log.read_text(errors="replace").split()[-40:])
