"""Content blocks as they come, told as events.

Blocks stand one after another. Texts in a row are parts of one `Said`; a server's tool call and
the block that answers it are one `Hosted`; any other block is an item. Where a text's citations
lie is known when the text is whole, so they are told at its end.
"""

from typing import Protocol

from msgspec.structs import replace

from manymind.canon.events import (
    Advanced,
    Cited,
    Closed,
    Happened,
    Opened,
    PartClosed,
    PartOpened,
    Wrote,
)
from manymind.canon.items import Hosted, Item, Said, Thought, Unread
from manymind.canon.parts import Text
from manymind.canon.values import Json
from manymind.dialects.anthropic_messages import hosted
from manymind.dialects.anthropic_messages.citations import read_citation
from manymind.dialects.anthropic_messages.history import joined, read_call
from manymind.dialects.anthropic_messages.parts import kind_of
from manymind.dialects.anthropic_messages.words import NAME
from manymind.dialects.reading import Object, decode, encode, upstream

Events = list[Happened]


class _Block(Protocol):
    def start(self) -> Events: ...

    def delta(self, delta: Object) -> Events | None:
        """None where the delta is of a kind that we do not know."""
        ...

    def stop(self) -> Events: ...


class BlockReader:
    """Reads the blocks of one message. `name` makes the keys of its items unlike any other's."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0
        self._index: int | None = None
        self._block: _Block | None = None
        self._said: str | None = None
        self._parts = 0
        self._asked: tuple[str, Hosted] | None = None

    def start(self, index: int, block: Object) -> Events:
        """A block begins; one that was left open has ended with that."""
        events = self.stop(self._index) if self._index is not None else []
        kind = kind_of(block)
        if kind != "text":
            events += self._close_said()
        if self._asked is not None and not hosted.answers(block, self._asked[1]):
            events += self._close_asked()
        self._index = index
        self._block = self._opened(kind, block)
        return events + self._block.start()

    def delta(self, index: int, delta: Object) -> Events | None:
        if self._block is None or index != self._index:
            raise upstream("index", "names a block that is not open")
        return self._block.delta(delta)

    def stop(self, index: int) -> Events:
        if self._block is None or index != self._index:
            raise upstream("index", "names a block that is not open")
        events = self._block.stop()
        if isinstance(self._block, _Use):
            self._asked = self._block.key, self._block.call
        self._block = self._index = None
        return events

    def finish(self) -> Events:
        """The message is over."""
        events = self.stop(self._index) if self._index is not None else []
        return events + self._close_said() + self._close_asked()

    def _opened(self, kind: str, block: Object) -> _Block:
        match kind:
            case "text":
                return self._text(block)
            case "thinking":
                return _Thinking(self._key(), self._first, block)
            case "redacted_thinking":
                data = block.needed("data", block.text("data"))
                block.take("type")
                thought = Thought(encrypted=data, redacted=True, aside=block.rest(NAME))
                return _Whole(self._key(), joined(thought, not self._first))
            case "tool_use":
                return _Call(self._key(), self._first, block)
            case hosted.USE if hosted.readable(block):
                return _Use(self._key(), self._first, block)
            case _ if self._asked is not None:
                (key, call), self._asked = self._asked, None
                return _Answer(key, call, block)
            case _:
                return _Unread(self._key(), self._first, block)

    def _text(self, block: Object) -> _Block:
        opening: Events = []
        if self._said is None:
            self._said, self._parts = self._key(), 0
            said = Said(role="assistant", joined=not self._first)
            opening = [Opened(item=self._said, value=said)]
        self._parts += 1
        return _TextBlock(self._said, self._parts - 1, block, opening)

    def _key(self) -> str:
        self._count += 1
        return f"{self._name}/{self._count - 1}"

    @property
    def _first(self) -> bool:
        """Whether the item that was keyed last is the message's first."""
        return self._count == 1

    def _close_said(self) -> Events:
        if self._said is None:
            return []
        key, self._said = self._said, None
        return [Closed(item=key)]

    def _close_asked(self) -> Events:
        if self._asked is None:
            return []
        (key, call), self._asked = self._asked, None
        return [Closed(item=key, sealed=call)]


class _TextBlock:
    def __init__(self, key: str, part: int, block: Object, opening: Events) -> None:
        self._key = key
        self._part = part
        self._opening = opening
        block.take("type")
        self._text = block.text("text") or ""
        self._length = len(self._text)
        self._notes = list(block.each("citations") or ())
        self._value = Text(text="", cache=block.json("cache_control"), aside=block.rest(NAME))

    def start(self) -> Events:
        opened = PartOpened(item=self._key, part=self._part, value=self._value)
        return [*self._opening, opened, *self._wrote(self._text)]

    def delta(self, delta: Object) -> Events | None:
        match kind_of(delta):
            case "text_delta":
                text = delta.needed("text", delta.text("text"))
                self._length += len(text)
                return self._wrote(text)
            case "citations_delta":
                self._notes.append(delta.needed("citation", delta.inner("citation")))
                return []
            case _:
                return None

    def stop(self) -> Events:
        notes = [read_citation(note, self._length) for note in self._notes]
        cited: Events = [Cited(item=self._key, part=self._part, citation=note) for note in notes]
        return [*cited, PartClosed(item=self._key, part=self._part)]

    def _wrote(self, text: str) -> Events:
        return [Wrote(item=self._key, part=self._part, text=text)] if text else []


