"""Says a draft: events in small pieces, within the caller's limits, with an honest count."""

import re
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from manymind.canon.events import (
    Began,
    Cited,
    Closed,
    Ended,
    Happened,
    Opened,
    PartClosed,
    PartOpened,
    Say,
    Spent,
    Stopped,
    Wrote,
    spoken,
)
from manymind.canon.items import Called, Item, Returned, Said
from manymind.canon.parts import Citation, File, Refusal, Text
from manymind.canon.ports import Desk
from manymind.canon.requests import Function, Request
from manymind.canon.usage import Usage
from manymind.providers.reader.draft import Segment, placed

BYTES_A_TOKEN = 4
_PIECE = re.compile(r"(?:\s*\S+){1,6}\s*|\s+")


class Cut(Struct, frozen=True):
    """What is left of a draft, and why it ends where it does."""

    segments: list[Segment]
    reason: str = "stop"
    sequence: str | None = None


class Voice:
    """One answer of the reader's."""

    def __init__(self, model: str, request: Request, say: Say, desk: Desk) -> None:
        self._model = model
        self._request = request
        self._say = say
        self._desk = desk
        self._items = 0
        self._output = 0

    async def begin(self) -> None:
        created = int(self._desk.clock.today())
        await self._speak(Began(id="", model=self._model, created=created))

    async def tell(self, segments: list[Segment]) -> None:
        """Say a draft as the whole answer."""
        cut = cut_short(segments, self._request)
        key = self._key()
        await self._speak(
            Opened(item=key, value=Said(role="assistant")),
            PartOpened(item=key, part=0, value=Text(text="")),
        )
        for text, citation in placed(cut.segments):
            await self._write(key, text, citation)
        done = cut.reason != "length"
        status = "completed" if done else "incomplete"
        await self._speak(PartClosed(item=key, part=0), Closed(item=key, status=status))
        await self._end(cut.reason, cut.sequence)

    async def refuse(self, text: str) -> None:
        """Say why there is no answer of the form that was asked for."""
        key = self._key()
        await self._speak(
            Opened(item=key, value=Said(role="assistant")),
            PartOpened(item=key, part=0, value=Refusal(text="")),
        )
        for piece in _PIECE.findall(text):
            self._output += len(piece.encode("utf-8", "replace"))
            await self._speak(Wrote(item=key, text=piece))
        await self._speak(PartClosed(item=key, part=0), Closed(item=key))
        await self._end("refusal")

    async def call(self, calls: Iterable[Called]) -> None:
        """Call the caller's functions."""
        for called in calls:
            key = self._key()
            self._output += len(called.arguments.encode("utf-8", "replace")) + len(called.name)
            shell = Called(call_id=called.call_id, name=called.name)
            await self._speak(Opened(item=key, value=shell))
            await self._speak(Wrote(item=key, text=called.arguments, where="arguments"))
            await self._speak(Closed(item=key))
        await self._end("tool_calls")

    async def _write(self, key: str, text: str, citation: Citation | None) -> None:
        self._output += len(text.encode("utf-8", "replace"))
        if citation is not None:
            await self._speak(Wrote(item=key, text=text), Cited(item=key, citation=citation))
            return
        for piece in _PIECE.findall(text):
            await self._speak(Wrote(item=key, text=piece))

    async def _end(self, reason: str, sequence: str | None = None) -> None:
        usage = Usage(
            input_tokens=count_input(self._request),
            output_tokens=-(-self._output // BYTES_A_TOKEN),
            cost=0,
            estimated=True,
        )
        cut = reason == "length"
        await self._speak(Stopped(reason=reason, sequence=sequence), Spent(usage=usage))
        await self._speak(
            Ended(status="incomplete", reason="max_output_tokens") if cut else Ended()
        )

    def _key(self) -> str:
        self._items += 1
        return f"{self._desk.key}/{self._items}"

    async def _speak(self, *events: Happened) -> None:
        await self._say(spoken(*events))


def cut_short(segments: list[Segment], request: Request) -> Cut:
    """The draft up to the first stop sequence and within the output limit. A mark is kept whole
    or left out."""
    whole = "".join(text for text, _ in placed(segments))
    end, reason, sequence = len(whole), "stop", None
    for stop in request.stop or ():
        at = whole.find(stop) if stop else -1
        if 0 <= at < end:
            end, sequence = at, stop
    most = request.max_output_tokens
    if most is not None:
        room = max(0, most) * BYTES_A_TOKEN
        data = whole[:end].encode("utf-8", "replace")
        if len(data) > room:
            end = len(data[:room].decode("utf-8", "ignore"))
            reason, sequence = "length", None
    return Cut(list(_until(segments, end)), reason, sequence)


def _until(segments: list[Segment], end: int) -> Iterator[Segment]:
    at = 0
    for segment in segments:
        size = len(segment if isinstance(segment, str) else segment.text)
        if at + size <= end:
            yield segment
        elif isinstance(segment, str) and at < end:
            yield segment[: end - at]
        at += size


def count_input(request: Request) -> int:
    """The tokens of a request, by the bytes of what it says."""
    size = sum(_size(part.text) for part in request.instructions or ())
    size += sum(_item_size(item) for item in request.items)
    for tool in request.tools or ():
        if isinstance(tool, Function):
            size += len(msgspec.json.encode(tool))
    return -(-size // BYTES_A_TOKEN)


def _item_size(item: Item) -> int:
    match item:
        case Said() | Returned():
            texts = (part for part in item.parts if isinstance(part, Text))
            files = (part.text or "" for part in item.parts if isinstance(part, File))
            return 8 + sum(_size(part.text) for part in texts) + sum(map(_size, files))
        case Called():
            return len(item.name) + _size(item.arguments)
        case _:
            return 0


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
