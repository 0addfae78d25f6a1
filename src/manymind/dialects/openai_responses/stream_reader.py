"""Reads a streamed reply. Items are known by their place in the output, for ids may repeat."""

from collections.abc import Callable

from manymind.canon.events import Advanced, Chunk, Happened, Unheard, Wire
from manymind.canon.faults import CutShort
from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought
from manymind.canon.parts import Part, Refusal, Text
from manymind.canon.values import Json
from manymind.dialects.mirror import Message
from manymind.dialects.openai_responses.faults import reported
from manymind.dialects.openai_responses.hearing import Hearing
from manymind.dialects.openai_responses.items import read_item
from manymind.dialects.openai_responses.parts import (
    read_citation,
    read_logprobs,
    read_part,
    read_thought_text,
)
from manymind.dialects.openai_responses.response_reader import (
    read_began,
    read_close,
    read_output,
    read_status,
    refuse_failed,
)
from manymind.dialects.openai_responses.telling import Place, tell
from manymind.dialects.openai_responses.words import NAME
from manymind.dialects.reading import Object, decode, upstream

_ENDS = ("completed", "incomplete", "cancelled", "done")
"""The last events of a response; some upstreams say `done` for all of them."""


class StreamReader:
    def __init__(self) -> None:
        self._items: dict[int, Hearing] = {}
        self._count = 0
        self._began = False
        self._ended = False

    def feed(self, message: Message) -> Chunk:
        if self._ended or message.data == "[DONE]":
            return Chunk(())
        top = decode(message.data, upstream)
        data = dict(top.left())
        kind = top.needed("type", top.text("type") or message.event)
        return Chunk(tuple(self._hear(kind, top, data)), Wire(NAME, data, message.event or kind))

    def end(self) -> Chunk:
        if not self._ended:
            raise CutShort("The provider's stream stopped before its response was complete.")
        return Chunk(())

    def _hear(self, kind: str, top: Object, data: Json) -> list[Happened]:
        hear = _HEARS.get(kind)
        if hear is not None:
            return hear(self, top)
        match kind.split("."):
            case ["error"]:
                raise reported(data)
            case ["response", "failed"]:
                raise reported(data.get("response"))
            case ["response", "created" | "queued" | "in_progress"]:
                return self._begin(top)
            case ["response", end] if end in _ENDS:
                return self._end(top, end)
            case ["response", call, state] if call.endswith("_call"):
                return self._advance(top, state, data)
            case _:
                return [Unheard(dialect=NAME, data=data)]

    def _begin(self, top: Object) -> list[Happened]:
        response = top.needed("response", top.inner("response"))
        if self._began:
            return []
        self._began = True
        return [read_began(response)]

    def _end(self, top: Object, end: str) -> list[Happened]:
        response = top.needed("response", top.inner("response"))
        events: list[Happened] = [] if self._began else [read_began(response)]
        refuse_failed(response)
        items = read_output(response) if response.peek("output") is not None else ()
        for hearing in self._items.values():
            if not hearing.closed:
                events.extend(hearing.close("incomplete"))
        if not self._items:
            for n, item in enumerate(items):
                events.extend(tell(str(n), item))
        heard = items or tuple(hearing.value for hearing in self._items.values())
        status = read_status(response) or ("completed" if end == "done" else end)
        events.extend(read_close(response, heard, status))
        self._began = self._ended = True
        return events

    def open_item(self, top: Object) -> list[Happened]:
        index, item = self._index(top), _read_item(top)
        before = self._items.get(index)
        if before is not None and not before.closed:
            raise top.wrong("output_index", "is that of an item that is still open")
        return [self._listen(index, item).open()]

    def _listen(self, index: int, item: Item) -> Hearing:
        if not self._began:
            raise upstream("type", "is that of an item, before the response was created")
        hearing = Hearing(str(self._count), item)
        self._count += 1
        self._items[index] = hearing
        return hearing

    def close_item(self, top: Object) -> list[Happened]:
        """The whole item comes once more; what was not heard of it yet is told now."""
        index, item = self._index(top), _read_item(top)
        hearing = self._items.get(index)
        if hearing is None or hearing.closed:
            hearing = self._listen(index, item)
            return [hearing.open(), *hearing.close_whole(item)]
        if type(hearing.value) is not type(item):
            raise top.wrong("item.type", "is not what it was when the item was added")
        return hearing.close_whole(item)

    def open_part(self, top: Object) -> list[Happened]:
        hearing = self._hearing(top, Said, Thought, Returned)
        return hearing.open_part(_place(top), _read_part(hearing.value, top))

    def close_part(self, top: Object) -> list[Happened]:
        hearing = self._hearing(top, Said, Thought, Returned)
        return hearing.close_part(_place(top), _read_part(hearing.value, top))

    def write(self, top: Object) -> list[Happened]:
        """A piece of text: of a message, or of reasoning in the open or in short."""
        hearing = self._hearing(top, Said, Thought)
        delta = top.needed("delta", top.text("delta"))
        return hearing.write(_place(top), Text(text=""), delta, read_logprobs(top))

    def refuse(self, top: Object) -> list[Happened]:
        hearing = self._hearing(top, Said)
        delta = top.needed("delta", top.text("delta"))
        return hearing.write(_place(top), Refusal(text=""), delta)

    def cite(self, top: Object) -> list[Happened]:
        hearing, note = self._hearing(top, Said), top.inner("annotation")
        return [] if note is None else hearing.cite(_place(top), read_citation(note))

    def write_arguments(self, top: Object) -> list[Happened]:
        hearing = self._hearing(top, Called)
        return hearing.write_arguments(top.needed("delta", top.text("delta")))

    def close_arguments(self, top: Object) -> list[Happened]:
        hearing = self._hearing(top, Called)
        return hearing.close_arguments(top.text("arguments") or "")

    def pass_over(self, top: Object) -> list[Happened]:
        """The end of a text: the end of its part says the same again."""
        self._hearing(top, Said, Thought)
        return []

    def _advance(self, top: Object, state: str, data: Json) -> list[Happened]:
        hearing = self._hearing(top)
        if not isinstance(hearing.value, Hosted):
            return [Unheard(dialect=NAME, data=data)]
        return [Advanced(item=hearing.key, state=state)]

    def _index(self, top: Object) -> int:
        return top.needed("output_index", top.whole("output_index", least=0))

    def _hearing(self, top: Object, *kinds: type[Item]) -> Hearing:
        """The open item that an event is about; it must be of one of these kinds, if any."""
        hearing = self._items.get(self._index(top))
        if hearing is None or hearing.closed:
            raise top.wrong("output_index", "is that of no item that is open")
        if kinds and not isinstance(hearing.value, kinds):
            raise top.wrong("output_index", "is that of an item of another kind")
        return hearing