class _Thinking:
    def __init__(self, key: str, first: bool, block: Object) -> None:
        self._key = key
        block.take("type")
        self._text = block.text("thinking") or ""
        self._signature = block.text("signature") or ""
        self._value = Thought(joined=not first, digest=True, aside=block.rest(NAME))
        self._open = False

    def start(self) -> Events:
        return [Opened(item=self._key, value=self._value), *self._wrote(self._text)]

    def delta(self, delta: Object) -> Events | None:
        match kind_of(delta):
            case "thinking_delta":
                return self._wrote(delta.needed("thinking", delta.text("thinking")))
            case "signature_delta":
                self._signature += delta.needed("signature", delta.text("signature"))
                return []
            case _:
                return None

    def stop(self) -> Events:
        sealed = replace(self._value, signature=self._signature or None)
        closing: Events = [PartClosed(item=self._key, part=0)] if self._open else []
        return [*closing, Closed(item=self._key, sealed=sealed)]

    def _wrote(self, text: str) -> Events:
        if not text:
            return []
        opening: Events = []
        if not self._open:
            self._open = True
            opening = [PartOpened(item=self._key, part=0, value=Text(text=""))]
        return [*opening, Wrote(item=self._key, part=0, text=text)]


class _Input:
    """The input of a call: whole at its start, or JSON text in pieces."""

    def __init__(self, block: Object) -> None:
        self._given = block.json("input") or {}
        self._pieces: list[str] = []

    def piece(self, delta: Object) -> str | None:
        if kind_of(delta) != "input_json_delta":
            return None
        text = delta.needed("partial_json", delta.text("partial_json"))
        self._pieces.append(text)
        return text

    def unsaid(self) -> str:
        """The whole input as text, if it has not come in pieces."""
        return "" if any(self._pieces) else encode(self._given).decode()

    def value(self) -> Json:
        text = "".join(self._pieces)
        return decode(text, upstream).left() if text else self._given


class _Call:
    def __init__(self, key: str, first: bool, block: Object) -> None:
        self._key = key
        self._input = _Input(block)
        block.left()["input"] = {}
        self._value = replace(read_call(block), arguments="", joined=not first)

    def start(self) -> Events:
        return [Opened(item=self._key, value=self._value)]

    def delta(self, delta: Object) -> Events | None:
        text = self._input.piece(delta)
        return None if text is None else self._wrote(text)

    def stop(self) -> Events:
        return [*self._wrote(self._input.unsaid()), Closed(item=self._key)]

    def _wrote(self, text: str) -> Events:
        return [Wrote(item=self._key, where="arguments", text=text)] if text else []


class _Use:
    """A call of the server's; it stays open until a block answers it."""

    def __init__(self, key: str, first: bool, block: Object) -> None:
        self.key = key
        self._input = _Input(block)
        self.call = replace(hosted.read_use(block), action=None, joined=not first)

    def start(self) -> Events:
        return [Opened(item=self.key, value=self.call)]

    def delta(self, delta: Object) -> Events | None:
        return None if self._input.piece(delta) is None else []

    def stop(self) -> Events:
        self.call = replace(self.call, action=self._input.value())
        state = "searching" if self.call.tool == "web_search" else "in_progress"
        return [Advanced(item=self.key, state=state)]


class _Answer:
    def __init__(self, key: str, call: Hosted, block: Object) -> None:
        self._key = key
        self._call = hosted.finished(call, block)

    def start(self) -> Events:
        return []

    def delta(self, delta: Object) -> Events | None:
        return None

    def stop(self) -> Events:
        return [Closed(item=self._key, sealed=self._call)]


class _Whole:
    """A block that comes at once."""

    def __init__(self, key: str, value: Item) -> None:
        self._key = key
        self._value = value

    def start(self) -> Events:
        return [Opened(item=self._key, value=self._value)]

    def delta(self, delta: Object) -> Events | None:
        return None

    def stop(self) -> Events:
        return [Closed(item=self._key)]


class _Unread:
    """A block of a kind that we do not know: its deltas are laid over it field by field."""

    def __init__(self, key: str, first: bool, block: Object) -> None:
        self._key = key
        self._joined = not first
        self._data = block.left()

    def start(self) -> Events:
        return [Opened(item=self._key, value=self._value())]

    def delta(self, delta: Object) -> Events | None:
        for name, value in delta.left().items():
            if name == "type":
                continue
            before = self._data.get(name)
            both = isinstance(before, str) and isinstance(value, str)
            self._data = {**self._data, name: f"{before}{value}" if both else value}
        return []

    def stop(self) -> Events:
        return [Closed(item=self._key, sealed=self._value())]

    def _value(self) -> Unread:
        return Unread(dialect=NAME, data=self._data, joined=self._joined)
