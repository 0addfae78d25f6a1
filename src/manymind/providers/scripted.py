"""A provider that says what it is told, and remembers what it was asked."""

import re
from collections.abc import Callable, Container, Sequence
from typing import TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.events import (
    Began,
    Cited,
    Closed,
    Ended,
    Event,
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
from manymind.canon.faults import Fault
from manymind.canon.items import Called, Item, Said, Thought
from manymind.canon.parts import Part, Refusal, Text
from manymind.canon.ports import Desk
from manymind.canon.requests import Function, Request
from manymind.canon.usage import Usage
from manymind.providers import acts


class Pause(Struct, frozen=True):
    """A silence, on the clock of the desk."""

    seconds: float


Line: TypeAlias = str | Item | Happened | Fault | Pause
"""A text, an item, an event as it stands, a fault to raise, or a silence."""

Entry: TypeAlias = Line | Sequence[Line] | Callable[[Request], Sequence[Line]]
"""What one run says. Texts that follow one another are one message."""

_TOKEN = re.compile(r"\s*\S+\s*$|\s*\S+|\s+")


def tokens(text: str) -> list[str]:
    """The pieces that words come in; joined they are the text again."""
    return _TOKEN.findall(text)


class Scripted:
    """Each run says the next entry of the script; a single entry serves every run.

    Without a script it is an echo. What a script leaves out of the grammar of events (Began,
    Stopped, Spent, Ended, the shells of items) is put in. Usage counts words, and says that it
    is estimated, unless `usage` is given.
    """

    def __init__(
        self,
        name: str,
        *script: Entry,
        latency: float = 0.0,
        tokens_per_second: float = 0.0,
        chunk_tokens: int = 1,
        usage: Usage | None = None,
    ) -> None:
        self.name = name
        self.requests: list[Request] = []
        self.desks: list[Desk] = []
        self.latency = latency
        self.tokens_per_second = tokens_per_second
        self.chunk_tokens = chunk_tokens
        self.usage = usage
        self._script: tuple[Entry, ...] = script or (acts.echo,)

    @property
    def calls(self) -> int:
        """How often it was run."""
        return len(self.requests)

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        self.requests.append(request)
        self.desks.append(desk)
        lines = _lines(self._entry(), request)
        if self.latency > 0:
            await desk.clock.sleep(self.latency)
        telling = _Telling(self, f"{self.name}-{self.calls}", request, say, desk)
        await telling.tell(lines)

    def _entry(self) -> Entry:
        if len(self._script) == 1:
            return self._script[0]
        if self.calls > len(self._script):
            written = len(self._script)
            raise LookupError(f"{self.name} has {written} entries and was run {self.calls} times.")
        return self._script[self.calls - 1]


def _lines(entry: Entry, request: Request) -> Sequence[Line]:
    if callable(entry):
        entry = entry(request)
    if isinstance(entry, Sequence) and not isinstance(entry, str):
        return entry
    return (entry,)


class _Cap(Exception):
    """The output has reached the most that the request allows, within this part."""

    def __init__(self, item: str, part: int) -> None:
        super().__init__(item, part)
        self.item = item
        self.part = part


class _Telling:
    """One run: says the lines in order and keeps the grammar."""

    def __init__(
        self, provider: Scripted, answer_id: str, request: Request, say: Say, desk: Desk
    ) -> None:
        self._provider = provider
        self._id = answer_id
        self._request = request
        self._say = say
        self._desk = desk
        self._items = 0
        self._message: str | None = None
        self._output = 0
        self._thought = 0
        self._reason = "stop"
        self._said: set[type[Event]] = set()

    async def tell(self, lines: Sequence[Line]) -> None:
        own = {type(line) for line in lines}
        try:
            for line in lines:
                if not isinstance(line, Fault | Pause) and Began not in own | self._said:
                    await self._begin()
                if isinstance(line, Ended):
                    await self._finish(own)
                await self._take(line)
        except _Cap as cap:
            await self._end_capped(cap)
            return
        if Ended not in own:
            if Began not in own | self._said:
                await self._begin()
            await self._finish(own)
            await self._speak(Ended())

    async def _take(self, line: Line) -> None:
        if isinstance(line, str):
            await self._text(line)
            return
        if isinstance(line, Pause):
            await self._desk.clock.sleep(line.seconds)
            return
        if isinstance(line, Fault):
            raise line
        await self._close_message()
        if isinstance(line, Event):
            await self._speak(line)
        else:
            await self._item(line)

    async def _begin(self) -> None:
        created = int(self._desk.clock.today())
        await self._speak(Began(id=self._id, model=self._request.model, created=created))

    async def _finish(self, own: Container[type]) -> None:
        """What comes before the end, as far as the script does not say it itself."""
        await self._close_message()
        if Stopped not in own:
            await self._speak(Stopped(reason=self._reason))
        if Spent not in own:
            await self._speak(Spent(usage=self._usage()))

    async def _end_capped(self, cap: _Cap) -> None:
        await self._speak(PartClosed(item=cap.item, part=cap.part))
        await self._speak(Closed(item=cap.item, status="incomplete"))
        await self._speak(Stopped(reason="length"), Spent(usage=self._usage()))
        await self._speak(Ended(status="incomplete", reason="max_output_tokens"))

    def _usage(self) -> Usage:
        told = self._provider.usage
        if told is not None:
            return told
        return Usage(
            input_tokens=count_input(self._request),
            output_tokens=self._output,
            reasoning_tokens=self._thought,
            estimated=True,
        )

    async def _text(self, text: str) -> None:
        if self._message is None:
            self._message = self._key()
            await self._speak(
                Opened(item=self._message, value=Said(role="assistant")),
                PartOpened(item=self._message, part=0, value=Text(text="")),
            )
        await self._write(self._message, text)

    async def _close_message(self) -> None:
        if self._message is not None:
            key, self._message = self._message, None
            await self._speak(PartClosed(item=key, part=0), Closed(item=key))

    async def _item(self, item: Item) -> None:
        key = self._key()
        match item:
            case Said():
                await self._speak(Opened(item=key, value=replace(item, parts=())))
                for number, part in enumerate(item.parts):
                    await self._a_part(key, part, number)
                await self._speak(Closed(item=key))
            case Thought():
                await self._think(key, item)
            case Called():
                self._reason = "tool_calls"
                await self._speak(Opened(item=key, value=replace(item, arguments="")))
                await self._write(key, item.arguments, where="arguments")
                await self._speak(Closed(item=key))
            case _:
                await self._speak(Opened(item=key, value=item), Closed(item=key))

    async def _think(self, key: str, thought: Thought) -> None:
        shell = replace(thought, summary=(), content=(), encrypted=None, signature=None)
        await self._speak(Opened(item=key, value=shell))
        before = self._output
        for where, parts in (("summary", thought.summary), ("content", thought.content)):
            for number, part in enumerate(parts):
                await self._a_part(key, part, number, where)
        self._thought += self._output - before
        await self._speak(Closed(item=key, sealed=thought))

    async def _a_part(self, key: str, part: Part, number: int, where: str = "content") -> None:
        empty, text = part, ""
        match part:
            case Text():
                empty, text = replace(part, text="", citations=()), part.text
            case Refusal():
                empty, text = replace(part, text=""), part.text
                self._reason = "refusal"
            case _:
                pass
        await self._speak(PartOpened(item=key, part=number, value=empty, where=where))
        await self._write(key, text, number, where)
        for citation in part.citations if isinstance(part, Text) else ():
            await self._speak(Cited(item=key, part=number, citation=citation))
        await self._speak(PartClosed(item=key, part=number, where=where))

    async def _write(self, key: str, text: str, part: int = 0, where: str = "content") -> None:
        pace, step = self._provider.tokens_per_second, max(1, self._provider.chunk_tokens)
        pieces = tokens(text)
        for start in range(0, len(pieces), step):
            chunk = pieces[start : start + step]
            if where == "content":
                chunk = chunk[: self._left(len(chunk))]
            if pace > 0:
                await self._desk.clock.sleep(len(chunk) / pace)
            if chunk:
                self._output += len(chunk)
                await self._speak(Wrote(item=key, part=part, where=where, text="".join(chunk)))
            if len(chunk) < len(pieces[start : start + step]):
                raise _Cap(key, part)

    def _left(self, wanted: int) -> int:
        most = self._request.max_output_tokens
        return wanted if most is None else max(0, min(wanted, most - self._output))

    def _key(self) -> str:
        self._items += 1
        return f"{self._desk.key}/{self._items}"

    async def _speak(self, *events: Happened) -> None:
        for event in events:
            self._said.add(type(event))
            await self._say(spoken(event))


def count_input(request: Request) -> int:
    """The words of a request, declared tools included."""
    words = sum(len(text.split()) for text in acts.texts(request))
    for tool in request.tools or ():
        if isinstance(tool, Function):
            words += len(msgspec.json.encode(tool).split(b","))
    return words
