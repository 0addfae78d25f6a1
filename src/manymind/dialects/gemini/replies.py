"""Replies of a provider, whole and streamed, read into the same events."""

from collections.abc import Iterator

from msgspec.structs import replace

from manymind.canon.events import Began, Chunk, Ended, Happened, Spent, Stopped, Wire
from manymind.canon.faults import CutShort
from manymind.canon.usage import Usage
from manymind.canon.values import Aside, Json
from manymind.dialects.gemini.casing import camel
from manymind.dialects.gemini.faults import read_error
from manymind.dialects.gemini.hearing import Candidate
from manymind.dialects.gemini.usage import read_usage
from manymind.dialects.gemini.words import CUT, NAME
from manymind.dialects.mirror import Message
from manymind.dialects.reading import Object, decode, upstream

FEEDBACK = "promptFeedback"


def read_reply(data: bytes) -> Chunk:
    body = camel(decode(data, upstream))
    wire = Wire(NAME, dict(body.left()), whole=True)
    if body.peek("error") is not None:
        raise read_error(dict(body.left()))
    hearing = _Hearing()
    if body.peek(FEEDBACK) is None:
        body.needed("candidates", body.peek("candidates"))
    events = [*hearing.hear(body), *hearing.stop_all(), *hearing.end()]
    return Chunk(tuple(events), wire)


class StreamReader:
    """Reads one streamed reply. It has no end mark: that every candidate which began has given
    its reason is the end, and what comes behind it (what was used) is still heard."""

    def __init__(self) -> None:
        self._hearing = _Hearing()
        self._done = False

    def feed(self, message: Message) -> Chunk:
        said = message.data.strip()
        if self._done or not said or said == "[DONE]":
            return Chunk(())  # Some servers add the end mark of another dialect.
        body = camel(decode(message.data, upstream))
        wire = Wire(NAME, dict(body.left()), message.event)
        if body.peek("error") is not None:
            raise read_error(dict(body.left()))
        return Chunk(tuple(self._hearing.hear(body)), wire)

    def end(self) -> Chunk:
        if self._done:
            return Chunk(())
        if not self._hearing.finished:
            raise CutShort("The provider's stream stopped before its end.")
        self._done = True
        return Chunk(tuple(self._hearing.end()))


class _Hearing:
    """What is known of a reply so far."""

    def __init__(self) -> None:
        self._began = False
        self._id = ""
        self._blocked = False
        self._usage: Usage | None = None
        self._candidates: dict[int, Candidate] = {}

    @property
    def finished(self) -> bool:
        """Whether every candidate that began has given its reason, or none may begin."""
        reasons = [candidate.reason for candidate in self._candidates.values()]
        return self._blocked or (bool(reasons) and all(reasons))

    def hear(self, body: Object) -> Iterator[Happened]:
        """Read each of the events at once: the next depends on it."""
        candidates = body.each("candidates") or ()
        usage, feedback = body.inner("usageMetadata"), body.json(FEEDBACK)
        reply, model = body.text("responseId") or "", body.text("modelVersion") or ""
        if not self._began:
            self._began, self._id = True, reply
            yield Began(id=reply, model=model, aside=body.rest(NAME))
        for position, given in enumerate(candidates):
            index = camel(given).whole("index", 0)
            number = position if index is None else index
            candidate = self._candidates.get(number)
            if candidate is None:
                candidate = self._candidates[number] = Candidate(number, self._id)
            yield from candidate.hear(given)
        if feedback is not None:
            yield from self._heed(feedback)
        if usage is not None and usage.left():
            self._usage = read_usage(usage)
            yield Spent(usage=self._counted(self._usage))
        elif self._usage is not None and candidates:
            yield from self._recount(self._usage)

    def _heed(self, feedback: Json) -> Iterator[Happened]:
        """What was found in the prompt. If it was blocked, there is no answer."""
        native = camel(Object(feedback, FEEDBACK, upstream)).peek("blockReason")
        if isinstance(native, str) and not self._candidates:
            self._blocked = True
            aside = Aside(NAME, {FEEDBACK: feedback})
            yield Stopped(reason="content_filter", native=native, aside=aside)

    def _recount(self, usage: Usage) -> Iterator[Happened]:
        """Searches that were told of after what was used."""
        counted = self._counted(usage)
        if counted.tools:
            yield Spent(usage=counted)

    def _counted(self, usage: Usage) -> Usage:
        """What was used, with the searches, which are told of elsewhere."""
        searches = sum(candidate.searches for candidate in self._candidates.values())
        return replace(usage, tools={"web_search": searches}) if searches else usage

    def stop_all(self) -> Iterator[Happened]:
        """The reply is over: what gave no reason has simply stopped."""
        for candidate in self._candidates.values():
            if candidate.reason is None:
                yield from candidate.stop(Object({}, "candidates", upstream), "STOP")
        if not self._candidates and not self._blocked:
            raise upstream("candidates", "is empty")

    def end(self) -> Iterator[Happened]:
        for candidate in self._candidates.values():
            yield from candidate.close()
        if self._blocked:
            yield Ended(status="incomplete", reason="content_filter")
            return
        ends = (self._candidates[number].reason for number in sorted(self._candidates))
        reasons = (CUT.get(end or "") for end in ends)
        reason = next((reason for reason in reasons if reason), None)
        yield Ended(status="incomplete" if reason else "completed", reason=reason)
