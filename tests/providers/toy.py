"""A dialect of four words: enough to see what a remote provider does, whatever the real ones do."""

import msgspec

from manymind.canon.answers import Answer
from manymind.canon.events import Began, Chunk, Closed, Ended, Opened, Wire, Wrote, spoken
from manymind.canon.faults import CutShort, Fault, RateLimited, UpstreamBroken, UpstreamRefused
from manymind.canon.items import Said
from manymind.canon.requests import Request
from manymind.dialects.mirror import Message, View, Written


class Line(msgspec.Struct):
    t: str


class ToyReader:
    def __init__(self) -> None:
        self._begun = False
        self._done = False

    def feed(self, message: Message) -> Chunk:
        if message.data == "[DONE]":
            self._done = True
            return spoken(Closed(item="0"), Ended())
        try:
            line = msgspec.json.decode(message.data, type=Line)
        except msgspec.DecodeError:
            raise UpstreamBroken("The upstream sent a malformed event.") from None
        wrote = Wrote(item="0", text=line.t)
        if self._begun:
            return Chunk((wrote,), Wire("toy", {"t": line.t}))
        self._begun = True
        return spoken(
            Began(id="1", model="m"), Opened(item="0", value=Said(role="assistant")), wrote
        )

    def end(self) -> Chunk:
        if not self._done:
            raise CutShort("The stream ended before its end.")
        return spoken()


class Toy:
    """Carries text alone: a seed is lost on it."""

    def __init__(self, name: str = "toy") -> None:
        self.name = name

    def write_request(self, request: Request) -> Written:
        lost = ("seed",) if request.seed is not None else ()
        body = msgspec.json.encode({"model": request.model, "stream": request.stream})
        return Written(body, lost)

    def read_reply(self, body: bytes) -> Chunk:
        try:
            line = msgspec.json.decode(body, type=Line)
        except msgspec.DecodeError:
            raise UpstreamBroken("The upstream sent a malformed reply.") from None
        return spoken(
            Began(id="1", model="m"),
            Opened(item="0", value=Said(role="assistant")),
            Wrote(item="0", text=line.t),
            Closed(item="0"),
            Ended(),
        )

    def reader(self) -> ToyReader:
        return ToyReader()

    def read_fault(self, status: int, body: bytes, retry_after: float | None) -> Fault:
        told = body.decode("utf-8", "replace")
        match status:
            case 429:
                return RateLimited(told, retry_after=retry_after)
            case 401:
                return UpstreamRefused(told, advice=told)
            case _:
                return UpstreamBroken(told)

    def read_request(self, body: bytes) -> Request:
        raise AssertionError("A remote provider does not need this.")

    def write_reply(self, answer: Answer, request: Request, view: View) -> bytes:
        raise AssertionError("A remote provider does not need this.")

    def writer(self, request: Request, view: View) -> "ToyWriter":
        raise AssertionError("A remote provider does not need this.")

    def write_fault(self, fault: Fault, request_id: str, house: str = "openai") -> bytes:
        raise AssertionError("A remote provider does not need this.")


class ToyWriter:
    def write(self, chunk: Chunk) -> list[bytes]:
        raise AssertionError("A remote provider does not need this.")

    def fail(self, fault: Fault) -> list[bytes]:
        raise AssertionError("A remote provider does not need this.")
