"""An answer on its way to the caller: events, or finished items, told as deltas of choices."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.events import Cited, Closed, Happened, Opened, PartClosed, PartOpened, Wrote
from manymind.canon.items import Called, Item, Said, Thought, Unread
from manymind.canon.parts import Image, Part, Refusal, Text
from manymind.canon.values import Json
from manymind.dialects.openai_chat.parts import NAME
from manymind.dialects.openai_chat.speaking import Manner, Speech


class Told(Struct, frozen=True):
    """What is new of a choice."""

    choice: int
    delta: Json
    logprobs: tuple[Json, ...] | None = None


class _Open(Struct):
    """An item that is open, with its arguments so far, its parts, and where its texts start."""

    key: str
    value: Item
    choice: int
    arguments: list[str] = []
    parts: dict[int, Part] = {}
    starts: dict[int, int] = {}


class Telling:
    """Keeps what each choice has said. `hear` tells an event, `tell` a whole item."""

    def __init__(self, how: Manner) -> None:
        self._how = how
        self._items: dict[str, _Open] = {}
        self.choices: dict[int, Speech] = {}

    def hear(self, event: Happened) -> Iterator[Told]:
        match event:
            case Opened():
                opened = _Open(event.item, event.value, event.choice)
                self._items[event.item] = opened
                yield from self.start(event.choice)
                if isinstance(event.value, Unread) and event.value.dialect == NAME:
                    yield self._told(
                        opened, {"tool_calls": [self._speech(opened).call_unread(event.value)]}
                    )
            case PartOpened(where="content"):
                opened = self._items[event.item]
                opened.parts[event.part] = event.value
                yield from self._show(opened, event.part, event.value)
            case Wrote():
                yield from self._write(self._items[event.item], event)
            case Cited():
                opened = self._items[event.item]
                yield from self._cite(opened, event)
            case PartClosed(where="content", value=Image() as image):
                opened = self._items[event.item]
                if opened.parts.get(event.part) != image:
                    yield self._told(opened, self._speech(opened).show(image))
            case Closed():
                yield from self._close(self._items.pop(event.item), event)
            case _:
                pass

    def pass_by(self, event: Wrote) -> None:
        """Words that went to the caller without us; what follows counts from their end."""
        opened = self._items[event.item]
        if event.part in opened.starts:
            self._speech(opened).text(event.text)
        else:
            for _ in self.hear(event):
                pass

    def tell(self, answer: Answer) -> Iterator[Told]:
        """A whole answer, item by item, as its events would have told it."""
        for number, output in enumerate(answer.outputs):
            key, item = str(number), output.item
            yield from self.hear(Opened(item=key, value=_shell(item), choice=output.choice))
            match item:
                case Said():
                    for place, part in enumerate(item.parts):
                        yield from self._tell_part(key, place, part)
                case Thought():
                    for place, text in enumerate(item.content):
                        yield from self.hear(Wrote(item=key, text=text.text, part=place))
                    for place, text in enumerate(item.summary):
                        wrote = Wrote(item=key, text=text.text, part=place, where="summary")
                        yield from self.hear(wrote)
                case _:
                    pass
            yield from self.hear(Closed(item=key, sealed=item))

    def _tell_part(self, key: str, place: int, part: Part) -> Iterator[Told]:
        match part:
            case Text():
                wrote = Wrote(item=key, text=part.text, part=place, logprobs=part.logprobs)
                yield from self.hear(wrote)
                for citation in part.citations:
                    yield from self.hear(Cited(item=key, citation=citation, part=place))
            case Refusal():
                yield from self.hear(PartOpened(item=key, part=place, value=Refusal(text="")))
                yield from self.hear(Wrote(item=key, text=part.text, part=place))
            case _:
                yield from self.hear(PartOpened(item=key, part=place, value=part))

    def _speech(self, opened: _Open) -> Speech:
        return self.choices[opened.choice]

    def _told(self, opened: _Open, delta: Json) -> Told:
        return Told(opened.choice, delta)

    def start(self, choice: int) -> Iterator[Told]:
        """The first delta of a choice carries the role."""
        if choice not in self.choices:
            self.choices[choice] = Speech(self._how)
            yield Told(choice, {"role": "assistant", "content": ""})

    def _show(self, opened: _Open, number: int, part: Part) -> Iterator[Told]:
        match part:
            case Text(text=text) if text:
                yield from self._write(opened, Wrote(item=opened.key, text=text, part=number))
            case Refusal(text=text) if text:
                yield self._told(opened, self._speech(opened).refuse(text))
            case Image():
                yield self._told(opened, self._speech(opened).show(part))
            case _:
                pass

    def _write(self, opened: _Open, event: Wrote) -> Iterator[Told]:
        if event.where == "arguments":
            opened.arguments.append(event.text)
            return
        speech = self._speech(opened)
        if isinstance(opened.value, Thought):
            place = (opened.key, event.where, event.part)
            yield self._told(opened, speech.think(place, event.text))
        elif isinstance(opened.parts.get(event.part), Refusal):
            yield self._told(opened, speech.refuse(event.text))
        elif isinstance(opened.value, Said):
            text = self._lead(opened, event.part) + event.text
            yield Told(opened.choice, speech.text(text), event.logprobs)

    def _cite(self, opened: _Open, event: Cited) -> Iterator[Told]:
        speech = self._speech(opened)
        lead = self._lead(opened, event.part)
        if lead:
            yield self._told(opened, speech.text(lead))
        yield self._told(opened, speech.cite(event.citation, opened.starts[event.part]))

    def _lead(self, opened: _Open, part: int) -> str:
        """What sets this part's first words apart from other messages; notes where they start."""
        if part in opened.starts:
            return ""
        speech = self._speech(opened)
        lead = speech.lead(opened.key, apart=opened.value.joined is not True)
        opened.starts[part] = speech.length + len(lead)
        return lead

    def _close(self, opened: _Open, event: Closed) -> Iterator[Told]:
        speech, value = self._speech(opened), event.sealed or opened.value
        match value:
            case Called():
                written = "".join(opened.arguments) or value.arguments
                call = speech.call(replace(value, arguments=written))
                yield self._told(opened, {"tool_calls": [call]})
            case Thought():
                yield self._told(opened, speech.seal(value))
            case Said():
                yield self._told(opened, speech.notes())
            case _:
                pass


def _shell(item: Item) -> Item:
    return replace(item, parts=()) if isinstance(item, Said) else item
