"""A needle question over 8 MB: how long the reader takes, cold and warm.

    .venv/bin/python bench/reader.py

- Files: cold is everything from the bare folder to the end of the answer (reading 5,000 files,
  cutting, indexing, searching, checking the quote), warm a second question to the same shelves.
- The loop: the longest that the event loop stood still meanwhile, and over one document of 8 MB.
- `manymind ask`: the whole command over the folder, twice.
- Over HTTP: a request that brings one `<document>` of 8 MB, cold, and asked again.
"""

import http.client
import json
import random
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
from anyio import to_thread

from manymind.canon.answers import Answer, fold
from manymind.canon.events import Chunk
from manymind.canon.items import Said
from manymind.canon.parts import Text
from manymind.canon.ports import Allotment, Clock, Desk, Hold, Shelves
from manymind.canon.requests import Request
from manymind.canon.values import Ticks
from manymind.corpus.standing import open_folders, shelves
from manymind.providers.reader import Reader

FILES = 5_000
WORDS = 205
PARAGRAPHS = 10_400
COLD_SECONDS, WARM_SECONDS, STALL_SECONDS = 5.0, 0.3, 0.02
PROGRAM = Path(sys.executable).with_name("manymind")
PORT = 8497
NEEDLE = "The harbour master of Tillan carried a teal umbrella on 4 March 1907."
QUESTIONS = (
    "Which colour did the umbrella of the harbour master at Tillan have?",
    "When did the harbour master of Tillan carry an umbrella?",
)


class Free(Allotment):
    """The reader costs nothing, so it never asks."""

    @property
    def spent(self) -> Ticks:
        return 0

    async def reserve(self, worst: Ticks, *, tokens: int = 0, final: bool = False) -> Hold:
        raise AssertionError("the reader reserves nothing")

    async def child(self, cap: Ticks | None) -> Allotment:
        return self

    def left(self) -> Ticks | None:
        return None


class Wall(Clock):
    def now(self) -> float:
        return time.monotonic()

    def today(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class Haystack:
    """Invented words, the same every time."""

    def __init__(self) -> None:
        self._chance = chance = random.Random(8)
        syllables = [a + b for a in "bdfglmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er")]
        self._words = [
            "".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(9_000)
        ]

    def text(self, words: int) -> str:
        return " ".join(self._chance.choices(self._words, k=words))

    def files(self, folder: Path) -> int:
        """Writes the files, one of them with the needle; gives their size in bytes."""
        size = 0
        for number in range(FILES):
            place = folder / f"part-{number % 50:02}"
            place.mkdir(exist_ok=True)
            body = self.text(WORDS)
            text = f"# Notes {number}\n\n{body[: len(body) // 2]}.\n\n{body[len(body) // 2 :]}.\n"
            if number == FILES * 2 // 3:
                text += f"\n{NEEDLE}\n"
            size += (place / f"{number}.md").write_text(text)
        return size

    def document(self) -> str:
        """One document of as many bytes."""
        paragraphs = [f"{self.text(100).capitalize()}." for _ in range(PARAGRAPHS)]
        paragraphs[PARAGRAPHS * 2 // 3] += f" {NEEDLE}"
        body = "\n\n".join(paragraphs)
        return f'<document id="notes">{body}</document>'


class Stalls:
    """The longest that the event loop stood still."""

    def __init__(self) -> None:
        self.longest = 0.0

    @asynccontextmanager
    async def watched(self) -> AsyncGenerator[None]:
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch)
            await anyio.sleep(0.01)
            yield
            group.cancel_scope.cancel()

    async def _watch(self) -> None:
        while True:
            before = time.perf_counter()
            await anyio.sleep(0.001)
            self.longest = max(self.longest, time.perf_counter() - before - 0.001)


async def ask(standing: Shelves, question: str) -> Answer:
    chunks: list[Chunk] = []

    async def say(chunk: Chunk) -> None:
        chunks.append(chunk)

    request = Request(
        model="manymind/reader", items=(Said(role="user", parts=(Text(text=question),)),)
    )
    await Reader(standing).run(request, say, Desk(key="bench", allotment=Free(), clock=Wall()))
    return fold(chunks)


