"""The site that nobody should trust: pages without end, bombs, circles, and ways to the inside."""

import gzip
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import anyio
import anyio.lowlevel

Put: TypeAlias = Callable[[bytes], Awaitable[None]]

MAZE = "maze"
ROBOTS = b"User-agent: *\nDisallow: /private\n"
BOMB_BYTES = 64 * 1024 * 1024
"""What a bomb of some dozens of kilobytes unfolds to."""

REDIRECTS: Mapping[str, str] = {
    "loop": "/loop",
    "far": "/far2",
    **{f"far{number}": f"/far{number + 1}" for number in range(2, 9)},
    "inside": "http://127.0.0.1:1/",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "file": "file:///etc/passwd",
    "named": "http://printer.internal/",
}
PAGES: Mapping[str, bytes] = {
    "private": b"<p>Whoever reads this did not ask robots.txt.</p>",
    "deep": b"<div>" * 100_000 + b"at the bottom" + b"</div>" * 100_000,
    "torn": b"<html><body><p>A page that ends in the mid",
    "blank": b"",
}


def bomb() -> bytes:
    """A small body that becomes a large one."""
    return gzip.compress(b"\0" * BOMB_BYTES, mtime=0)


async def endless(put: Put) -> None:
    """A page that never ends, as fast as it is read."""
    await put(b"<html><body>")
    while True:
        await put(b"<p>And so on, and so on, and so on.</p>\n" * 256)
        await anyio.lowlevel.checkpoint()  # To one who has left, nothing has to wait.


async def slow(put: Put) -> None:
    """A page that comes one byte at a time."""
    for byte in b"<html><body><p>Patience.</p></body></html>":
        await put(bytes([byte]))
        await anyio.sleep(1)
