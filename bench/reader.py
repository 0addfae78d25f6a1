"""A needle question over 8 MB of files: how long the reader takes, cold and warm.

    .venv/bin/python bench/reader.py

Cold is everything from the bare folder to the end of the answer: reading 5,000 files, cutting,
indexing, searching, checking the quote. Warm is a second question to the same shelves.
"""

import random
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

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
COLD_SECONDS, WARM_SECONDS = 5.0, 0.3
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

    async def reserve(self, worst: Ticks, *, final: bool = False) -> Hold:
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


def write_files(folder: Path) -> int:
    """A haystack of invented words, with one needle in it; gives its size in bytes."""
    chance = random.Random(8)
    syllables = [a + b for a in "bdfglmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er")]
    words = ["".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(9_000)]
    size = 0
    for number in range(FILES):
        place = folder / f"part-{number % 50:02}"
        place.mkdir(exist_ok=True)
        body = " ".join(chance.choices(words, k=WORDS))
        text = f"# Notes {number}\n\n{body[: len(body) // 2]}.\n\n{body[len(body) // 2 :]}.\n"
        if number == FILES * 2 // 3:
            text += f"\n{NEEDLE}\n"
        size += (place / f"{number}.md").write_text(text)
    return size


async def ask(standing: Shelves, question: str) -> Answer:
    chunks: list[Chunk] = []

    async def say(chunk: Chunk) -> None:
        chunks.append(chunk)

    request = Request(
        model="manymind/reader", items=(Said(role="user", parts=(Text(text=question),)),)
    )
    await Reader(standing).run(request, say, Desk(key="bench", allotment=Free(), clock=Wall()))
    return fold(chunks)


async def measure(folder: Path, data: Path) -> tuple[float, float, float]:
    start = time.perf_counter()
    standing = shelves(open_folders([folder], data))
    first = await ask(standing, QUESTIONS[0])
    cold = time.perf_counter() - start
    start = time.perf_counter()
    second = await ask(standing, QUESTIONS[1])
    warm = time.perf_counter() - start
    start = time.perf_counter()
    third = await ask(shelves(open_folders([folder], data)), QUESTIONS[1])
    again = time.perf_counter() - start
    for answer in (first, second, third):
        if NEEDLE not in answer.text:
            sys.exit("The needle was not found.")
    return cold, warm, again


def main() -> None:
    with TemporaryDirectory() as place:
        folder, data = Path(place, "files"), Path(place, "data")
        folder.mkdir()
        size = write_files(folder)
        cold, warm, again = anyio.run(measure, folder, data)
    print(f"{FILES:,} files, {size / 1e6:.1f} MB")
    print(f"cold: {cold:.2f} s (at most {COLD_SECONDS:.0f})")
    print(f"warm: {warm * 1000:.0f} ms (at most {WARM_SECONDS * 1000:.0f})")
    print(f"started again, index on disk: {again:.2f} s")
    if cold > COLD_SECONDS or warm > WARM_SECONDS:
        sys.exit(1)


if __name__ == "__main__":
    main()
