"""One timer for one expectation after another.

To set a timer and to cancel it costs as much as to read a small request. Most expectations are
met long before their time, so a timer is left to run, and is set anew only where it would ring
too late.
"""

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls `ring` once what is expected has not come in time."""

    __slots__ = ("_due", "_loop", "_ring", "_rings_at", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], object]) -> None:
        self._loop = loop
        self._ring = ring
        self._due: float | None = None
        self._rings_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def expect(self, due: float) -> None:
        """Something is to come by then, in the seconds of the loop."""
        self._due = due
        if self._timer is not None:
            if self._rings_at <= due:
                return
            self._timer.cancel()
        self._set(due)

    def met(self) -> None:
        """It came; nothing is expected now."""
        self._due = None

    def stop(self) -> None:
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, due: float) -> None:
        self._rings_at = due
        self._timer = self._loop.call_at(due, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._due is None:
            return
        if self._loop.time() < self._due:
            self._set(self._due)
            return
        self._due = None
        self._ring()
