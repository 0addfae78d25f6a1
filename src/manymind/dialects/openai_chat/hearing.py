"""One choice of a reply, heard delta by delta. A whole message is heard as one delta, so that
a streamed reply and a whole one cannot come apart."""

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
from manymind.canon.items import Called, Said, Thought, Unread
from manymind.canon.parts import Citation, Part, Refusal, Text
from manymind.canon.values import Aside, Json
from manymind.dialects.openai_chat.citations import read_annotations
from manymind.dialects.openai_chat.parts import NAME, read_part
from manymind.dialects.openai_chat.thoughts import read_thoughts
from manymind.dialects.reading import Object, encode, upstream

REASONS = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "refusal",
}
"""What servers call the end of a choice, and what `canon` does."""


class _Slot(Struct):
    """A thought that is open: its key, and what has come so far that only its end will tell."""

    key: str
    shell: Thought
    sealed: Thought


class _Words(Struct):
    """The message that is open, and its open part: a text or a refusal."""

    key: str
    parts: int = 0
    open_as: type[Part] | None = None
    last_text: int | None = None


class _Call(Struct):
    """A call whose fragments are coming; it opens as soon as its name is known."""

    number: int
    path: str
    call_id: str | None = None
    key: str | None = None
    shell: Called | None = None
    held: str = ""
    left: Json = {}
    unread: Json | None = None


class Choice:
    """What one choice of a reply has said so far. `reason` says why it stopped, once it has."""

    def __init__(self, number: int, reply: str) -> None:
        self.reason: str | None = None
        self._number = number
        self._reply = reply
        self._items = 0
        self._thoughts: dict[tuple[object, ...], _Slot] = {}
        self._late: list[Thought] = []
        self._words: _Words | None = None
        self._calls: dict[int, _Call] = {}
        self._called = 0

    def hear(self, delta: Object, logprobs: tuple[Json, ...] | None) -> Iterator[Happened]:
        """Read each of the events at once: the next depends on it."""
        for thought in read_thoughts(delta):
            yield from self._think(thought)
        yield from self._say(delta, logprobs)
        if delta.peek("annotations"):
            for citation in read_annotations(delta):
                yield from self._cite(citation)
        refusal = delta.text("refusal")
        if refusal:
            yield from self._write(Refusal(text=refusal), None)
        if delta.peek("tool_calls"):
            for position, call in enumerate(delta.each("tool_calls") or ()):
                yield from self._call(call, position)

    def more(self, text: str) -> Wrote | None:
        """The next words of the text that is open; None where none is."""
        words = self._words
        if words is None or words.open_as is not Text:
            return None
        return Wrote(item=words.key, text=text, part=words.parts - 1)

    def stop(self, choice: Object, reason: str) -> Iterator[Happened]:
        """The choice has ended, for this reason."""
        yield from self.close()
        known = REASONS.get(reason, "other")
        if known == "stop" and self._called:
            known = "tool_calls"
        native = choice.peek("native_finish_reason") or (reason if reason != known else None)
        sequence = choice.peek("stop_reason")
        self.reason = known
        yield Stopped(
            reason=known,
            choice=self._number,
            native=native if isinstance(native, str) else None,
            sequence=sequence if isinstance(sequence, str) else None,
        )

    def close(self) -> Iterator[Happened]:
        """Close what is open."""
        yield from self._close_thoughts()
        yield from self._close_words()
        late, self._late = self._late, []
        for thought in late:
            key, shell = self._key(), _shell(thought)
            yield Opened(item=key, value=shell, choice=self._number)
            yield Closed(item=key, sealed=thought)
        calls, self._calls = self._calls, {}
        for call in calls.values():
            yield from self._close_call(call)

    def _key(self) -> str:
        self._items += 1
        return f"{self._reply}/{self._number}.{self._items}"

    def _think(self, thought: Thought) -> Iterator[Happened]:
        where = "summary" if thought.summary else "content"
        text = "".join(part.text for part in (*thought.content, *thought.summary))
        bare = _shell(thought) == thought or thought.form != "reasoning_details"
        if not text and bare:
            return
        if not text and self._words is not None:
            self._late.append(thought)
            return
        yield from self._close_words()
        index = thought.aside.fields.get("index") if thought.aside else None
        name = (thought.form, where if text or thought.content else "sealed", str(index))
        slot = self._thoughts.get(name)
        if slot is None:
            slot = _Slot(self._key(), _shell(thought), _shell(thought))
            self._thoughts[name] = slot
            yield Opened(item=slot.key, value=slot.shell, choice=self._number)
        if text:
            yield Wrote(item=slot.key, text=text, where=where)
        slot.sealed = _sealed(slot.sealed, thought)

    def _close_thoughts(self) -> Iterator[Happened]:
        thoughts, self._thoughts = self._thoughts, {}
        for slot in thoughts.values():
            changed = slot.sealed if slot.sealed != slot.shell else None
            yield Closed(item=slot.key, sealed=changed)

    def _say(self, delta: Object, logprobs: tuple[Json, ...] | None) -> Iterator[Happened]:
        if isinstance(delta.peek("content"), list):
            for part in delta.each("content") or ():
                yield from self._show(read_part(part))
        else:
            text = delta.text("content")
            if text or (text is not None and logprobs):
                yield from self._write(Text(text=text), logprobs)
        if delta.peek("images"):
            for image in delta.each("images") or ():
                yield from self._show(read_part(image))

    def _write(
        self, piece: Text | Refusal, logprobs: tuple[Json, ...] | None
    ) -> Iterator[Happened]:
        yield from self._open_part(replace(piece, text=""))
        if self._words is not None:
            number = self._words.parts - 1
            yield Wrote(item=self._words.key, text=piece.text, part=number, logprobs=logprobs)

    def _cite(self, citation: Citation) -> Iterator[Happened]:
        if self._words is None or self._words.last_text is None:
            yield from self._open_part(Text(text=""))
        if self._words is not None and self._words.last_text is not None:
            part = self._words.last_text
            yield Cited(item=self._words.key, citation=citation, part=part)

    def _show(self, part: Part) -> Iterator[Happened]:
        """A part that comes whole."""
        if isinstance(part, Text | Refusal):
            yield from self._write(part, None)
            return
        yield from self._open_part(part)
        yield from self._close_part()

    def _open_part(self, shell: Part) -> Iterator[Happened]:
        if self._words is None:
            yield from self._close_thoughts()
            self._words = _Words(self._key())
            said = Said(role="assistant")
            yield Opened(item=self._words.key, value=said, choice=self._number)
        words = self._words
        if words.open_as is type(shell):
            return
        yield from self._close_part()
        words.open_as = type(shell)
        words.parts += 1
        if isinstance(shell, Text):
            words.last_text = words.parts - 1
        yield PartOpened(item=words.key, part=words.parts - 1, value=shell)

    def _close_part(self) -> Iterator[Happened]:
        words = self._words
        if words is not None and words.open_as is not None:
            words.open_as = None
            yield PartClosed(item=words.key, part=words.parts - 1)

    def _close_words(self) -> Iterator[Happened]:
        yield from self._close_part()
        words, self._words = self._words, None
        if words is not None:
            yield Closed(item=words.key)

    def _call(self, fragment: Object, position: int) -> Iterator[Happened]:
        index = fragment.whole("index")
        index = position if index is None else index
        call_id, call = fragment.text("id"), self._calls.get(index)
        if call is not None and call_id and call.call_id and call_id != call.call_id:
            yield from self._close_call(self._calls.pop(index))
            call = None  # Some servers number every call 0.
        if call is None:
            call = self._calls[index] = _Call(self._called, fragment.path)
            self._called += 1
        call.call_id = call.call_id or call_id
        if call.unread is not None or fragment.peek("type") not in (None, "", "function"):
            call.unread = grown(call.unread or {}, fragment.left())
            return
        fragment.take("type")
        function = fragment.inner("function") or Object({}, fragment.at("function"), fragment.blame)
        name, arguments = function.text("name"), _arguments(function)
        call.left = grown(call.left, _leftover(fragment, function))
        if call.shell is None:
            call.held += arguments
            if name:
                yield from self._open_call(call, name)
        elif arguments and call.key is not None:
            yield Wrote(item=call.key, text=arguments, where="arguments")

    def _open_call(self, call: _Call, name: str) -> Iterator[Happened]:
        yield from self._close_thoughts()
        yield from self._close_words()
        call.key = self._key()
        call.shell = Called(
            call_id=call.call_id or f"call_{self._reply}_{self._number}_{call.number}",
            name=name,
            aside=Aside(NAME, call.left) if call.left else None,
        )
        yield Opened(item=call.key, value=call.shell, choice=self._number)
        if call.held:
            yield Wrote(item=call.key, text=call.held, where="arguments")

    def _close_call(self, call: _Call) -> Iterator[Happened]:
        if call.unread is not None:
            data = {"id": call.call_id, **call.unread} if call.call_id else call.unread
            key = self._key()
            unread = Unread(dialect=NAME, data=data)
            yield Opened(item=key, value=unread, choice=self._number)
            yield Closed(item=key)
            return
        if call.shell is None or call.key is None:
            raise upstream(call.path, "has no name")
        aside = Aside(NAME, call.left) if call.left else None
        sealed = replace(call.shell, aside=aside) if aside != call.shell.aside else None
        yield Closed(item=call.key, sealed=sealed)


