"""What is to go out on many sockets, kept back to the end of a turn of the loop.

To write on a socket wakes whoever reads it, which costs more than the writing. Where writes follow
one another at once, whoever the first of them woke is still awake for the rest.
"""

import asyncio
from weakref import WeakKeyDictionary

WAITING_BYTES_MAX = 256 * 1024
"""So much may wait; beyond it everything goes out at once, so that sockets can say that they are
full."""

JOINED_BYTES_MAX = 16 * 1024
"""What is shorter together goes out in one write."""


class Outbox:
    """What was put in for one transport goes out in that order. Whoever writes on a transport, or
    closes it, without this outbox flushes it first."""

    __slots__ = ("_loop", "_size", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []
        self._size = 0

    def put(self, transport: asyncio.Transport, data: bytes) -> None:
        waiting = self._waiting
        self._size += len(data)
        if not waiting:
            self._loop.call_soon(self.flush)
        elif waiting[-1][0] is transport and len(data) + len(waiting[-1][1]) < JOINED_BYTES_MAX:
            data = waiting.pop()[1] + data
        waiting.append((transport, data))
        if self._size > WAITING_BYTES_MAX:
            self.flush()

    def flush(self) -> None:
        waiting, self._waiting, self._size = self._waiting, [], 0
        for transport, data in waiting:
            if not transport.is_closing():
                transport.write(data)


def outbox(loop: asyncio.AbstractEventLoop) -> Outbox:
    """The outbox of a loop."""
    found = _OF.get(loop)
    if found is None:
        found = _OF[loop] = Outbox(loop)
    return found


_OF: WeakKeyDictionary[asyncio.AbstractEventLoop, Outbox] = WeakKeyDictionary()
