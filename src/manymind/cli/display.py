"""What a person sees of a run while it goes on. All of it goes to stderr; the answer does not."""

import time
from collections.abc import Callable
from typing import Protocol

from manymind.canon.events import LEADER, Chunk
from manymind.cli.lanes import Board
from manymind.cli.terminal import Terminal


class Display(Protocol):
    def tell(self, line: str) -> None:
        """Something about the program itself: it reads, it indexes."""
        ...

    def hear(self, chunk: Chunk) -> None: ...

    def tick(self) -> None:
        """Time has passed."""
        ...

    def close(self) -> None:
        """The answer's words follow, or nothing more."""
        ...


class Silent:
    """For `--quiet`."""

    def tell(self, line: str) -> None:
        pass

    def hear(self, chunk: Chunk) -> None:
        pass

    def tick(self) -> None:
        pass

    def close(self) -> None:
        pass


class Lines:
    """One plain line a change: for pipes, files and dumb terminals."""

    def __init__(self, terminal: Terminal, now: Callable[[], float] = time.monotonic) -> None:
        self._terminal = terminal
        self._board = Board()
        self._now = now
        self._closed = False

    def tell(self, line: str) -> None:
        self._terminal.tell(line)

    def hear(self, chunk: Chunk) -> None:
        changes = self._board.hear(chunk, self._now())
        for change in changes if not self._closed else ():
            if change.voice != LEADER or change.said not in ("writes", "done"):
                self._terminal.tell(f"{change.voice}: {change.said}")

    def tick(self) -> None:
        pass

    def close(self) -> None:
        self._closed = True
