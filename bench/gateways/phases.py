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
from bench.gateways.processes import (
    Failed,
    cpu_seconds,
    forget_peak,
    kernel_seconds,
    load,
    peak_mb,
    pss_mb,
)
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
STEADY_RATE, STEADY_CONNECTIONS = 300.0, 64
SOAK_REQUESTS, SOAK_WARM, SOAK_SECONDS = 200_000, 20_000, 180.0
SLOW_READERS, SLOW_SECONDS, SLOW_PATIENCE = 8, 3.0, 10.0


class Spent(msgspec.Struct, frozen=True):
    """Processor time, and the part of it that the kernel took."""

    cpu_seconds: float
    kernel_seconds: float


class Bench(msgspec.Struct, frozen=True):
    """One contestant that runs. `pid` is 0 where there is nothing to weigh."""

    contestant: Contestant
    port: int
    upstream: int
    pid: int
    seconds: float
    key: str = ""
    """A key of this very run, in the place of the usual one."""

    def job(self, model: str, dialect: str = CHAT) -> Job:
        """One request at a time; phases ask for more."""
        return Job(
            port=self.port,
            path=self.contestant.paths[dialect],
            model=self.contestant.model.format(model),
            headers=self._headers(),
            dialect=dialect,
        )

    def _headers(self) -> dict[str, str]:
        own = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        return {**self.contestant.headers(self.upstream), **own}

    def measured(self, job: Job) -> tuple[Score, Spent | None]:
        """The score of a job, and what it took the gateway, where there is one to weigh."""
        if not self.pid:
            return load(job), None
        before = Spent(cpu_seconds(self.pid), kernel_seconds(self.pid))
        score = load(job)
        cpu, kernel = cpu_seconds(self.pid), kernel_seconds(self.pid)
        return score, Spent(cpu - before.cpu_seconds, kernel - before.kernel_seconds)


def each(name: str, spent: Spent | None, count: int) -> Figures:
    """What one of so many took, in microseconds."""
    if spent is None:
        return {}
    return {
        f"{name}_cpu_us": spent.cpu_seconds / count * 1e6,
        f"{name}_kernel_us": spent.kernel_seconds / count * 1e6,
    }


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
    return {"idle_mb": pss_mb(bench.pid)}


def _busy(bench: Bench, connections: int) -> Figures:
    job = bench.job(PLAIN)
    job = msgspec.structs.replace(job, connections=connections, seconds=bench.seconds)
    load(msgspec.structs.replace(job, seconds=bench.seconds / 4))
    score, spent = bench.measured(job)
    name = f"c{connections}"
    return {
        f"{name}_rps": score.requests / score.seconds,
        f"{name}_p50_ms": at(score.latencies, 0.5) * 1e3,
        f"{name}_p99_ms": at(score.latencies, 0.99) * 1e3,
        **each(name, spent, score.requests),
    }


def c1(bench: Bench) -> Figures:
    return _busy(bench, 1)


def c64(bench: Bench) -> Figures:
    figures = _busy(bench, 64)
    if bench.pid:
        time.sleep(SETTLE_SECONDS)
        figures["loaded_mb"] = pss_mb(bench.pid)
    return figures


def steady(bench: Bench) -> Figures:
    """A load that everybody can bear: what an answer takes where nothing waits in a queue."""
    job = msgspec.structs.replace(
        bench.job(PLAIN), rate=STEADY_RATE, connections=STEADY_CONNECTIONS, seconds=bench.seconds
    )
    load(msgspec.structs.replace(job, seconds=bench.seconds / 4))
    score, spent = bench.measured(job)
    return {
        "steady_p50_ms": at(score.latencies, 0.5) * 1e3,
        "steady_p99_ms": at(score.latencies, 0.99) * 1e3,
        **each("steady", spent, score.requests),
    }


def _streams(bench: Bench, name: str, dialect: str, *, keep: bool = False) -> Figures:
    job = msgspec.structs.replace(
        bench.job(PACED, dialect), stream=True, keep=keep, connections=32, seconds=bench.seconds
    )
    load(msgspec.structs.replace(job, requests=32))
    score, spent = bench.measured(job)
    return {
        **each(name, spent, score.requests * len(WORDS)),
        f"{name}_first_p50_ms": at(score.firsts, 0.5) * 1e3,
        f"{name}_first_p99_ms": at(score.firsts, 0.99) * 1e3,
    }


def paced(bench: Bench) -> Figures:
    return _streams(bench, "paced", CHAT)


def responses(bench: Bench) -> Figures:
    return _streams(bench, RESPONSES, RESPONSES)


def messages(bench: Bench) -> Figures:
    return _streams(bench, MESSAGES, MESSAGES)


def stored(bench: Bench) -> Figures:
    """Responses that are kept, as ours are unless they are told not to."""
    return _streams(bench, "stored", RESPONSES, keep=True)


def big(bench: Bench) -> Figures:
    job = msgspec.structs.replace(bench.job(PLAIN), size=BIG_BYTES)
    load(msgspec.structs.replace(job, requests=1))
    if bench.pid:
        forget_peak(bench.pid)
    score, spent = bench.measured(msgspec.structs.replace(job, requests=12))
    figures = {"big_ms": median(score.latencies) * 1e3}
    if spent is not None:
        figures["big_cpu_ms"] = spent.cpu_seconds / score.requests * 1e3
        figures["big_peak_mb"] = peak_mb(bench.pid)
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
    where = ("127.0.0.1", bench.port)
    readers = [socket.create_connection(where, SLOW_PATIENCE) for _ in range(SLOW_READERS)]
    try:
        for reader in readers:
            reader.sendall(job.wire())
        time.sleep(SLOW_SECONDS)
        held = max(0.0, pss_mb(bench.pid) - before)
        if any(not reader.recv(15).startswith(b"HTTP/1.1 200") for reader in readers):
            raise Failed("a slow reader was not answered")
    except OSError as error:
        raise Failed(f"a slow reader was not answered: {type(error).__name__}") from error
    finally:
        for reader in readers:
            reader.close()
    return {"slow_reader_mb": held / SLOW_READERS}


def at(ordered: tuple[float, ...], share: float) -> float:
    """The value below which this share of ordered values lies."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


PHASES: dict[str, Callable[[Bench], Figures]] = {
    "idle": idle,
    "c1": c1,
    "c64": c64,
    "steady": steady,
    "paced": paced,
    RESPONSES: responses,
    MESSAGES: messages,
    "stored": stored,
    "big": big,
    "slow": slow,
    "soak": soak,
}
DOORS = {RESPONSES, MESSAGES}
"""Other front doors over the same upstream, for whoever has them."""
OURS_ALONE = {"stored", "soak"}
WEIGHED = {"idle", "slow", "soak"}
"""Phases that weigh a process, and yield nothing where there is none."""
ONCE = {"soak"}
"""Long ones, that the first round alone goes through."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as place:
        return place.getsockname()[1]


def said(log: Path) -> str:
    """The end of what a program wrote before it failed."""
    return " ".join(log.read_text(errors="replace").split()[-40:])
