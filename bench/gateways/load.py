"""The load: so many connections that are kept open, each asking again as soon as it was answered.

    python -m bench.gateways.load < job.json

Every reply is checked, of a stream its whole text; one that is wrong ends the run.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import cast

import msgspec
import uvloop

from bench.gateways.wire import ANSWER, CHAT, SPOKEN, WORDS, heard, length, question, unchunked

ROOM_BYTES = 2**18
STALLED_SECONDS = 10.0
TOLD_CHARACTERS = 400
"""So much of a wrong reply is told, in one line."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask, how often and for how long: until the seconds or the requests are over,
    whichever comes first."""

    port: int
    path: str
    model: str
    headers: dict[str, str]
    dialect: str = CHAT
    stream: bool = False
    size: int = 60
    keep: bool = False
    connections: int = 1
    seconds: float = 10.0
    requests: int = 10**9
    rate: float = 0.0
    """So many are asked in a second, answered or not; 0 is as fast as they are answered."""

    def wire(self) -> bytes:
        body = question(
            self.dialect, self.model, stream=self.stream, size=self.size, keep=self.keep
        )
        lines = {
            "Host": f"127.0.0.1:{self.port}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "Accept-Encoding": "identity",
            **self.headers,
            "Content-Length": str(len(body)),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"POST {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body


class Score(msgspec.Struct, frozen=True):
    """What came of it; the latencies are sorted, in seconds. `firsts` are those to the first
    word of each stream."""

    seconds: float
    latencies: tuple[float, ...]
    firsts: tuple[float, ...] = ()

    @property
    def requests(self) -> int:
        return len(self.latencies)


class Tally:
    """What all connections of a job share."""

    def __init__(self, job: Job, done: asyncio.Future[str]) -> None:
        self.job = job
        self.wire = job.wire()
        self.latencies: list[float] = []
        self.firsts: list[float] = []
        self.streams: list[bytes] = []
        self._asked = 0
        self._open = 0
        self._done = done
        self._end = perf_counter() + job.seconds
        self.pace = Pace(self) if job.rate else None

    def more(self, now: float) -> bool:
        if now >= self._end or self._asked >= self.job.requests:
            return False
        self._asked += 1
        return True

    def joined(self) -> None:
        self._open += 1

    def left(self) -> None:
        self._open -= 1
        if not self._open:
            self.end("")

    def end(self, problem: str) -> None:
        if not self._done.done():
            self._done.set_result(problem)


class Pace:
    """Asks at its own times. What nobody is free to ask yet counts from when it was due."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._loop = asyncio.get_running_loop()
        self._free: deque[Caller] = deque()
        self._late: deque[float] = deque()
        self._next = self._loop.time()
        self._over = False
        self._loop.call_soon(self._ring)

    def take(self, caller: "Caller") -> None:
        """A connection that has nothing to wait for."""
        if self._late:
            caller.ask(self._late.popleft())
        elif self._over:
            caller.leave()
        else:
            self._free.append(caller)

    def _ring(self) -> None:
        while self._next <= self._loop.time() and not self._over:
            self._next += 1 / self._tally.job.rate
            now = perf_counter()
            if not self._tally.more(now):
                self._over = True
            elif self._free:
                self._free.popleft().ask(now)
            else:
                self._late.append(now)
        if not self._over:
            self._loop.call_at(self._next, self._ring)
        elif not self._late:
            while self._free:
                self._free.popleft().leave()


class Caller(asyncio.BufferedProtocol):
    """One connection that asks, checks, and asks again."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._room = bytearray(ROOM_BYTES)
        self._view = memoryview(self._room)
        self._filled = 0
        self._finished = False
        self._worded = False
        self._usual = self._where = 0
        self._take: Callable[[float, int], bool] = (
            self._streamed if tally.job.stream else self._whole
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # What uvloop gives is no subclass of `Transport`, but does all that one does.
        self._transport = cast("asyncio.Transport", transport)
        self._tally.joined()
        self._again(perf_counter())

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._view[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        now = perf_counter()
        before = self._filled
        self._filled += nbytes
        if self._take(now, before):
            self._tally.latencies.append(now - self._since)
            self._again(now)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._finished:
            self._tally.end(f"the connection was closed after {self._filled} bytes of a reply")

    def ask(self, since: float) -> None:
        self._filled = 0
        self._worded = False
        self._since = since
        self._transport.write(self._tally.wire)

    def leave(self) -> None:
        self._finished = True
        self._tally.left()
        self._transport.close()

    def _again(self, now: float) -> None:
        if self._tally.pace is not None:
            self._tally.pace.take(self)
        elif self._tally.more(now):
            self.ask(now)
        else:
            self.leave()

    def _whole(self, now: float, before: int) -> bool:
        room, filled = self._room, self._filled
        if (
            filled == self._usual
            and room.startswith(_OK)
            and room.startswith(_EXPECTED, self._where)
        ):
            return True  # As long as the one that was read, and with the same words in its place.
        end = room.find(b"\r\n\r\n", 0, filled)
        if end < 0:
            return False
        size = length(room, end)
        if size is None:
            if not room.endswith(b"0\r\n\r\n", 0, filled):
                return False
        elif filled < end + 4 + size:
            return False
        where = room.find(_EXPECTED, end, filled)
        if room.startswith(_OK) and where > 0:
            self._usual, self._where = filled, where
            return True
        self._wrong()
        return False

    def _streamed(self, now: float, before: int) -> bool:
        room, filled = self._room, self._filled
        if not self._worded and room.find(_FIRST, max(0, before - 20), filled) >= 0:
            self._worded = True
            self._tally.firsts.append(now - self._since)
        if not room.startswith(_OK):
            self._wrong()
            return False
        if not room.endswith(b"0\r\n\r\n", 0, filled):
            return False
        self._tally.streams.append(bytes(self._view[:filled]))
        return True

    def _wrong(self) -> None:
        said = bytes(self._view[: self._filled]).decode(errors="replace")
        head, _, body = said.partition("\r\n\r\n")
        status = head.partition("\r\n")[0]
        self._tally.end(f"a wrong reply: {status}: {' '.join(body.split())[:TOLD_CHARACTERS]}")


_OK = b"HTTP/1.1 200 "
_EXPECTED = ANSWER.encode()
_FIRST = WORDS[0].encode()


def check(dialect: str, streams: list[bytes]) -> None:
    """Every stream carried the whole text; read when the clock has stopped."""
    for stream in streams:
        said = heard(dialect, unchunked(stream.partition(b"\r\n\r\n")[2]))
        if said != SPOKEN:
            raise SystemExit(f"a stream carried other words: {said[:200]!r}")


async def run(job: Job) -> Score:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str] = loop.create_future()
    tally = Tally(job, done)
    start = perf_counter()
    for _ in range(job.connections):
        await loop.create_connection(lambda: Caller(tally), "127.0.0.1", job.port)
    try:
        async with asyncio.timeout(job.seconds + STALLED_SECONDS):
            problem = await done
    except TimeoutError:
        problem = f"no reply for {STALLED_SECONDS:.0f} s; {len(tally.latencies)} had come"
    seconds = perf_counter() - start
    if problem:
        raise SystemExit(problem)
    check(job.dialect, tally.streams)
    return Score(seconds, tuple(sorted(tally.latencies)), tuple(sorted(tally.firsts)))


def main() -> None:
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    score = uvloop.run(run(job))
    # Unbuffered, as an environment may demand it, a long write may end half-way without a word.
    with open(sys.stdout.fileno(), "wb", closefd=False) as out:
        out.write(msgspec.json.encode(score))


if __name__ == "__main__":
    main()