class Timed:
    """Prints how long each thing took, and knows whether all kept to what is promised."""

    def __init__(self) -> None:
        self.kept = True

    @contextmanager
    def of(self, what: str, most: float | None = None) -> Generator[None]:
        start = time.perf_counter()
        yield
        self.tell(what, time.perf_counter() - start, most)

    def tell(self, what: str, seconds: float, most: float | None = None) -> None:
        bound = "" if most is None else f"   at most {most * 1e3:,.0f}"
        print(f"{what:<44}{seconds * 1e3:8,.0f} ms{bound}")
        self.kept = self.kept and (most is None or seconds <= most)


def check(text: str) -> None:
    if NEEDLE not in text:
        sys.exit("The needle was not found.")


async def in_process(folder: Path, data: Path, document: str, timed: Timed) -> None:
    stalls = Stalls()
    async with stalls.watched():
        with timed.of("files, cold", COLD_SECONDS):
            opened = await to_thread.run_sync(open_folders, [folder], data)
            standing = shelves(opened)
            check((await ask(standing, QUESTIONS[0])).text)
        with timed.of("files, warm", WARM_SECONDS):
            check((await ask(standing, QUESTIONS[1])).text)
        with timed.of("files, index on disk"):
            again = shelves(await to_thread.run_sync(open_folders, [folder], data))
            check((await ask(again, QUESTIONS[1])).text)
    timed.tell("files, longest stall of the loop", stalls.longest, STALL_SECONDS)
    stalls = Stalls()
    async with stalls.watched():
        own = shelves()
        with timed.of("one document, cold", COLD_SECONDS):
            check((await ask(own, f"{document}\n\n{QUESTIONS[0]}")).text)
        with timed.of("one document, warm", WARM_SECONDS):
            check((await ask(own, f"{document}\n\n{QUESTIONS[1]}")).text)
    timed.tell("one document, longest stall of the loop", stalls.longest, STALL_SECONDS)


def by_command(folder: Path, data: Path, timed: Timed) -> None:
    options = ["-m", "manymind/reader", "-f", str(folder), "--data", str(data), "-q"]
    for what, most in (("manymind ask, cold", COLD_SECONDS), ("manymind ask, again", None)):
        with timed.of(what, most):
            done = subprocess.run(
                [PROGRAM, "ask", QUESTIONS[0], *options],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True,
            )  # fmt: skip
        check(done.stdout)


def over_http(document: str, data: Path, timed: Timed) -> None:
    options = ["--port", str(PORT), "--data", str(data)]
    silent = subprocess.DEVNULL
    command = [PROGRAM, "serve", *options]
    with subprocess.Popen(command, stdout=silent, stderr=silent) as server:
        try:
            wait_for_server()
            for number, most in ((0, COLD_SECONDS), (1, WARM_SECONDS), (0, WARM_SECONDS)):
                body = json.dumps(
                    {
                        "model": "manymind/reader",
                        "messages": [
                            {"role": "user", "content": f"{document}\n\n{QUESTIONS[number]}"}
                        ],
                    }
                )
                what = "cold" if most == COLD_SECONDS else "warm"
                with timed.of(f"HTTP, {len(body) / 1e6:.1f} MB in the request, {what}", most):
                    answered = post(body)
                check(answered)
        finally:
            server.terminate()


def post(body: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    return connection.getresponse().read().decode()


def wait_for_server() -> None:
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    sys.exit("The server did not start.")


def main() -> None:
    timed = Timed()
    with TemporaryDirectory() as place:
        folder, data = Path(place, "files"), Path(place, "data")
        folder.mkdir()
        hay = Haystack()
        size, document = hay.files(folder), hay.document()
        print(f"{FILES:,} files, {size / 1e6:.1f} MB; one document, {len(document) / 1e6:.1f} MB")
        anyio.run(in_process, folder, data, document, timed)
        by_command(folder, Path(place, "fresh"), timed)
        over_http(document, Path(place, "served"), timed)
    if not timed.kept:
        sys.exit("A bound was not kept.")


if __name__ == "__main__":
    main()
