"""An answer on its way to the caller: events, or finished items, told as parts of candidates.

Text is told as it comes; a call is told once its arguments are whole. Separate messages, and
separate thoughts, are set apart by an empty line, because readers join the parts of a stream.
"""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.events import Cited, Closed, Happened, Opened, PartClosed, PartOpened, Wrote
from manymind.canon.items import Called, Hosted, Item, Said, Thought, Unread
from manymind.canon.parts import Audio, Citation, File, Image, Part, Refusal, Text
from manymind.canon.values import Json
from manymind.dialects.gemini import signatures
from manymind.dialects.gemini.calls import CODE, fields_of, read_arguments, write_call, write_code
from manymind.dialects.gemini.citations import Run, Spot
from manymind.dialects.gemini.parts import PartWriter
from manymind.dialects.gemini.words import NAME
from manymind.dialects.losses import Losses

BREAK = "\n\n"


class Told(Struct, frozen=True):
    """What is new of a candidate."""

    choice: int
    part: Json
    logprobs: tuple[Json, ...] | None = None


class _Open(Struct):
    """An item that is open, with its arguments so far, its parts, and where its texts stand."""

    value: Item
    choice: int
    arguments: list[str] = []
    parts: dict[int, Part] = {}
    places: dict[int, tuple[Run, int]] = {}
    wrote: tuple[str, int] | None = None
    shown: bool = False


class Speech:
    """What one candidate has said: its runs of text, and what they cite."""

    def __init__(self) -> None:
        self.spots: list[Spot] = []
        self.over = False
        self._told = 0
        self._bounded = 0
        self._parts = 0
        self._last: str | None = None
        self._run = Run(-1)
        self._signature: str | None = None

    def text(self, text: str, kept: Json) -> Json:
        """More of what is said; `kept` are unknown fields, which set a part apart."""
        fields: Json = {**kept, "text": text}
        if self._last != "text" or kept:
            self._begin("text")
            self._run = Run(self._parts - 1)
        self._run.pieces.append(text)
        return self._signed(fields)

    def run(self) -> Run:
        """The run of text that is being told."""
        if self._last != "text":
            self._begin("text")
            self._run = Run(self._parts - 1)
        return self._run

    def follows(self, kind: str) -> bool:
        """Whether more of a kind would be taken for more of the last part."""
        return self._last == kind

    def thought(self, text: str, kept: Json) -> Json:
        if self._last != "thought" or kept:
            self._begin("thought")
        return {**kept, "text": text, "thought": True}

    def seal(self, signature: str, kept: Json) -> Json:
        """What vouches for the thought that was just told."""
        self._last = None
        return {**kept, "text": "", "thought": True, "thoughtSignature": signature}

    def whole(self, part: Json) -> Json:
        """A part that comes whole."""
        self._begin(None)
        return self._signed(part)

    def sign(self, signature: str, *, alone: bool) -> Iterator[Json]:
        """A signature: on a part of its own, or on the next that is told."""
        yield from self.flush()
        if alone:
            yield {"text": "", "thoughtSignature": signature}
        else:
            self._signature = signature
            self._last = None

    def flush(self) -> Iterator[Json]:
        """A signature that nothing has come for."""
        signature, self._signature = self._signature, None
        if signature is not None:
            yield {"text": "", "thoughtSignature": signature}

    def cite(self, run: Run, start: int, note: Citation) -> None:
        self.spots.append(Spot(run, replace(note, start=note.start + start, end=note.end + start)))

    def bound(self) -> None:
        """Lets no citation reach beyond its message, into what will stand behind it."""
        for place, spot in enumerate(self.spots[self._bounded :], self._bounded):
            note, most = spot.citation, len(spot.run.text)
            bounded = replace(note, start=min(note.start, most), end=min(note.end, most))
            self.spots[place] = Spot(spot.run, bounded)
        self._bounded = len(self.spots)

    @property
    def owes(self) -> bool:
        """Whether something is cited that was not told yet."""
        return len(self.spots) > self._told

    def told(self) -> None:
        self._told = len(self.spots)

    def news(self) -> bool:
        """Whether a message is over that cites something, since this was asked."""
        news, self.over = self.over and self.owes, False
        if news:
            self.told()
        return news

    def _begin(self, kind: str | None) -> None:
        self._parts += 1
        self._last = kind

    def _signed(self, part: Json) -> Json:
        signature, self._signature = self._signature, None
        return part if signature is None else {**part, "thoughtSignature": signature}


