"""An answer is the fold of its events, whether it was streamed, stored or sent whole."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.events import (
    LEADER,
    Began,
    Chunk,
    Cited,
    Closed,
    Ended,
    Happened,
    Opened,
    PartClosed,
    PartOpened,
    Spent,
    Stopped,
    Wire,
    Wrote,
)
from manymind.canon.faults import UpstreamBroken
from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import Citation, Part, Refusal, Text
from manymind.canon.usage import Usage
from manymind.canon.values import Aside, Json
from manymind.canon.verification import Verification


class Output(Struct, frozen=True, kw_only=True):
    """One item of an answer, and the choice (of `n`) that it belongs to."""

    item: Item
    choice: int = 0


class Answer(Struct, frozen=True, kw_only=True):
    """What one voice said. `status` is in_progress until it ended."""

    id: str = ""
    model: str = ""
    created: int = 0
    outputs: tuple[Output, ...] = ()
    stops: tuple[Stopped, ...] = ()
    usage: Usage | None = None
    status: str = "in_progress"
    reason: str | None = None
    verification: Verification | None = None
    aside: Aside | None = None
    wire: Wire | None = None

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(output.item for output in self.outputs)

    @property
    def text(self) -> str:
        """The words of the first choice, without thoughts, calls and refusals."""
        return "".join(
            part.text
            for output in self.outputs
            if output.choice == 0 and isinstance(output.item, Said)
            for part in output.item.parts
            if isinstance(part, Text)
        )


class _OpenPart:
    def __init__(self, value: Part) -> None:
        self.value = value
        self.pieces: list[str] = []
        self.citations: list[Citation] = []
        self.logprobs: list[Json] = []

    def close(self) -> Part:
        value = self.value
        if isinstance(value, Refusal):
            return replace(value, text=value.text + "".join(self.pieces))
        if not isinstance(value, Text):
            return value
        logprobs = (*(value.logprobs or ()), *self.logprobs) or value.logprobs
        return replace(
            value,
            text=value.text + "".join(self.pieces),
            citations=(*value.citations, *self.citations),
            logprobs=logprobs,
        )


class _OpenItem:
    def __init__(self, value: Item, choice: int) -> None:
        self.value = value
        self.choice = choice
        self.parts: dict[tuple[str, int], _OpenPart] = {}
        self.arguments: list[str] = []
        self.status: str | None = None

    def part(self, where: str, number: int) -> _OpenPart:
        part = self.parts.get((where, number))
        if part is None:
            part = self.parts[where, number] = _OpenPart(Text(text=""))
        return part

    def close(self) -> Output:
        return Output(item=self._filled(), choice=self.choice)

    def _filled(self) -> Item:
        value = self.value
        match value:
            case Called():
                written = value.arguments + "".join(self.arguments)
                return replace(value, arguments=written, status=self.status or value.status)
            case Thought():
                return replace(
                    value,
                    content=self._texts("content") or value.content,
                    summary=self._texts("summary") or value.summary,
                    status=self.status or value.status,
                )
            case Said() | Returned():
                parts = self._parts("content") or value.parts
                return replace(value, parts=parts, status=self.status or value.status)
            case Hosted():
                return replace(value, status=self.status or value.status)
            case Unread():
                return value

    def _parts(self, where: str) -> tuple[Part, ...]:
        numbers = sorted(number for place, number in self.parts if place == where)
        return tuple(self.parts[where, number].close() for number in numbers)

    def _texts(self, where: str) -> tuple[Text, ...]:
        return tuple(part for part in self._parts(where) if isinstance(part, Text))


class Folding:
    """Folds one voice's events as they come; `answer()` may be asked at any time.

    An event of an item that was never opened is nonsense from whoever speaks, and no part of an
    answer can be made of it: it raises `UpstreamBroken`, as the dialects do where they see it
    first. It is not passed over, since the answer would then lack words without saying so.
    """

    def __init__(self, voice: str = LEADER) -> None:
        self._voice = voice
        self._items: dict[str, _OpenItem] = {}
        self._stops: dict[int, Stopped] = {}
        self._answer = Answer()
        self._chunks = 0

    def hear(self, chunk: Chunk) -> None:
        self._chunks += 1
        whole = chunk.wire is not None and chunk.wire.whole and self._chunks == 1
        if whole or self._answer.wire is not None:
            self._answer = replace(self._answer, wire=chunk.wire if whole else None)
        for event in chunk.events:
            if event.voice == self._voice:
                self.take(event)

    def take(self, event: Happened) -> None:
        """As `hear`, one event of this voice, whatever message it was read from."""
        match event:
            case Wrote():
                self._write(event)
            case Opened():
                self._items[event.item] = _OpenItem(event.value, event.choice)
            case PartOpened():
                opened = self._opened(event.item)
                opened.parts[event.where, event.part] = _OpenPart(event.value)
            case Cited():
                part = self._opened(event.item).part("content", event.part)
                part.citations.append(event.citation)
            case PartClosed():
                self._close_part(event)
            case Closed():
                item = self._opened(event.item)
                item.status = event.status
                if event.sealed is not None:
                    item.value = _emptied(event.sealed, item)
            case Stopped():
                self._stops[event.choice] = event
            case _:
                self._take_frame(event)

    def item(self, key: str) -> Item:
        """One item as far as it has come."""
        return self._opened(key).close().item

    def part(self, key: str, where: str, number: int) -> Part:
        """One part of an item as far as it has come, without a look at the others."""
        return self._items[key].part(where, number).close()

    def answer(self) -> Answer:
        return replace(
            self._answer,
            outputs=tuple(item.close() for item in self._items.values()),
            stops=tuple(self._stops[choice] for choice in sorted(self._stops)),
        )

    def _opened(self, key: str) -> _OpenItem:
        item = self._items.get(key)
        if item is None:
            raise UpstreamBroken(
                "The provider's answer goes on with an item that it never began.",
                advice="Try again; if it happens again, choose another provider.",
            )
        return item

    def _take_frame(self, event: Happened) -> None:
        match event:
            case Began():
                self._answer = replace(
                    self._answer,
                    id=event.id,
                    model=event.model,
                    created=event.created,
                    aside=event.aside,
                )
            case Spent():
                self._answer = replace(self._answer, usage=event.usage)
            case Ended():
                self._answer = replace(
                    self._answer,
                    status=event.status,
                    reason=event.reason,
                    verification=event.verification,
                    aside=event.aside or self._answer.aside,
                )
            case _:
                pass

    def _write(self, event: Wrote) -> None:
        item = self._opened(event.item)
        if event.where == "arguments":
            item.arguments.append(event.text)
            return
        part = item.part(event.where, event.part)
        part.pieces.append(event.text)
        if event.logprobs:
            part.logprobs.extend(event.logprobs)

    def _close_part(self, event: PartClosed) -> None:
        part = self._opened(event.item).part(event.where, event.part)
        value = event.value
        if isinstance(value, Text) and isinstance(part.value, Text):
            part.value = replace(value, text="", citations=(), logprobs=part.value.logprobs)
        elif isinstance(value, Refusal):
            part.value = replace(value, text="")
        elif value is not None:
            part.value = value


def _emptied(sealed: Item, item: _OpenItem) -> Item:
    """A sealed item without what was already written piece by piece."""
    match sealed:
        case Called() if item.arguments:
            return replace(sealed, arguments="")
        case _:
            return sealed


def fold(chunks: Iterable[Chunk], voice: str = LEADER) -> Answer:
    """The answer that these chunks make."""
    folding = Folding(voice)
    for chunk in chunks:
        folding.hear(chunk)
    return folding.answer()
