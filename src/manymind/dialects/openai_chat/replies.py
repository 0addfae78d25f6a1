"""Replies of a provider, whole and streamed, read into the same events."""

from collections.abc import Iterator
from typing import cast

from manymind.canon.events import Began, Chunk, Ended, Happened, Spent, Wire
from manymind.canon.faults import CutShort, UpstreamBroken
from manymind.canon.values import Json
from manymind.dialects.mirror import Message
from manymind.dialects.openai_chat.glimpse import glimpse
from manymind.dialects.openai_chat.hearing import Choice
from manymind.dialects.openai_chat.parts import NAME
from manymind.dialects.openai_chat.usage import read_usage
from manymind.dialects.openai_faults import is_error, read_error
from manymind.dialects.reading import Object, decode, fields, upstream

INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""What the end of a choice says of the whole answer."""


def read_reply(data: bytes) -> Chunk:
    body = decode(data, upstream)
    wire = Wire(NAME, dict(body.left()), whole=True)
    if is_error(body):
        raise read_error(body.peek("error"))
    hearing = _Hearing()
    body.needed("choices", body.peek("choices"))
    events = [*hearing.hear(body), *hearing.stop_all(), *hearing.end()]
    return Chunk(tuple(events), wire)


class StreamReader:
    """Reads one streamed reply. What follows `[DONE]` is not heard."""

    def __init__(self) -> None:
        self._hearing = _Hearing()
        self._done = False

    def feed(self, message: Message) -> Chunk:
        said = message.data
        if self._done or not said or said.isspace():
            return Chunk(())
        if not said.startswith("{") and said.strip() == "[DONE]":
            return self.end()
        return self._hearing.more(message) or self._read(message)

    def _read(self, message: Message) -> Chunk:
        """A message of any kind, field by field."""
        data = fields(message.data, upstream)
        body = Object(data, "", upstream)
        if is_error(body):
            raise read_error(body.peek("error"))
        events = tuple(self._hearing.hear(body))
        return Chunk(events, Wire(NAME, data, message.event))

    def end(self) -> Chunk:
        """Whether or not `[DONE]` has come, which some servers leave out and some send after a
        stream that broke behind them: what counts is that every choice has given its reason."""
        if self._done:
            return Chunk(())
        if not self._hearing.finished:
            raise CutShort("The provider's stream stopped before its end.")
        self._done = True
        return Chunk(tuple(self._hearing.end()))


class _Hearing:
    """What is known of a reply so far."""

    def __init__(self) -> None:
        self.began = False
        self._id = ""
        self._choices: dict[int, Choice] = {}

    @property
    def finished(self) -> bool:
        """Whether every choice that began has given its reason."""
        return bool(self._choices) and all(choice.reason for choice in self._choices.values())

    def more(self, message: Message) -> Chunk | None:
        """A message that holds nothing but the next words of one choice's open text, as most do.
        Any other must be read field by field. It is sealed: whoever passes it on need not write
        it anew."""
        seen = glimpse(message.data) if self.began else None
        choice = self._choices.get(seen.index) if seen is not None else None
        if seen is None or choice is None or not seen.text or "\n" in message.data:
            return None
        wrote = choice.more(seen.text)
        if wrote is None:
            return None
        sealed = message.data.encode()
        return Chunk((wrote,), Wire(NAME, {"model": seen.model}, message.event, sealed=sealed))

    def hear(self, body: Object) -> Iterator[Happened]:
        """Read each of the events at once: the next depends on it."""
        choices = body.each("choices") or ()
        usage = body.inner("usage")
        reply, model = body.text("id") or "", body.text("model") or ""
        created = body.number("created") or 0
        if not self.began and (choices or reply):
            self.began, self._id = True, reply
            body.take("object")
            yield Began(id=reply, model=model, created=int(created), aside=body.rest(NAME))
        for position, choice in enumerate(choices):
            yield from self._hear_choice(choice, position)
        if usage is not None:
            yield Spent(usage=read_usage(usage))

    def stop_all(self) -> Iterator[Happened]:
        """The reply is over: what gave no reason has simply stopped."""
        for choice in self._choices.values():
            if choice.reason is None:
                yield from choice.stop(Object({}, "choices", upstream), "stop")

    def end(self) -> Iterator[Happened]:
        for choice in self._choices.values():
            yield from choice.close()
        reasons = (INCOMPLETE.get(choice.reason or "") for choice in self._choices.values())
        reason = next((reason for reason in reasons if reason), None)
        yield Ended(status="incomplete" if reason else "completed", reason=reason)

    def _hear_choice(self, given: Object, position: int) -> Iterator[Happened]:
        if is_error(given):
            raise read_error(given.peek("error"))
        index = given.whole("index")
        number = position if index is None else index
        choice = self._choices.get(number)
        if choice is None:
            choice = self._choices[number] = Choice(number, self._id)
        said = given.inner("delta") or given.inner("message")
        if said is not None:
            yield from choice.hear(said, _logprobs(given))
        reason = given.text("finish_reason")
        if reason == "error":
            raise UpstreamBroken("The provider failed while it was answering.")
        if reason and choice.reason is None:
            yield from choice.stop(given, reason)


def _logprobs(choice: Object) -> tuple[Json, ...] | None:
    logprobs = choice.peek("logprobs")
    if not isinstance(logprobs, dict):
        return None
    content = cast("Json", logprobs).get("content")
    if not isinstance(content, list):
        return None
    return tuple(
        cast("Json", one) for one in cast("list[object]", content) if isinstance(one, dict)
    )
