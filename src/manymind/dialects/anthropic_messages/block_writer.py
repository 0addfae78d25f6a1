"""Items of an answer as they come, written as blocks of a stream."""

from typing import Protocol, TypeAlias, assert_never, cast

from manymind.canon.events import Cited, Closed, Opened, PartClosed, PartOpened, Wire, Wrote
from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import Citation, Part, Refusal, Text
from manymind.canon.values import Json
from manymind.dialects.anthropic_messages.citations import write_citation
from manymind.dialects.anthropic_messages.reply_writer import called, fields_of, shown, thought
from manymind.dialects.anthropic_messages.sealing import seal
from manymind.dialects.reading import encode
from manymind.dialects.sse import frame

ItemEvent: TypeAlias = PartOpened | Wrote | Cited | PartClosed | Closed


class Blocks:
    """Numbers the blocks and frames what is said of them. While `muted`, it only listens: what
    is sent then came in this dialect, and `heard` keeps the books of it."""

    def __init__(self) -> None:
        self.muted = False
        self._sent: list[bytes] = []
        self.open = False
        self._next = 0
        self._signed = False
        self._cited = 0

    def drain(self) -> list[bytes]:
        sent, self._sent = self._sent, []
        return sent

    def send(self, event: Json) -> None:
        if not self.muted:
            self._sent.append(frame(encode(event), str(event.get("type"))))

    def start(self, block: Json) -> None:
        if self.muted:
            return
        self.stop()
        self.send({"type": "content_block_start", "index": self._next, "content_block": block})
        self._began(self._next)

    def delta(self, kind: str, name: str, value: object) -> None:
        delta = {"type": kind, name: value}
        self.send({"type": "content_block_delta", "index": self._next - 1, "delta": delta})

    def sign(self, signature: str) -> None:
        if signature and not self._signed:
            self.delta("signature_delta", "signature", signature)

    def cite(self, citations: list[Json]) -> None:
        """Those that the upstream's own messages have told already come first."""
        for citation in citations[self._cited :]:
            self.delta("citations_delta", "citation", citation)

    def stop(self) -> None:
        if self.open and not self.muted:
            self.send({"type": "content_block_stop", "index": self._next - 1})
            self.open = False

    def whole(self, block: Json) -> None:
        """A block that is known at once, in the pieces in which clients expect it."""
        match block.get("type"):
            case "text":
                self.start({**_without(block, "citations"), "text": ""})
                if block["text"]:
                    self.delta("text_delta", "text", block["text"])
                self.cite(cast("list[Json]", block.get("citations") or []))
            case "thinking":
                self.start({**block, "thinking": "", "signature": ""})
                if block["thinking"]:
                    self.delta("thinking_delta", "thinking", block["thinking"])
                self.sign(str(block["signature"]))
            case "tool_use" | "server_tool_use":
                self.start({**block, "input": {}})
                self.delta("input_json_delta", "partial_json", encode(block["input"]).decode())
            case _:
                self.start(block)
        self.stop()

    def heard(self, wire: Wire) -> None:
        match wire.data.get("type"):
            case "content_block_start":
                index = wire.data.get("index")
                self._began(index if isinstance(index, int) else self._next)
            case "content_block_delta":
                delta = wire.data.get("delta")
                kind = cast("Json", delta).get("type") if isinstance(delta, dict) else None
                self._signed = self._signed or kind == "signature_delta"
                self._cited += kind == "citations_delta"
            case "content_block_stop":
                self.open = False
            case _:
                pass

    def _began(self, index: int) -> None:
        self._next, self.open = index + 1, True
        self._signed, self._cited = False, 0


def _without(fields: Json, name: str) -> Json:
    return {key: value for key, value in fields.items() if key != name}


class Scribe(Protocol):
    """Writes one item. `begun` says that its first block has been started; where the upstream's
    own message did so, what is left to write goes on from there."""

    begun: bool

    def tell(self, event: ItemEvent) -> None: ...


def scribe(opened: Opened, blocks: Blocks) -> Scribe:
    value = opened.value
    match value:
        case Said():
            return _Said(value, blocks)
        case Thought():
            return _Thought(value, blocks)
        case Called():
            return _Call(value, blocks)
        case Hosted() | Unread() | Returned():
            return _AtOnce(value, blocks)
        case _:
            assert_never(value)