def _read_item(top: Object) -> Item:
    return read_item(top.needed("item", top.inner("item")))


def _read_part(item: Item, top: Object) -> Part:
    part = top.needed("part", top.inner("part"))
    return read_thought_text(part) if isinstance(item, Thought) else read_part(part)


def _place(top: Object) -> Place:
    where = "summary" if top.peek("summary_index") is not None else "content"
    return where, top.whole(f"{where}_index", least=0) or 0


_HEARS: dict[str, Callable[[StreamReader, Object], list[Happened]]] = {
    "response.output_item.added": StreamReader.open_item,
    "response.output_item.done": StreamReader.close_item,
    "response.content_part.added": StreamReader.open_part,
    "response.content_part.done": StreamReader.close_part,
    "response.output_text.delta": StreamReader.write,
    "response.output_text.done": StreamReader.pass_over,
    "response.output_text.annotation.added": StreamReader.cite,
    "response.refusal.delta": StreamReader.refuse,
    "response.refusal.done": StreamReader.pass_over,
    "response.reasoning_text.delta": StreamReader.write,
    "response.reasoning_text.done": StreamReader.pass_over,
    "response.reasoning_summary_part.added": StreamReader.open_part,
    "response.reasoning_summary_part.done": StreamReader.close_part,
    "response.reasoning_summary_text.delta": StreamReader.write,
    "response.reasoning_summary_text.done": StreamReader.pass_over,
    "response.function_call_arguments.delta": StreamReader.write_arguments,
    "response.function_call_arguments.done": StreamReader.close_arguments,
}
