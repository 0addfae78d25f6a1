"""Writes to a file of SQLite, each of them one visit to one thread.

SQLAlchemy's way to a database of its own thread takes a visit for each step of a transaction, and
every visit wakes two threads. What is written for each request goes this way instead; writes that
wait for their turn are made in one transaction, each of them whole or not at all.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import anyio
import msgspec
from msgspec import Struct

Stroke: TypeAlias = Callable[[sqlite3.Connection], None]
"""What is done within a transaction, in another thread."""

AT_ONCE = 64
"""Strokes in one transaction, so that other writers get their turn."""

_WRONG = (sqlite3.Error, ValueError, OverflowError, msgspec.MsgspecError)
"""What may be wrong with one stroke, or with all."""


class _Waiting(Struct, eq=False):
    stroke: Stroke
    done: bool = False
    error: Exception | None = None


class Strokes:
    """`turn` is held by whoever writes to this file, in whatever way."""

    def __init__(self, path: str, turn: anyio.Lock, busy_seconds: float) -> None:
        self._path = path
        self._turn = turn
        self._busy_seconds = busy_seconds
        self._waiting: list[_Waiting] = []
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None

    async def __call__(self, stroke: Stroke) -> None:
        """Returns once it lasts; raises what the database says against it."""
        mine = _Waiting(stroke)
        self._waiting.append(mine)
        try:
            async with self._turn:
                if not mine.done:
                    some, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                    with anyio.CancelScope(shield=True):  # Others wait for this as well.
                        await self._visit(some)
        finally:
            if not mine.done:
                self._waiting.remove(mine)
        if mine.error is not None:
            raise mine.error

    async def aclose(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.wrap_future(thread.submit(self._close))
            thread.shutdown(wait=False)

    async def _visit(self, some: Sequence[_Waiting]) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "manymind-strokes")
        errors = await asyncio.wrap_future(self._thread.submit(self._make, some))
        for each, error in zip(some, errors, strict=True):
            each.done, each.error = True, error

    def _make(self, some: Sequence[_Waiting]) -> list[Exception | None]:
        """All at once; if that fails, each for itself, so that none is lost for another's sake."""
        try:
            connection = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            for each in some:
                each.stroke(connection)
            connection.execute("COMMIT")
        except _WRONG as error:
            self._undo()
            if len(some) > 1:
                return [self._make([each])[0] for each in some]
            return [error]
        return [None] * len(some)

    def _undo(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(
                self._path, timeout=self._busy_seconds, isolation_level=None
            )
            connection.execute("PRAGMA synchronous = NORMAL")
            self._connection = connection
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
