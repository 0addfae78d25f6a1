"""Somebody on the network who takes what is posted: a collector of traces, a receiver of hooks."""

from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio
from msgspec import Struct


class Posted(Struct, frozen=True, kw_only=True):
    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Answers each post with the next of some statuses, and with 200 when they are used up."""

    def __init__(self, *statuses: int, **headers: str) -> None:
        self.posts: list[Posted] = []
        self._statuses = deque(statuses)
        self._headers = [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ]

    async def __call__(
        self,
        scope: Any,
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        pieces: list[bytes] = []
        more = True
        while more:
            message = await receive()
            pieces.append(message.get("body", b""))
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        self.posts.append(Posted(path=scope["path"], headers=headers, body=b"".join(pieces)))
        status = self._statuses.popleft() if self._statuses else 200
        await send({"type": "http.response.start", "status": status, "headers": self._headers})
        await send({"type": "http.response.body", "body": b""})

    async def got(self, count: int, seconds: float = 20.0) -> list[Posted]:
        """So many posts, once they are here."""
        with anyio.fail_after(seconds):
            while len(self.posts) < count:
                await anyio.sleep(0.02)
        return self.posts
