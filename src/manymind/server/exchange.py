"""One HTTP exchange over ASGI: what came in, and the single place where its reply goes out."""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from io import BytesIO
from typing import Any, TypeAlias

import anyio

from manymind.canon.faults import BadRequest, TooLarge, TooSlow

AsgiMessage: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[AsgiMessage]]
Send: TypeAlias = Callable[[AsgiMessage], Awaitable[None]]
Headers: TypeAlias = Iterable[tuple[str, str]]

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


class HungUp(Exception):
    """The caller went away. Nobody is left to be told."""


class Exchange:
    """`extra` are headers that go out with whatever reply there will be; `outcome` is what the log
    says of it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope.get("query_string", b"")
        self.request_id = request_id
        self.extra: list[tuple[str, str]] = [("x-request-id", request_id)]
        self.started = False
        self.outcome = "ok"
        self._headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        self._receive = receive
        self._send = send

    def header(self, name: str) -> str | None:
        """The value of a header, or None. One that is given twice is refused: two readers of
        it might disagree."""
        wanted = name.encode()
        values = [value for key, value in self._headers if key == wanted]
        if len(values) > 1:
            raise BadRequest(f"The header {name} is given {len(values)} times.", field=name)
        return values[0].decode("latin-1").strip() if values else None

    def has_header(self, name: str) -> bool:
        """Whether a header is given at all, however often."""
        wanted = name.encode()
        return any(key == wanted for key, _ in self._headers)

    def has_body(self) -> bool:
        length = self.header("content-length")
        return self.header("transfer-encoding") is not None or length not in (None, "0")

    async def body(self, limit: int, seconds: float, take: Callable[[int], None]) -> bytes:
        """The whole body, at most `limit` bytes: each piece within `seconds`, and on the whole
        no slower than a megabyte in that time, so that nobody can send one for ever. `take` is
        told of each piece before it is kept."""
        declared = self.header("content-length") or "0"
        if declared.isdecimal() and int(declared) > limit:
            raise _too_large(limit)
        whole = BytesIO()  # A list would let a byte at a time cost a hundred.
        size = 0
        more = True
        begun = anyio.current_time()
        while more:
            now = anyio.current_time()
            due = min(now + seconds, begun + seconds * (1 + size / 1e6))
            try:
                with anyio.fail_after(due - now):
                    message = await self._receive()
            except TimeoutError:
                raise TooSlow(
                    "The rest of the body did not come in time.",
                    advice="Send the body at once, with its true Content-Length.",
                ) from None
            if message["type"] == "http.disconnect":
                raise HungUp
            piece: bytes = message.get("body", b"")
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
            take(len(piece))
            whole.write(piece)
            more = message.get("more_body", False)
        return whole.getvalue()

    async def hang_up(self) -> None:
        """Returns when the caller has gone. To be awaited only after the body was read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def start(self, status: int, headers: Headers) -> None:
        self.started = True
        lines = [(name.encode(), _sent(value)) for name, value in [*headers, *self.extra]]
        await self._send({"type": "http.response.start", "status": status, "headers": lines})

    async def send(self, body: bytes, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def reply(
        self, status: int, body: bytes, kind: str = "application/json", headers: Headers = ()
    ) -> None:
        """A whole reply."""
        own = [("content-type", kind), ("content-length", str(len(body))), *headers]
        await self.start(status, own)
        await self.send(b"" if self.method == "HEAD" else body, more=False)


def _sent(value: str) -> bytes:
    """A header's value as it may go out; what a caller made up must not end the line."""
    return _CONTROLS.sub("?", value).encode("latin-1", "replace")


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"The body is larger than {limit:,} bytes.",
        advice="Send less, or have the operator raise server.body_limit_mb.",
    )
