"""One candidate of a reply, heard part by part. A whole reply is heard as one chunk, so that a
streamed reply and a whole one cannot come apart."""

from collections.abc import Iterator
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.events import (
    Cited,
    Closed,
    Happened,
    Opened,
    PartClosed,
    PartOpened,
    Stopped,
    Wrote,
)
from manymind.canon.items import Called, Hosted, Item, Said, Thought, Unread
from manymind.canon.parts import Citation, Part, Text
from manymind.canon.values import Aside, Json
from manymind.dialects.gemini import signatures
from manymind.dialects.gemini.calls import finished, read_call, read_code
from manymind.dialects.gemini.casing import camel
from manymind.dialects.gemini.citations import Run, Spot, read_grounding, read_recited
from manymind.dialects.gemini.logprobs import read_logprobs
from manymind.dialects.gemini.parts import read_part
from manymind.dialects.gemini.words import NAME, STOPS
from manymind.dialects.reading import Object, upstream


class _Words(Struct):
    """The message that is open: how many parts it has, and the text that is being written."""

    key: str
    parts: int = 0
    open: bool = False
    run: Run | None = None


class _Thinking(Struct):
    """A thought that is open."""

    key: str
    shell: Thought


class _Running(Struct):
    """Code that the server runs, and whose outcome has yet to come."""

    key: str
    call: Hosted


