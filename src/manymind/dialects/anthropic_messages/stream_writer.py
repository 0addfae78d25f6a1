"""Writes one streamed reply.

Blocks go out one after another, numbered from 0: the item that was opened first is written as
it comes, and any other waits for its turn. A message that came in this dialect is sent as it
came, and the books are kept all the same, in case a later one has been changed on its way.
Other voices are told between, to callers who have asked for them.
"""

from typing import cast

from manymind.canon.events import (
    LEADER,
    Began,
    Chunk,
    Cited,
    Closed,
    Ended,
    Happened,
    Noted,
    Opened,
    PartClosed,
    PartOpened,
    Spent,
    Stopped,
    Unheard,
    Wire,
    Wrote,
)
from manymind.canon.faults import Fault
from manymind.canon.items import Called
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.agents import AGENT_EVENT, show_event
from manymind.dialects.anthropic_messages.block_writer import Blocks, ItemEvent, Scribe, scribe
from manymind.dialects.anthropic_messages.faults import error_object
from manymind.dialects.anthropic_messages.reply_writer import ending, fields_of, priced
from manymind.dialects.anthropic_messages.usage import write_usage
from manymind.dialects.anthropic_messages.words import NAME
from manymind.dialects.mirror import View
from manymind.dialects.proofs import proved
from manymind.dialects.reading import encode
from manymind.dialects.sse import frame


class StreamWriter:
    def __init__(self, view: View) -> None:
        self._view = view
        self._blocks = Blocks()
        self._waiting: dict[str, list[ItemEvent | Opened]] = {}
        self._scribe: Scribe | None = None
        self._model = ""
        self._usage: Usage | None = None
        self._stopped: Stopped | None = None
        self._calls = False
        self._told_why = False

    def write(self, chunk: Chunk) -> list[bytes]:
        wire = chunk.wire if self._direct(chunk) else None
        self._blocks.muted = wire is not None
        for event in chunk.events:
            if isinstance(event, Spent) and event.voice == LEADER:
                self._usage = event.usage
        for event in chunk.events:
            if event.voice == LEADER and not isinstance(event, Noted):
                self._tell(event)
            elif self._view.agents:
                self._blocks.send({"type": AGENT_EVENT, **show_event(event)})
        if wire is None:
            return self._blocks.drain()
        self._blocks.heard(wire)
        self._told_why = self._told_why or wire.data.get("type") == "message_delta"
        return [frame(encode(self._patched(wire)), wire.event or str(wire.data.get("type")))]

    def fail(self, fault: Fault) -> list[bytes]:
        return [frame(encode(error_object(fault)), "error")]

    def _direct(self, chunk: Chunk) -> bool:
        """Whether a message can go out as it came: it is in this dialect, nothing waits before
        it, and what it goes on with was begun on the wire."""
        wire = chunk.wire
        if wire is None or wire.dialect != NAME or wire.whole or len(self._waiting) > 1:
            return False
        owing = self._scribe is not None and not self._scribe.begun
        if owing and any(isinstance(event, Closed) for event in chunk.events):
            return False
        match wire.data.get("type"):
            case "content_block_start":
                opens = any(isinstance(event, Opened | PartOpened) for event in chunk.events)
                return opens or not owing
            case "content_block_delta" | "content_block_stop":
                return self._blocks.open
            case "message_delta":
                return isinstance(wire.data.get("usage"), dict)  # else it waits for an estimate
            case "message_stop":
                return self._told_why
            case _:
                return True

    def _patched(self, wire: Wire) -> Json:
        """What the gateway knows better: the model's id, and what it cost."""
        message = wire.data.get("message")
        if wire.data.get("type") == "message_start" and isinstance(message, dict):
            inner: Json = {**cast("Json", message), "model": self._model}
            if not isinstance(inner.get("usage"), dict):
                inner["usage"] = write_usage(self._usage)
            return {**wire.data, "message": priced(inner, self._usage)}
        if wire.data.get("type") == "message_delta":
            return priced(wire.data, self._usage)
        return wire.data

    def _tell(self, event: Happened) -> None:
        match event:
            case Began():
                self._begin(event)
            case Opened() if event.choice == 0:
                self._open(event)
            case PartOpened() | Wrote() | Cited() | PartClosed() | Closed():
                self._tell_item(event)
            case Stopped() if event.choice == 0:
                self._stopped = event
            case Unheard() if event.dialect == NAME:
                self._blocks.send(event.data)
            case Ended():
                self._end(event)
            case _:
                pass

    def _begin(self, began: Began) -> None:
        self._model = began.model
        message: Json = {
            **fields_of(began.aside),
            "id": began.id,
            "type": "message",
            "role": "assistant",
            "model": began.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": write_usage(self._usage),
        }
        self._blocks.send({"type": "message_start", "message": message})

    def _open(self, opened: Opened) -> None:
        self._calls = self._calls or isinstance(opened.value, Called)
        self._waiting[opened.item] = [opened]
        if len(self._waiting) == 1:
            self._scribe = scribe(opened, self._blocks)

    def _tell_item(self, event: ItemEvent) -> None:
        waiting = self._waiting.get(event.item)
        if waiting is None:
            return
        if event.item != next(iter(self._waiting)) or self._scribe is None:
            waiting.append(event)
            return
        self._scribe.tell(event)
        if isinstance(event, Closed):
            self._advance()

    def _advance(self) -> None:
        """The first item is done; write what has come of those that waited behind it."""
        del self._waiting[next(iter(self._waiting))]
        self._scribe = None
        while self._waiting:
            item = next(iter(self._waiting))
            done = False
            for event in self._waiting[item]:
                if isinstance(event, Opened):
                    self._scribe = scribe(event, self._blocks)
                elif self._scribe is not None:
                    self._scribe.tell(event)
                    done = isinstance(event, Closed)
            if not done:
                return
            del self._waiting[item]
            self._scribe = None

    def _end(self, ended: Ended) -> None:
        while self._waiting:
            self._tell_item(Closed(item=next(iter(self._waiting)), status="incomplete"))
        if not self._told_why:
            why = ending(self._stopped, ended.status, calls=self._calls)
            told: Json = {"type": "message_delta", "delta": why, "usage": write_usage(self._usage)}
            self._blocks.send(told | proved(ended.verification))
        self._blocks.send({"type": "message_stop"})
