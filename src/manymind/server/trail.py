"""Which offers were tried for a reply, told in its headers, and in its body where OpenRouter's
clients ask for that."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import cast

import msgspec

from manymind.canon.events import LEADER, Chunk, Ended
from manymind.canon.faults import Fault
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.catalog.titles import title
from manymind.dialects.mirror import Writer
from manymind.dialects.reading import encode
from manymind.server.exchange import Exchange, fit

ATTEMPTS, PROVIDER, MODEL = (
    "x-manymind-attempts",
    "x-manymind-provider",
    "x-manymind-model",
)
METADATA = "x-openrouter-metadata"
_OLDER = "x-openrouter-experimental-metadata"
_FIELD = "openrouter_metadata"
_NAMING = ("id", "object", "created", "model")
_OK = 200


class Trail:
    """`model`, provider and status of each attempt, the last one's 200 while it goes well."""

    __slots__ = ("_considered", "attempts")

    def __init__(self) -> None:
        self.attempts: list[tuple[str, str, int]] = []
        self._considered: Sequence[tuple[str, str]] = ()

    def planned(self, offers: Sequence[tuple[str, str]]) -> None:
        self._considered = offers

    def began(self, model: str, provider: str) -> None:
        self.attempts.append((model, provider, _OK))

    def failed(self, status: int) -> None:
        model, provider, _ = self.attempts[-1]
        self.attempts[-1] = (model, provider, status)

    def fields(self) -> Iterable[tuple[bytes, bytes]]:
        """The headers: who answers, and what was tried, as far as it has come."""
        attempts = self.attempts
        if not attempts:
            return ()
        if len(attempts) == 1:
            return _of_one(attempts[0])
        return _written(attempts)

    def metadata(self, request: Request) -> Json:
        """The same, as OpenRouter tells of it."""
        offers = self._considered or tuple(dict.fromkeys(each[:2] for each in self.attempts))
        model, provider, _ = self.attempts[-1] if self.attempts else ("", "", 0)
        return {
            "requested": request.model,
            "strategy": "fallback" if request.models else "direct",
            "region": None,
            "summary": f"available={len(offers)}, selected={title(provider)}",
            "attempt": len(self.attempts),
            "is_byok": False,
            "endpoints": {
                "total": len(offers),
                "available": [
                    {
                        "provider": title(by),
                        "model": name,
                        "selected": (name, by) == (model, provider),
                    }
                    for name, by in offers
                ],
            },
            "attempts": [
                {"provider": title(by), "model": name, "status": status}
                for name, by, status in self.attempts
            ],
        }


@lru_cache(maxsize=1024)
def _of_one(attempt: tuple[str, str, int]) -> Iterable[tuple[bytes, bytes]]:
    """Nearly all replies come of a first attempt, and many of the same model."""
    return _written((attempt,))


def _written(attempts: Sequence[tuple[str, str, int]]) -> Iterable[tuple[bytes, bytes]]:
    model, provider, status = attempts[-1]
    tried = ", ".join(f"{by}={status}" for _, by, status in attempts)
    who = [(PROVIDER, provider), (MODEL, model)] if status == _OK else []
    return tuple((name.encode(), fit(value)) for name, value in ((ATTEMPTS, tried), *who))


def wants_metadata(exchange: Exchange, house: str) -> bool:
    """Only on OpenRouter's paths: other clients may refuse a field that they do not know."""
    if house != "openrouter":
        return False
    for name in (METADATA, _OLDER):
        if exchange.has_header(name):
            return (exchange.header(name) or "").lower() == "enabled"
    return False


def with_metadata(body: bytes, metadata: Json) -> bytes:
    """A whole reply, or the last event of a stream, with the field in it."""
    fields: object = msgspec.json.decode(body)
    if not isinstance(fields, dict):
        return body
    reply = cast("Json", fields)
    inner = reply.get("response")
    if isinstance(inner, dict):
        return encode({**reply, "response": {**cast("Json", inner), _FIELD: metadata}})
    return encode({**reply, _FIELD: metadata})


class Annotating:
    """A writer that tells of the attempts at the end of a stream: in the last event's object, or,
    where the end holds none, as that of Chat, in one more of the kind before it."""

    def __init__(self, writer: Writer, trail: Trail, request: Request) -> None:
        self._writer = writer
        self._trail = trail
        self._request = request
        self._last = b""

    def write(self, chunk: Chunk) -> list[bytes]:
        frames = self._writer.write(chunk)
        if any(isinstance(each, Ended) and each.voice == LEADER for each in chunk.events):
            return self._told(frames)
        if frames:
            self._last = frames[-1]
        return frames

    def _told(self, frames: list[bytes]) -> list[bytes]:
        metadata = self._trail.metadata(self._request)
        for place in reversed(range(len(frames))):
            head, data = _parted(frames[place])
            if data is not None:
                frames[place] = b"%bdata: %b\n\n" % (head, with_metadata(data, metadata))
                return frames
        _, data = _parted(self._last)
        if data is None:
            return frames
        fields: Json = msgspec.json.decode(data)
        kept = {name: fields[name] for name in _NAMING if name in fields}
        more = encode({**kept, "choices": [], _FIELD: metadata})
        return [b"data: %b\n\n" % more, *frames]

    def fail(self, fault: Fault) -> list[bytes]:
        return self._writer.fail(fault)


def _parted(frame: bytes) -> tuple[bytes, bytes | None]:
    """What stands before an event's data, and that, if it is an object."""
    head, _, data = frame.rpartition(b"data: ")
    return head, data.strip() if data.startswith(b"{") else None
