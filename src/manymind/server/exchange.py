"""One HTTP exchange over ASGI: what came in, and the single place where its reply goes out."""

import re
from collections.abc import Awaitable, Callable, Iterable
from io import BytesIO
from typing import Protocol, TypeAlias

import anyio

from manymind.canon.faults import BadRequest, TooLarge, TooSlow
from manymind.server.line import Fields, Line, Work

Headers: TypeAlias = Iterable[tuple[str, str]]

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


class Trailing(Protocol):
    """Knows what was tried for a reply."""

    def fields(self) -> Iterable[tuple[bytes, bytes]]: ...


class Exchange:
    """`added` are the headers that go out with whatever reply there will be, and so are those of
    the `trail`, as far as it has come; `outcome` is what the log says of it."""

    def __init__(self, line: Line, request_id: str) -> None:
        self.method = line.head.method
        self.path = line.head.path
        self.query = line.head.query
        self.request_id = request_id
        self.started = False
        self.outcome = "ok"
        self.added: Fields = [(b"x-request-id", request_id.encode())]
        self.trail: Trailing | None = None
        self.late: Callable[[], Headers] | None = None
        self._line = line
        self._head = line.head

    def header(self, name: str) -> str | None:
        """The value of a header, or None. One that is given twice is refused: two readers of
        it might disagree."""
        wanted = name.encode()
        head = self._head
        value = head.fields.get(wanted)
        if value is None:
            return None
        if wanted in head.twice:
            raise BadRequest(f"The header {name} is given more than once.", field=name)
        return value.decode("latin-1").strip()

    def plain(self, names: Iterable[bytes]) -> "tuple[bytes | None, ...] | None":
        """The values of headers as they stand on the wire, or None where any header at all is
        given more than once."""
        head = self._head
        return None if head.twice else tuple(map(head.fields.get, names))

    def has_header(self, name: str) -> bool:
        """Whether a header is given at all, however often."""
        return name.encode() in self._head.fields

    def has_any(self, names: frozenset[bytes]) -> bool:
        """Whether any of these headers is given: one look for all of them."""
        return not names.isdisjoint(self._head.fields)

    def add_header(self, name: str, value: str) -> None:
        """A header more, on whatever reply there will be."""
        self.added.append((name.encode(), fit(value)))

    def has_body(self) -> bool:
        length = self.header("content-length")
        return self.header("transfer-encoding") is not None or length not in (None, "0")

    def arrived(self, limit: int, take: Callable[[int], None]) -> bytes | None:
        """As `body`, for one that has come already."""
        arrived = self._line.arrived()
        if arrived is not None:
            if len(arrived) > limit:
                raise _too_large(limit)
            take(len(arrived))
        return arrived

    async def body(self, limit: int, seconds: float, take: Callable[[int], None]) -> bytes:
        """The whole body, at most `limit` bytes: each piece within `seconds`, and on the whole
        no slower than a megabyte in that time, so that nobody can send one for ever. `take` is
        told of each piece before it is kept."""
        arrived = self.arrived(limit, take)
        if arrived is not None:
            return arrived
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
                    piece, more = await self._line.piece()
            except TimeoutError:
                raise TooSlow(
                    "The rest of the body did not come in time.",
                    advice="Send the body at once, with its true Content-Length.",
                ) from None
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
            take(len(piece))
            whole.write(piece)
        return whole.getvalue()

    def attend(self, work: Work) -> Awaitable[bool]:
        """Does the work for as long as the caller is there; see `Line.attend`."""
        return self._line.attend(work)

    async def start(self, status: int, headers: Headers) -> None:
        self.started = True
        await self._line.start(status, self._fields(headers))

    def send(self, body: bytes, *, more: bool = True) -> Awaitable[None]:
        return self._line.send(body, more=more)

    def outlet(self) -> Callable[[bytes], None] | None:
        """What sends at once, where nothing has to wait; see `Line.outlet`."""
        return self._line.outlet() if self.started else None

    def reply(
        self, status: int, body: bytes, kind: str = "application/json", headers: Headers = ()
    ) -> Awaitable[None]:
        """A whole reply."""
        self.started = True
        fields = self._fields(headers)
        fields.append((b"content-type", kind.encode()))
        fields.append((b"content-length", b"%d" % len(body)))
        return self._line.reply(status, fields, b"" if self.method == "HEAD" else body)

    def _fields(self, headers: Headers) -> Fields:
        told = () if self.trail is None else self.trail.fields()
        if self.late is not None:
            headers = (*headers, *self.late())
        return [*((name.encode(), fit(value)) for name, value in headers), *self.added, *told]


def named(*names: str) -> frozenset[bytes]:
    """Names of headers, as `has_any` looks for them."""
    return frozenset(name.encode() for name in names)


def fit(value: str) -> bytes:
    """A header's value as it may go out; what a caller made up must not end the line."""
    return _CONTROLS.sub("?", value).encode("latin-1", "replace")


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"The body is larger than {limit:,} bytes.",
        advice="Send less, or have the operator raise server.body_limit_mb.",
    )
