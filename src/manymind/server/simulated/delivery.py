"""How a reply travels: at its pace, and with whatever is to go wrong on the way."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeAlias

import anyio
import msgspec

from manymind.providers.forms import is_list, is_object
from manymind.server.simulated.knobs import Knobs
from manymind.server.simulated.talk import Frame, Json
from manymind.server.simulated.visits import Visit

Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]
Headers: TypeAlias = Iterable[tuple[str, str]]
Raw: TypeAlias = Callable[[bytes], Awaitable[None]]
"""Writes bytes to the socket past HTTP; empty bytes close it."""

_SPARED = ("arguments", "input", "parameters", "schema", "metadata", "input_schema")


class Delivery:
    """Sends one reply. `ended` is called when the last byte has gone, or where it was cut."""

    def __init__(
        self, send: Send, visit: Visit, now: Callable[[], float], raw: Raw | None = None
    ) -> None:
        self._send = send
        self._visit = visit
        self._now = now
        self._raw = raw

    async def whole(
        self, status: int, body: Json, headers: Headers, knobs: Knobs, words: int = 0
    ) -> None:
        """A body in one piece, after the time that its words would take."""
        if knobs.tps > 0:
            await anyio.sleep(words / knobs.tps)
        data = msgspec.json.encode(planted(body) if knobs.unknown else body)
        if knobs.malformed is not None:
            data = data[: len(data) // 2] + b"\x00}"
        lines = [("content-type", "application/json"), *headers]
        if knobs.drip > 0 and self._raw is not None:
            await self._drip(status, data, lines, knobs.drip, self._raw)
        else:
            await self.send(status, data, lines, knobs.cut)

    async def send(
        self, status: int, data: bytes, headers: Headers, cut: int | None = None
    ) -> None:
        """Bytes as they are; with `cut`, only so many of those that are promised."""
        promised = ("content-length", str(len(data)))
        await self._start(status, [*headers, promised])
        if cut is not None and cut < len(data):
            await self._body(data[:cut], more=True)
            self._visit.end("cut", self._now())
            return
        await self._finish(data)

    async def stream(
        self,
        frames: Iterator[Frame],
        headers: Headers,
        knobs: Knobs,
        broken: Callable[[int], Frame],
    ) -> None:
        """Events one by one, each in one write, as far as the knobs let them come."""
        lines = [("content-type", "text/event-stream; charset=utf-8"), *headers]
        await self._start(200, [("cache-control", "no-cache"), *lines])
        for frame in frames:
            if await self._stopped(knobs, broken):
                return
            if knobs.tps > 0 and frame.words:
                await anyio.sleep(frame.words / knobs.tps)
            spoilt = knobs.malformed == self._visit.sent + 1
            await self._event(_framed(frame, planting=knobs.unknown, spoilt=spoilt))
        if not await self._stopped(knobs, broken):
            await self._finish(b"")

    async def _stopped(self, knobs: Knobs, broken: Callable[[int], Frame]) -> bool:
        """Whether the stream ends here, before its time."""
        sent = self._visit.sent
        if sent == knobs.stall:
            await anyio.sleep_forever()
        if sent == knobs.cut:
            self._visit.end("cut", self._now())
            return True
        if sent == knobs.error:
            await self._event(_framed(broken(sent)))
        if sent in (knobs.error, knobs.unfinished):
            await self._finish(b"")
            return True
        return False

    async def _event(self, data: bytes) -> None:
        await self._body(data, more=True)
        self._visit.sent += 1

    async def _start(self, status: int, headers: Headers) -> None:
        self._visit.status = status
        lines = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": lines})

    async def _body(self, data: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def _finish(self, data: bytes) -> None:
        self._visit.end("answered", self._now())
        await self._body(data, more=False)

    async def _drip(
        self, status: int, data: bytes, headers: Headers, pause: float, raw: Raw
    ) -> None:
        """The first line byte by byte, then the rest; past HTTP, so the socket closes after."""
        self._visit.status = status
        for byte in f"HTTP/1.1 {status} Slow\r\n".encode():
            await raw(bytes([byte]))
            await anyio.sleep(pause)
        lines = [*headers, ("content-length", str(len(data))), ("connection", "close")]
        head = "".join(f"{name}: {value}\r\n" for name, value in lines)
        self._visit.end("answered", self._now())
        await raw(head.encode("latin-1") + b"\r\n" + data)
        await raw(b"")


def _framed(frame: Frame, *, planting: bool = False, spoilt: bool = False) -> bytes:
    data = frame.data
    if isinstance(data, str):
        written = data.encode()
    else:
        written = msgspec.json.encode(planted(data) if planting else data)
    if spoilt:
        written = written[: len(written) // 2] + b"}{"
    name = b"" if frame.event is None else b"event: " + frame.event.encode() + b"\n"
    return name + b"data: " + written + b"\n\n"


def planted(value: object) -> object:
    """The same JSON with a field that nobody has heard of in each of its objects, except where
    the caller's own data lies."""
    if is_list(value):
        return [planted(item) for item in value]
    if not is_object(value):
        return value
    grown = {name: inner if name in _SPARED else planted(inner) for name, inner in value.items()}
    return grown | {"x_unheard_of": {"depth": 1}}