def _arguments(function: Object) -> str:
    """The arguments, or a piece of them; some servers send them decoded."""
    if isinstance(function.peek("arguments"), dict):
        return encode(function.json("arguments")).decode()
    return function.text("arguments") or ""


def _leftover(fragment: Object, function: Object) -> Json:
    inner = function.left()
    return {**fragment.left(), "function": inner} if inner else fragment.left()


def grown(known: Json, more: Json) -> Json:
    """One object grown by a fragment of it: strings of the same name inside are pieces."""
    fields = dict(known)
    for name, value in more.items():
        before = fields.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            fields[name] = grown(cast("Json", before), cast("Json", value))
        elif isinstance(before, str) and isinstance(value, str) and name in _PIECES:
            fields[name] = before + value
        elif value is not None:
            fields[name] = value
    return fields


_PIECES = frozenset({"arguments", "input", "text", "summary"})


def _shell(thought: Thought) -> Thought:
    return replace(thought, content=(), summary=(), encrypted=None, signature=None, redacted=False)


def _sealed(known: Thought, more: Thought) -> Thought:
    """A thought with what another piece of it adds beside the text."""
    fields = grown(
        known.aside.fields if known.aside else {}, more.aside.fields if more.aside else {}
    )
    return replace(
        known,
        encrypted=more.encrypted or known.encrypted,
        signature=more.signature or known.signature,
        redacted=more.redacted or known.redacted,
        aside=Aside(NAME, fields) if fields else None,
    )
