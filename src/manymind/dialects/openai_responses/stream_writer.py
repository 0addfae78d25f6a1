"""Writes a streamed reply: numbered events, each of them one write."""

from collections.abc import Callable
from typing import cast

from msgspec.structs import replace

from manymind.canon.answers import Folding
from manymind.canon.events import (
    LEADER,
    Advanced,
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
    words,
)
from manymind.canon.faults import Fault
from manymind.canon.items import id_of
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.agents import AGENT_EVENT, show_event
from manymind.dialects.mirror import View
from manymind.dialects.openai_responses.faults import write_error
from manymind.dialects.openai_responses.lines import Line, Told
from manymind.dialects.openai_responses.moulds import Mould, moulded
from manymind.dialects.openai_responses.outputs import Ids, show_item, shown
from manymind.dialects.openai_responses.response_writer import patched, show_response, unsealed
from manymind.dialects.openai_responses.words import NAME
from manymind.dialects.reading import encode
from manymind.dialects.sse import frame


class StreamWriter:
    """Messages that came in this dialect are sent on as they came, until the first event that
    was not read from one: from then on all is written from the events, so that nothing that
    was changed on the way can slip through in an upstream's own summary of it.

    Whoever writes a response anew tells all that was asked: `whole` gives it, where `request` is
    no more than the outline of a letter."""

    def __init__(
        self, request: Request, view: View, whole: Callable[[], Request] | None = None
    ) -> None:
        self._request = request
        self._whole = whole or (lambda: request)
        self._view = view
        self._folding = Folding()
        self._lines: dict[str, Line] = {}
        self._visible = 0
        self._ids = Ids("")
        self._number = 0
        self._verbatim = True
        self._mould: Mould | None = None
        self._ended = False

    def write(self, chunk: Chunk) -> list[bytes]:
        if self._ended:
            return []
        wrote, mould = words(chunk), self._mould
        if wrote is not None and mould is not None and mould.fits(wrote):
            self._folding.take(wrote)
            return [mould.cast(wrote.text, self._next())]
        return self._write_in_full(chunk)

    def _write_in_full(self, chunk: Chunk) -> list[bytes]:
        self._mould = None
        if self._verbatim and chunk.wire is not None and _sendable(chunk, chunk.wire):
            self._follow(chunk)
            return [self._pass_on(chunk.wire)]
        written: list[bytes] = []
        for event in chunk.events:
            if event.voice != LEADER or isinstance(event, Noted):
                if self._view.agents:
                    written.append(self._frame(AGENT_EVENT, show_event(event)))
                continue
            self._verbatim = False
            self._folding.take(event)
            written.extend(self._write(event))
        if len(written) == 1 and (wrote := words(chunk)) is not None:
            self._mould = moulded(wrote, written[0], self._number - 1)
        return written

    def fail(self, fault: Fault) -> list[bytes]:
        if self._ended:
            return []
        self._ended = True
        answer = replace(self._folding.answer(), reason=None)
        response = show_response(
            answer, self._whole(), self._view, self._output(), write_error(fault)
        )
        return [self._frame("response.failed", {"response": response})]

    def _follow(self, chunk: Chunk) -> None:
        """Keep count of what a message that is sent on has opened, written and closed."""
        self._folding.hear(Chunk(chunk.events))
        for event in chunk.events:
            match event:
                case Began():
                    self._ids = Ids(event.id)
                case Opened():
                    line = self._begin_item(event)
                    line.item_id = id_of(event.value) or line.item_id
                case PartOpened() | Wrote() | Cited() | PartClosed() | Advanced() | Closed():
                    self._lines[event.item].follow(event)
                case Ended():
                    self._ended = True
                case _:
                    pass

    def _pass_on(self, wire: Wire) -> bytes:
        data = dict(wire.data)
        kind = wire.event or data.get("type")
        data["sequence_number"] = self._next()
        response = data.get("response")
        if isinstance(response, dict):
            data["response"] = patched(
                cast("Json", response), self._folding.answer(), self._request, self._view
            )
        if "item" in data:
            data["item"] = unsealed(data["item"], self._request)
        return frame(encode(data), str(kind))

    def _write(self, event: Happened) -> list[bytes]:
        match event:
            case Began():
                self._ids = Ids(event.id)
                return [self._state("created"), self._state("in_progress")]
            case Opened():
                line = self._begin_item(event)
                return self._frames(line.open())
            case PartOpened() | Wrote() | Cited() | Advanced():
                return self._frames(self._lines[event.item].tell(event))
            case PartClosed():
                part = self._folding.part(event.item, event.where, event.part)
                return self._frames(self._lines[event.item].tell_part_end(event, part))
            case Closed():
                item = self._folding.item(event.item)
                return self._frames(self._lines[event.item].tell_end(event, item))
            case Unheard():
                kind = event.data.get("type")
                ours = event.dialect == NAME and isinstance(kind, str)
                return [self._frame(str(kind), event.data)] if ours else []
            case Ended():
                return self._end()
            case Stopped() | Spent() | Noted():
                return []

    def _begin_item(self, event: Opened) -> Line:
        visible = event.choice == 0 and shown(event.value)
        item_id = self._ids.give(event.value) if visible else ""
        line = Line(event.value, item_id, self._visible, visible=visible)
        self._lines[event.item] = line
        self._visible += visible
        return line

    def _end(self) -> list[bytes]:
        written: list[bytes] = []
        for key, line in self._lines.items():
            if not line.closed:
                item = self._folding.item(key)
                closed = Closed(item=key, status="incomplete")
                written.extend(self._frames(line.tell_end(closed, item)))
        response = show_response(self._folding.answer(), self._whole(), self._view, self._output())
        self._ended = True
        kind = "completed" if response["status"] == "completed" else "incomplete"
        return [*written, self._frame(f"response.{kind}", {"response": response})]

    def _state(self, state: str) -> bytes:
        response = show_response(self._folding.answer(), self._whole(), self._view, [])
        return self._frame(f"response.{state}", {"response": response})

    def _output(self) -> list[object]:
        return [
            unsealed(show_item(self._folding.item(key), line.item_id, line.status), self._request)
            for key, line in self._lines.items()
            if line.visible
        ]

    def _frames(self, events: Told) -> list[bytes]:
        return [self._frame(kind, self._told(fields)) for kind, fields in events]

    def _told(self, fields: Json) -> Json:
        if "item" not in fields:
            return fields
        return {**fields, "item": unsealed(fields["item"], self._request)}

    def _frame(self, kind: str, fields: Json) -> bytes:
        data = {"type": kind, **fields, "sequence_number": self._next()}
        return frame(encode(data), kind)

    def _next(self) -> int:
        self._number += 1
        return self._number - 1


def _sendable(chunk: Chunk, wire: Wire) -> bool:
    """A whole reply is no event of a stream, and other voices' messages are not the leader's."""
    ours = wire.dialect == NAME and not wire.whole
    return ours and all(event.voice == LEADER for event in chunk.events)