class Candidate:
    """What one candidate has said so far. `reason` says why it stopped, once it has."""

    def __init__(self, number: int, reply: str) -> None:
        self.reason: str | None = None
        self.searches = 0
        self._number = number
        self._reply = reply
        self._items = 0
        self._parts = 0
        self._calls = 0
        self._words: _Words | None = None
        self._closing: list[_Words] = []
        self._thought: _Thinking | None = None
        self._code: _Running | None = None
        self._runs: list[Run] = []
        self._cited: set[tuple[object, ...]] = set()
        self._logprobs: tuple[Json, ...] | None = None

    def hear(self, candidate: Object) -> Iterator[Happened]:
        """Read each of the events at once: the next depends on it."""
        self._logprobs = read_logprobs(candidate)
        content = candidate.inner("content")
        for part in (content.each("parts") if content is not None else None) or ():
            yield from self._hear_part(camel(part))
        spots = [*read_grounding(candidate, self._runs), *read_recited(candidate, self._runs)]
        self._count_searches(candidate)
        told = frozenset(self._cited)
        for spot in spots:
            yield from self._cite(spot, told)
        yield from self._settle()
        native = candidate.text("finishReason")
        if native:
            yield from self.stop(candidate, native)

    def stop(self, candidate: Object, native: str) -> Iterator[Happened]:
        """The candidate has ended, for this reason."""
        yield from self.close()
        reason = STOPS.get(native, "other")
        if reason == "stop" and self._calls:
            reason = "tool_calls"
        self.reason = reason
        left = {name: value for name, value in candidate.left().items() if value is not None}
        left.pop("index", None)
        aside = Aside(NAME, left) if left else None
        yield Stopped(reason=reason, choice=self._number, native=native, aside=aside)

    def close(self) -> Iterator[Happened]:
        """Close what is open."""
        yield from self._make_way()
        yield from self._settle()

    def _make_way(self) -> Iterator[Happened]:
        """What is open ends, for something else begins. A message closes at the end of its chunk,
        which may yet tell what it cites."""
        yield from self._close_thought()
        yield from self._close_code()
        words, self._words = self._words, None
        if words is not None:
            self._closing.append(words)

    def _settle(self) -> Iterator[Happened]:
        closing, self._closing = self._closing, []
        for words in closing:
            yield from self._close_part(words)
            yield Closed(item=words.key)

    def _count_searches(self, candidate: Object) -> None:
        """How often it has searched; a stream may say it again."""
        metadata = candidate.peek("groundingMetadata")
        if isinstance(metadata, dict):
            queries = cast("Json", metadata).get("webSearchQueries")
            if isinstance(queries, list):
                self.searches = max(self.searches, len(cast("list[object]", queries)))

    def _hear_part(self, part: Object) -> Iterator[Happened]:
        text = part.peek("text")
        if part.peek("thought") is True and isinstance(text, str):
            yield from self._think(part)
        elif isinstance(text, str):
            yield from self._write(part)
        elif part.peek("codeExecutionResult") is not None and self._code is not None:
            self._parts += 1
            self._code.call = finished(self._code.call, part)
            yield from self._close_code()
        else:
            yield from self._show(part)

    def _think(self, part: Object) -> Iterator[Happened]:
        part.take("thought")
        text, signature = part.text("text") or "", part.text("thoughtSignature")
        if part.left():
            yield from self._close_thought()
        if self._thought is None:
            if not text and signature is None:
                return
            yield from self._make_way()
            self._parts += 1
            shell = Thought(aside=part.rest(NAME))
            self._thought = _Thinking(self._key(), shell)
            yield Opened(item=self._thought.key, value=shell, choice=self._number)
        slot = self._thought
        if text:
            yield Wrote(item=slot.key, text=text, where="summary")
        if signature is not None:
            sealed = replace(signatures.thought("", signature), summary=(), content=())
            aside = slot.shell.aside
            yield Closed(item=slot.key, sealed=replace(sealed, aside=aside))
            self._thought = None

    def _write(self, part: Object) -> Iterator[Happened]:
        text, signature = part.text("text") or "", part.text("thoughtSignature")
        before = signature is not None and text != "" and self._words is None
        if signature is not None and before:
            yield from self._sign(signature, alone=False)
        if text or part.left() or self._logprobs:
            yield from self._open_text(part)
            words = self._words
            if words is not None and words.run is not None and (text or self._logprobs):
                words.run.pieces.append(text)
                logprobs, self._logprobs = self._logprobs, None
                number = words.parts - 1
                yield Wrote(item=words.key, text=text, part=number, logprobs=logprobs)
        if signature is not None and not before:
            yield from self._sign(signature, alone=True)

    def _sign(self, signature: str, *, alone: bool) -> Iterator[Happened]:
        """A signature, which is a thought of its own. What is being said may go on after it."""
        if not alone:
            yield from self._make_way()
        yield from self._put(signatures.signed(signature, alone=alone))

    def _open_text(self, part: Object) -> Iterator[Happened]:
        aside = part.rest(NAME)
        if self._words is None or self._words.run is None or aside is not None:
            yield from self._open_part(Text(text="", aside=aside))
        words = self._words
        if words is not None and words.run is None:
            words.run = Run(self._parts - 1, words.key, words.parts - 1)
            self._runs.append(words.run)

    def _open_part(self, shell: Part) -> Iterator[Happened]:
        words = self._words
        if words is None:
            yield from self._make_way()
            words = self._words = _Words(self._key())
            said = Said(role="assistant")
            yield Opened(item=words.key, value=said, choice=self._number)
        yield from self._close_part(words)
        self._parts += 1
        words.parts += 1
        words.open = True
        yield PartOpened(item=words.key, part=words.parts - 1, value=shell)

    def _show(self, part: Object) -> Iterator[Happened]:
        """A part that comes whole, with what vouches for it."""
        signature = part.text("thoughtSignature")
        if signature is not None:
            yield from self._sign(signature, alone=False)
        if part.peek("functionCall") is not None:
            yield from self._call(part)
        elif part.peek("executableCode") is not None:
            yield from self._make_way()
            self._parts += 1
            self._code = _Running(self._key(), read_code(part))
            yield Opened(item=self._code.key, value=self._code.call, choice=self._number)
        elif part.peek("inlineData") is not None or part.peek("fileData") is not None:
            yield from self._open_part(read_part(part))
            if self._words is not None:
                yield from self._close_part(self._words)
        elif part.left():
            yield from self._make_way()
            self._parts += 1
            yield from self._put(Unread(dialect=NAME, data=part.left()))

    def _call(self, part: Object) -> Iterator[Happened]:
        yield from self._make_way()
        self._parts += 1
        self._calls += 1
        call = read_call(part, f"{self._reply}_{self._number}_{self._calls}")
        key = self._key()
        shell: Called = replace(call, arguments="")
        yield Opened(item=key, value=shell, choice=self._number)
        yield Wrote(item=key, text=call.arguments, where="arguments")
        yield Closed(item=key)

    def _put(self, item: Item) -> Iterator[Happened]:
        """An item that comes whole."""
        key = self._key()
        yield Opened(item=key, value=item, choice=self._number)
        yield Closed(item=key)

    def _cite(self, spot: Spot, told: frozenset[tuple[object, ...]]) -> Iterator[Happened]:
        note = spot.citation
        mark = (spot.run.index, note.url, note.start, note.end, note.title, note.quote)
        if mark in told:
            return  # A stream tells again what it has told before.
        self._cited.add(mark)
        heard = [*self._closing, *([self._words] if self._words else [])]
        if any(words.key == spot.run.item for words in heard):
            yield Cited(item=spot.run.item, citation=note, part=spot.run.part)
        else:
            yield from self._cite_late(note)

    def _cite_late(self, note: Citation) -> Iterator[Happened]:
        """The message that is cited is closed; what was cited is told all the same."""
        yield from self._open_text(Object({}, "", upstream))
        words = self._words
        if words is not None:
            moved = replace(note, start=0, end=0)
            yield Cited(item=words.key, citation=moved, part=words.parts - 1)

    def _close_part(self, words: _Words) -> Iterator[Happened]:
        if words.open:
            words.open, words.run = False, None
            yield PartClosed(item=words.key, part=words.parts - 1)

    def _close_thought(self) -> Iterator[Happened]:
        slot, self._thought = self._thought, None
        if slot is not None:
            yield Closed(item=slot.key)

    def _close_code(self) -> Iterator[Happened]:
        slot, self._code = self._code, None
        if slot is not None:
            yield Closed(item=slot.key, sealed=slot.call)

    def _key(self) -> str:
        self._items += 1
        return f"{self._reply}/{self._number}.{self._items}"