class Telling:
    """Keeps what each candidate has said. `hear` tells an event, `tell` a whole answer."""

    def __init__(self) -> None:
        self._items: dict[str, _Open] = {}
        self._parts = PartWriter(Losses(NAME))
        self.candidates: dict[int, Speech] = {0: Speech()}

    def hear(self, event: Happened) -> Iterator[Told]:
        match event:
            case Opened():
                self._items[event.item] = _Open(event.value, event.choice)
                speech = self.turn(event.choice)
                if isinstance(event.value, Hosted) and event.value.tool == CODE:
                    yield from self._run(speech, self._items[event.item], event.value)
            case PartOpened(where="content"):
                opened = self._items[event.item]
                opened.parts[event.part] = event.value
                yield from self._open(opened, event.part, event.value)
            case Wrote():
                yield from self._write(self._items[event.item], event)
            case Cited():
                self._cite(self._items[event.item], event)
            case PartClosed(where="content", value=value) if value is not None:
                opened = self._items[event.item]
                if opened.parts.get(event.part) != value:
                    yield from self._show(opened, value)
            case Closed():
                yield from self._close(self._items.pop(event.item), event)
            case _:
                pass

    def turn(self, choice: int) -> Speech:
        """Something else begins, so that what was said before is over."""
        speech = self.candidates.setdefault(choice, Speech())
        speech.over = True
        return speech

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
                    for where, texts in (("content", item.content), ("summary", item.summary)):
                        for place, text in enumerate(texts):
                            wrote = Wrote(item=key, text=text.text, part=place, where=where)
                            yield from self.hear(wrote)
                case _:
                    pass
            yield from self.hear(Closed(item=key, sealed=item))

    def _tell_part(self, key: str, place: int, part: Part) -> Iterator[Told]:
        if not isinstance(part, Text | Refusal):
            yield from self.hear(PartOpened(item=key, part=place, value=part))
            return
        logprobs = None
        shell: Part = Refusal(text="", aside=part.aside)
        if isinstance(part, Text):
            logprobs, shell = part.logprobs, Text(text="", aside=part.aside)
        yield from self.hear(PartOpened(item=key, part=place, value=shell))
        yield from self.hear(Wrote(item=key, text=part.text, part=place, logprobs=logprobs))
        for note in part.citations if isinstance(part, Text) else ():
            yield from self.hear(Cited(item=key, citation=note, part=place))

    def _run(self, speech: Speech, opened: _Open, call: Hosted) -> Iterator[Told]:
        """Code is shown as soon as it is known; what came of it, at its end."""
        if (call.action or {}).get("code"):
            opened.shown = True
            yield Told(opened.choice, speech.whole(write_code(call)[0]))

    def _open(self, opened: _Open, number: int, part: Part) -> Iterator[Told]:
        match part:
            case Text(text=text) | Refusal(text=text):
                if text:
                    yield from self._say(opened, number, text, None)
            case _:
                yield from self._show(opened, part)

    def _show(self, opened: _Open, part: Part) -> Iterator[Told]:
        if isinstance(part, Image | File | Audio):
            written = self._parts.part(part, "")
            if written is not None:
                speech = self.candidates[opened.choice]
                yield Told(opened.choice, speech.whole(written))

    def _write(self, opened: _Open, event: Wrote) -> Iterator[Told]:
        if event.where == "arguments":
            opened.arguments.append(event.text)
        elif isinstance(opened.value, Thought):
            speech = self.candidates[opened.choice]
            place = (event.where, event.part)
            apart = place != opened.wrote and speech.follows("thought")
            kept = fields_of(opened.value.aside) if opened.wrote is None else {}
            opened.wrote = place
            text = f"{BREAK}{event.text}" if apart and not kept else event.text
            for waiting in speech.flush():
                yield Told(opened.choice, waiting)
            yield Told(opened.choice, speech.thought(text, kept))
        elif isinstance(opened.value, Said):
            yield from self._say(opened, event.part, event.text, event.logprobs)

    def _say(
        self, opened: _Open, number: int, text: str, logprobs: tuple[Json, ...] | None
    ) -> Iterator[Told]:
        speech = self.candidates[opened.choice]
        kept: Json = {}
        if number not in opened.places:
            part = opened.parts.get(number)
            kept = fields_of(part.aside) if isinstance(part, Text | Refusal) else {}
            apart = not opened.places and opened.value.joined is not True
            lead = BREAK if apart and not kept and speech.follows("text") else ""
            before = 0 if kept or not speech.follows("text") else len(speech.run().text)
            told = speech.text(lead + text, kept)
            opened.places[number] = (speech.run(), before + len(lead))
        else:
            told = speech.text(text, kept)
        yield Told(opened.choice, told, logprobs)

    def _cite(self, opened: _Open, event: Cited) -> None:
        speech = self.candidates[opened.choice]
        run, start = opened.places.get(event.part) or (speech.run(), 0)
        speech.cite(run, start, event.citation)

    def _close(self, opened: _Open, event: Closed) -> Iterator[Told]:
        speech, value = self.candidates[opened.choice], event.sealed or opened.value
        told: list[Json] = []
        match value:
            case Called():
                written = "".join(opened.arguments) or value.arguments
                asked = read_arguments(written)
                # Clients insist on an object, whatever the model wrote.
                whole: Json = {"arguments": written} if asked is None else asked
                told = [speech.whole(write_call(value, whole))]
            case Thought():
                told = list(self._seal(speech, opened, value))
            case Hosted() if value.tool == CODE:
                parts = write_code(value)
                told = [speech.whole(part) for part in (parts[1:] if opened.shown else parts)]
            case Said():
                speech.bound()
                speech.over = True
            case Unread() if value.dialect == NAME:
                told = [speech.whole(value.data)]
            case _:
                pass
        for part in told:
            yield Told(opened.choice, part)

    def _seal(self, speech: Speech, opened: _Open, value: Thought) -> Iterator[Json]:
        signature = signatures.seal(value)
        if signature is None:
            return
        if opened.wrote is not None:
            yield speech.seal(signature, {})
        else:
            yield from speech.sign(signature, alone=signatures.stands_alone(value))


def _shell(item: Item) -> Item:
    return replace(item, parts=()) if isinstance(item, Said) else item
