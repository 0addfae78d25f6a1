"""One item of a streamed reply: which events tell of it, with its id and place in each."""

from collections.abc import Iterator

from manymind.canon.events import Advanced, Cited, Closed, PartClosed, PartOpened, Wrote
from manymind.canon.items import Called, Hosted, Item, Said, Thought
from manymind.canon.parts import Part, Refusal, Text
from manymind.canon.values import Json
from manymind.dialects.openai_responses.hosted import form_of
from manymind.dialects.openai_responses.outputs import (
    part_shown,
    show_citation,
    show_item,
    show_part,
    show_thought_text,
    status_shown,
)
from manymind.dialects.openai_responses.telling import Place, blank, parts_of, shell

OfItem = PartOpened | Wrote | Cited | PartClosed | Advanced | Closed
Told = Iterator[tuple[str, Json]]
"""Types and fields of wire events."""


class _Part:
    def __init__(self, place: Place, index: int, value: Part) -> None:
        self.place = place
        self.index = index
        self.value = value
        self.citations = 0
        self.closed = False


class Line:
    """`visible` is False for what this dialect has no item for: then nothing is told of it."""

    def __init__(self, item: Item, item_id: str, index: int, *, visible: bool) -> None:
        self.item_id = item_id
        self.visible = visible
        self.status = "in_progress"
        self.closed = False
        self._value = item
        self._digest = isinstance(item, Thought) and item.digest
        self._index = index
        self._parts: dict[Place, _Part] = {}
        self._shown: dict[str, int] = {}
        self._states: set[str] = set()

    def follow(self, event: OfItem) -> None:
        """Keep count of what was told elsewhere."""
        match event:
            case PartOpened():
                self._part((event.where, event.part), event.value)
            case Cited():
                self._part(("content", event.part)).citations += 1
            case PartClosed():
                self._part((event.where, event.part)).closed = True
            case Advanced():
                self._states.add(event.state)
            case Closed():
                self.closed = True
                self.status = status_shown(self._value, event.status)
            case Wrote():
                pass

    def open(self) -> Told:
        if not self.visible:
            return
        added = show_item(shell(self._value), self.item_id, "in_progress")
        yield "response.output_item.added", {"output_index": self._index, "item": added}
        if isinstance(self._value, Called) and self._value.arguments:
            yield from self._write_arguments(self._value.arguments)
        yield from self._advance("in_progress")

    def tell(self, event: PartOpened | Wrote | Cited | Advanced) -> Told:
        """The item goes on."""
        if not self.visible:
            return
        match event:
            case PartOpened():
                yield from self._open_part((event.where, event.part), event.value)
            case Wrote(where="arguments"):
                yield from self._write_arguments(event.text)
            case Wrote():
                yield from self._write(event)
            case Cited():
                yield from self._cite(event)
            case Advanced():
                yield from self._advance(event.state)

    def tell_part_end(self, event: PartClosed, part: Part) -> Told:
        """A part of the item is done; `part` is as it stands now."""
        if self.visible:
            yield from self._close_part((event.where, event.part), part)

    def tell_end(self, event: Closed, item: Item) -> Told:
        """The item is done; `item` is as it stands now."""
        if self.visible:
            yield from self._close(event, item)

    def _part(self, place: Place, value: Part | None = None) -> _Part:
        part = self._parts.get(place)
        if part is None:
            index = self._shown.get(place[0], 0)
            part = self._parts[place] = _Part(place, index, value or Text(text=""))
            self._shown[place[0]] = index + self._shows(part.value)
        return part

    def _shows(self, part: Part) -> bool:
        match self._value:
            case Said():
                return part_shown(part)
            case Thought():
                return isinstance(part, Text)
            case _:
                return False

    def _show(self, part: Part, where: str) -> Json:
        return show_thought_text(part, where) if self._thinks else show_part(part)

    def _field(self, place: Place) -> str:
        """Where a part is shown: a digest is told as content, and is a summary here."""
        return "summary" if self._digest else place[0]

    @property
    def _thinks(self) -> bool:
        return isinstance(self._value, Thought)

    def _at(self, part: _Part | None = None) -> Json:
        place: Json = {"item_id": self.item_id, "output_index": self._index}
        if part is not None:
            place[f"{self._field(part.place)}_index"] = part.index
        return place

    def _open_part(self, place: Place, value: Part) -> Told:
        if place in self._parts:
            return
        part = self._part(place, value)
        if not self._shows(value):
            return
        field = self._field(place)
        kind = "reasoning_summary_part" if field == "summary" else "content_part"
        fields = self._at(part) | {"part": self._show(blank(value), field)}
        yield f"response.{kind}.added", fields
        if isinstance(value, Text | Refusal) and value.text:
            yield self._delta(part, value.text, [])

    def _write(self, event: Wrote) -> Told:
        place = (event.where, event.part)
        yield from self._open_part(place, Text(text=""))
        part = self._part(place)
        if self._shows(part.value) and (event.text or event.logprobs):
            yield self._delta(part, event.text, list(event.logprobs or ()))

    def _delta(self, part: _Part, text: str, logprobs: list[Json]) -> tuple[str, Json]:
        fields = self._at(part) | {"delta": text}
        kind = self._words(part)
        if kind == "output_text":
            fields["logprobs"] = logprobs
        return f"response.{kind}.delta", fields

    def _words(self, part: _Part) -> str:
        """What this dialect calls the words of a part."""
        if self._thinks:
            field = self._field(part.place)
            return "reasoning_text" if field == "content" else "reasoning_summary_text"
        return "refusal" if isinstance(part.value, Refusal) else "output_text"

    def _cite(self, event: Cited) -> Told:
        place = ("content", event.part)
        yield from self._open_part(place, Text(text=""))
        part = self._part(place)
        if isinstance(self._value, Said) and isinstance(part.value, Text):
            fields = self._at(part) | {
                "annotation_index": part.citations,
                "annotation": show_citation(event.citation),
            }
            part.citations += 1
            yield "response.output_text.annotation.added", fields

    def _close_part(self, place: Place, value: Part) -> Told:
        part = self._part(place)
        if part.closed:
            return
        part.closed = True
        if not self._shows(part.value):
            return
        if isinstance(value, Text | Refusal):
            yield self._words_done(part, value)
        field = self._field(place)
        kind = "reasoning_summary_part" if field == "summary" else "content_part"
        yield f"response.{kind}.done", self._at(part) | {"part": self._show(value, field)}

    def _words_done(self, part: _Part, value: Text | Refusal) -> tuple[str, Json]:
        kind = self._words(part)
        name = "refusal" if kind == "refusal" else "text"
        fields = self._at(part) | {name: value.text}
        if kind == "output_text" and isinstance(value, Text):
            fields["logprobs"] = list(value.logprobs or ())
        return f"response.{kind}.done", fields

    def _write_arguments(self, text: str) -> Told:
        if isinstance(self._value, Called) and text:
            yield "response.function_call_arguments.delta", self._at() | {"delta": text}

    def _advance(self, state: str) -> Told:
        """Each state is told once, and only those that this dialect has an event for."""
        if not isinstance(self._value, Hosted) or state in self._states:
            return
        form = form_of(self._value.tool)
        if state in form.states:
            self._states.add(state)
            yield f"response.{form.kind}.{state}", self._at()

    def _close(self, event: Closed, item: Item) -> Told:
        if self.closed:
            return
        finals = parts_of(item)
        for where in ("summary", "content"):
            places = sorted(place for place in self._parts if place[0] == where)
            for rank, place in enumerate(places):
                value = finals.get((where, rank), self._parts[place].value)
                yield from self._close_part(place, value)
        if isinstance(item, Called):
            fields: Json = {"arguments": item.arguments, "name": item.name}
            yield "response.function_call_arguments.done", self._at() | fields
        yield from self._advance(event.status)
        self.closed = True
        self.status = status_shown(item, event.status)
        shown = show_item(item, self.item_id, self.status)
        yield "response.output_item.done", {"output_index": self._index, "item": shown}
