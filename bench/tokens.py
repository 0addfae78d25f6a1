"""How fast texts are counted, and for how long that holds up everybody else.

.venv/bin/python bench/tokens.py [megabytes]
"""

import gc
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from manymind.tokens.texts import count
from manymind.tokens.vocabularies import Vocabulary, encoder

ROOT = Path(__file__).parents[1]


def resident_mb() -> int:
    """Of the processes beside us, in which the vocabularies lie."""
    listed = Path("/proc/self/task").glob("*/children")
    children = [child for each in listed for child in each.read_text().split()]
    pages = (Path("/proc", child, "statm").read_text().split()[1] for child in children)
    return sum(map(int, pages)) * 4096 // 1_000_000


def held(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that some work took, and the longest that another thread had to wait meanwhile."""
    longest, over = 0.0, threading.Event()

    def watch() -> None:
        nonlocal longest
        while not over.is_set():
            begun = time.perf_counter()
            time.sleep(0.001)
            longest = max(longest, time.perf_counter() - begun - 0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    time.sleep(0.02)
    begun = time.perf_counter()
    work()
    spent = time.perf_counter() - begun
    over.set()
    watcher.join()
    return spent, longest


def texts(size: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, pattern in (("prose", "docs/**/*.md"), ("code", "src/**/*.py")):
        text = "".join(page.read_text(encoding="utf-8") for page in sorted(ROOT.glob(pattern)))
        found[name] = (text * (size // len(text) + 1))[:size]
    return found | {"letters": "a" * size, "emoji": "🙂" * (size // 4)}


def main() -> None:
    size = int(sys.argv[1] if len(sys.argv) > 1 else 8) * 1_000_000
    both: tuple[Vocabulary, ...] = ("o200k", "cl100k")
    for vocabulary in both:
        before = resident_mb()
        spent, longest = held(lambda v=vocabulary: encoder(v).count(""))
        more = resident_mb() - before
        print(f"{vocabulary}: read in {spent * 1e3:.0f} ms (held {longest * 1e3:.0f}), {more} MB")
        for name, text in texts(size).items():
            gc.collect()
            spent, longest = held(lambda v=vocabulary, t=text: count(v, t))
            found = count(vocabulary, text)
            word = "exact" if found.exact else "near"
            print(
                f"  {name:8} {found.tokens:>9,} tokens {word:5} {spent * 1e3:6.0f} ms"
                f"  {size / spent / 1e6:5.1f} MB/s  held {longest * 1e3:5.1f} ms"
            )


if __name__ == "__main__":
    main()