class _Said:
    def __init__(self, value: Said, blocks: Blocks) -> None:
        self.begun = False
        self._value = value
        self._blocks = blocks
        self._part: int | None = None
        self._shown = False
        self._length = 0
        self._citations: list[Citation] = []

    def tell(self, event: ItemEvent) -> None:
        match event:
            case PartOpened():
                self._begin(event.part, event.value)
            case Wrote():
                self._at(event.part)
                self._write(event.text)
            case Cited():
                self._at(event.part)
                self._citations.append(event.citation)
            case PartClosed():
                self._end()
            case Closed():
                self._end()
                self._close(event.sealed or self._value)
            case _:
                assert_never(event)

    def _at(self, part: int) -> None:
        if part != self._part:
            self._begin(part, Text(text=""))

    def _begin(self, part: int, value: Part) -> None:
        self._end()
        self.begun, self._part, self._length, self._citations = True, part, 0, []
        self._shown = isinstance(value, Text | Refusal)
        if isinstance(value, Text | Refusal):
            self._blocks.start({**fields_of(value.aside), "type": "text", "text": ""})
            self._write(value.text)
        if isinstance(value, Text):
            self._citations.extend(value.citations)

    def _write(self, text: str) -> None:
        self._length += len(text)
        if text and self._shown:
            self._blocks.delta("text_delta", "text", text)

    def _end(self) -> None:
        if self._part is not None and self._shown:
            notes = [write_citation(note, self._length) for note in self._citations]
            self._blocks.cite([note for note in notes if note is not None])
            self._blocks.stop()
        self._part = None

    def _close(self, value: Item) -> None:
        if not self.begun:
            for block in shown(value):
                self._blocks.whole(block)


class _Thought:
    """Reasoning is shown in short or in the open, whichever is told first."""

    def __init__(self, value: Thought, blocks: Blocks) -> None:
        self.begun = blocks.muted
        self._value = value
        self._blocks = blocks
        self._where = ""
        self._part = 0

    def tell(self, event: ItemEvent) -> None:
        match event:
            case PartOpened() if isinstance(event.value, Text):
                self._write(event.where, event.part, event.value.text)
            case Wrote():
                self._write(event.where, event.part, event.text)
            case Closed():
                self._close(event.sealed or self._value)
            case PartOpened() | Cited() | PartClosed():
                pass
            case _:
                assert_never(event)

    def _write(self, where: str, part: int, text: str) -> None:
        if not text or self._where not in ("", where):
            return
        if not self._where:
            self._where, self._part = where, part
        if not self.begun:
            self.begun = True
            self._blocks.start(thought(self._value, "", ""))
        if part != self._part:
            self._part = part
            text = "\n\n" + text
        self._blocks.delta("thinking_delta", "thinking", text)

    def _close(self, value: Item) -> None:
        if not self.begun:
            for block in shown(value):
                self._blocks.whole(block)
        elif isinstance(value, Thought) and not value.redacted:
            self._blocks.sign(seal(value, self._where))
        self._blocks.stop()


class _Call:
    def __init__(self, value: Called, blocks: Blocks) -> None:
        self._blocks = blocks
        self.begun = True
        self._silent = True
        blocks.start(called(value, {}))
        self._write(value.arguments)

    def tell(self, event: ItemEvent) -> None:
        match event:
            case Wrote():
                self._write(event.text)
            case Closed(sealed=Called() as sealed) if self._silent:
                self._write(sealed.arguments)
                self._blocks.stop()
            case Closed():
                self._blocks.stop()
            case PartOpened() | Cited() | PartClosed():
                pass
            case _:
                assert_never(event)

    def _write(self, text: str) -> None:
        if text:
            self._silent = False
            self._blocks.delta("input_json_delta", "partial_json", text)


class _AtOnce:
    """An item that only its end completes. What the upstream's own messages have begun of it,
    they have shown in full but for its end."""

    def __init__(self, value: Item, blocks: Blocks) -> None:
        self._value = value
        self._blocks = blocks
        self.begun = blocks.muted

    def tell(self, event: ItemEvent) -> None:
        if not isinstance(event, Closed):
            return
        if self.begun:
            self._blocks.stop()
            return
        for block in shown(event.sealed or self._value):
            self._blocks.whole(block)
