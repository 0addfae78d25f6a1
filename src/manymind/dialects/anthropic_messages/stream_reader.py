"""Reads one streamed reply."""

from manymind.canon.events import Chunk, Happened, Stopped, Unheard, Wire
from manymind.canon.faults import CutShort
from manymind.canon.values import Json
from manymind.dialects.anthropic_messages.block_reader import BlockReader
from manymind.dialects.anthropic_messages.faults import reported
from manymind.dialects.anthropic_messages.reply_reader import (
    ended,
    read_began,
    read_spent,
    read_stopped,
)
from manymind.dialects.anthropic_messages.words import NAME
from manymind.dialects.mirror import Message
from manymind.dialects.reading import Object, decode, upstream


class StreamReader:
    def __init__(self) -> None:
        self._blocks: BlockReader | None = None
        self._usage: Json = {}
        self._stopped: Stopped | None = None
        self._done = False

    def feed(self, message: Message) -> Chunk:
        if self._done:
            return Chunk(())  # Some servers add the end mark of another dialect.
        body = decode(message.data, upstream)
        data = dict(body.left())
        kind = body.text("type") or message.event or ""
        if kind == "error":
            raise reported(data)
        return Chunk(tuple(self._told(kind, body, data)), Wire(NAME, data, message.event or kind))

    def end(self) -> Chunk:
        if not self._done:
            raise CutShort("The upstream's stream stopped before its end.", advice="Try again.")
        return Chunk(())

    def _told(self, kind: str, body: Object, data: Json) -> list[Happened]:
        match kind:
            case "ping":
                return []
            case "message_start":
                return self._start(body)
            case "content_block_start":
                block = body.needed("content_block", body.inner("content_block"))
                return self._reader(kind).start(_index(body), block)
            case "content_block_delta":
                told = self._reader(kind).delta(_index(body), _delta(body))
                return [Unheard(dialect=NAME, data=data)] if told is None else told
            case "content_block_stop":
                return self._reader(kind).stop(_index(body))
            case "message_delta":
                return self._stop(kind, body)
            case "message_stop":
                return self._end(kind)
            case _:
                return [Unheard(dialect=NAME, data=data)]

    def _reader(self, kind: str) -> BlockReader:
        if self._blocks is None:
            raise upstream(kind, "came before message_start")
        return self._blocks

    def _start(self, body: Object) -> list[Happened]:
        if self._blocks is not None:
            raise upstream("message_start", "came twice")
        message = body.needed("message", body.inner("message"))
        began = read_began(message)
        self._blocks = BlockReader(began.id)
        self._usage = message.json("usage") or {}
        return [began, *read_spent(self._usage)]

    def _stop(self, kind: str, body: Object) -> list[Happened]:
        told = self._reader(kind).finish()
        delta = _delta(body)
        stopped = read_stopped(delta)
        counted = body.json("usage") or {}
        # Counts here are totals; one that is missing stands as the start has told it.
        known = {name: value for name, value in counted.items() if value is not None}
        self._usage = {**self._usage, **known}
        if stopped.native is None:
            return [*told, *read_spent(self._usage)]
        self._stopped = stopped
        return [*told, stopped, *read_spent(self._usage)]

    def _end(self, kind: str) -> list[Happened]:
        told = self._reader(kind).finish()
        if self._stopped is None:
            raise upstream("message_stop", "came without a reason why")
        self._done = True
        return [*told, ended(self._stopped)]


def _index(body: Object) -> int:
    return body.needed("index", body.whole("index", 0))


def _delta(body: Object) -> Object:
    return body.needed("delta", body.inner("delta"))
