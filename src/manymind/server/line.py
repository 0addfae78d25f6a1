"""What carries one exchange, whichever server holds the socket."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Protocol, TypeAlias

import anyio

AsgiMessage: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[AsgiMessage]]
Send: TypeAlias = Callable[[AsgiMessage], Awaitable[None]]

Fields: TypeAlias = list[tuple[bytes, bytes]]
"""Headers as they stand on the wire, the names in lower case."""

Work: TypeAlias = Callable[[], Awaitable[None]]


_NONE: frozenset[bytes] = frozenset()


class HungUp(Exception):
    """The caller went away. Nobody is left to be told."""


class Head:
    """The head of a request. Of a field that is given `twice`, the last stands in `fields`."""

    __slots__ = ("fields", "method", "path", "query", "twice")

    def __init__(self, method: str, path: str, query: bytes, fields: Iterable[tuple[bytes, bytes]]):
        self.method = method
        self.path = path
        self.query = query
        listed = fields if isinstance(fields, list) else list(fields)
        self.fields = dict(listed)
        self.twice = _repeated(listed) if len(self.fields) < len(listed) else _NONE


def _repeated(fields: Fields) -> frozenset[bytes]:
    seen: set[bytes] = set()
    return frozenset(name for name, _ in fields if name in seen or seen.add(name))


class Line(Protocol):
    """One request's way in, and its reply's way out."""

    @property
    def head(self) -> Head: ...

    def arrived(self) -> bytes | None:
        """The whole body, if it has come already and nobody took a piece of it."""
        ...

    async def piece(self) -> tuple[bytes, bool]:
        """The next piece of the body, and whether more is to come. Raises `HungUp`."""
        ...

    async def start(self, status: int, fields: Fields) -> None: ...

    async def send(self, body: bytes, *, more: bool) -> None: ...

    def outlet(self) -> Callable[[bytes], None] | None:
        """Sends a piece of a reply that has begun as `send` does, but at once; None where that
        may have to wait. It is good until the next `await`."""
        ...

    async def reply(self, status: int, fields: Fields, body: bytes) -> None:
        """A whole reply at once. `fields` hold its length."""
        ...

    async def attend(self, work: Work) -> bool:
        """Does the work; when the caller hangs up, all of it is cancelled at once. Whether the
        caller is still there. To be awaited only after the body was read. What the work raises
        may come out in a group."""
        ...


class AsgiLine:
    """A line through any server that speaks ASGI."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope.get("query_string", b"")
        self.head = Head(scope["method"], scope["path"], query, scope["headers"])
        self._receive = receive
        self._send = send

    def arrived(self) -> bytes | None:
        return None

    async def piece(self) -> tuple[bytes, bool]:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise HungUp
        return message.get("body", b""), message.get("more_body", False)

    async def start(self, status: int, fields: Fields) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": fields})

    async def send(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    def outlet(self) -> None:
        return None

    async def reply(self, status: int, fields: Fields, body: bytes) -> None:
        await self.start(status, fields)
        await self.send(body, more=False)

    async def attend(self, work: Work) -> bool:
        gone = False

        async def watch() -> None:
            nonlocal gone
            while (await self._receive())["type"] != "http.disconnect":
                pass
            gone = True
            group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            await work()
            group.cancel_scope.cancel()
        return not gone
