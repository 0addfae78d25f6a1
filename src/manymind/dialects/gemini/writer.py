"""A streamed reply to the caller.

A message that came from a server of this dialect goes on as it came, but for the model and the
cost. Anything else is written from its events. There is no mark of the end: the last message of
a good stream says why each candidate ended, and a stream that broke has none.
"""

from collections.abc import Iterator, Sequence

from manymind.canon.answers import Answer
from manymind.canon.events import (
    LEADER,
    Began,
    Chunk,
    Ended,
    Happened,
    Noted,
    Opened,
    Spent,
    Stopped,
    Unheard,
    Wire,
)
from manymind.canon.faults import Fault
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.agents import AGENT_EVENT, show_event
from manymind.dialects.gemini.answers import blocking, known_better, last
from manymind.dialects.gemini.calls import fields_of
from manymind.dialects.gemini.citations import write_citations
from manymind.dialects.gemini.faults import error_object
from manymind.dialects.gemini.logprobs import write_logprobs
from manymind.dialects.gemini.telling import Speech, Telling, Told
from manymind.dialects.gemini.usage import write_usage
from manymind.dialects.gemini.words import NAME
from manymind.dialects.mirror import View
from manymind.dialects.reading import encode
from manymind.dialects.sse import frame


class StreamWriter:
    def __init__(self, view: View) -> None:
        self._agents = view.agents
        self._telling = Telling()
        self._frame: Json = {}
        self._model = ""
        self._stops: dict[int, Stopped] = {}
        self._finished: set[int] = set()
        self._usage: Usage | None = None
        self._usage_sent = False

    def write(self, chunk: Chunk) -> list[bytes]:
        others = [_shown(event) for event in chunk.events if _aside(event)] if self._agents else []
        events = [event for event in chunk.events if not _aside(event)]
        wire = chunk.wire
        if wire is not None and wire.dialect == NAME and not wire.whole:
            return [*others, *self._pass_on(events, wire)]
        return [*others, *(line for event in events for line in self._speak(event))]

    def fail(self, fault: Fault) -> list[bytes]:
        return [frame(encode({"error": error_object(fault)}))]

    def _line(self, fields: Json) -> bytes:
        return frame(encode({**fields, **self._frame}))

    def _speak(self, event: Happened) -> Iterator[bytes]:
        match event:
            case Began():
                self._begin(event)
            case Stopped() | Spent():
                self._note(event)
            case Unheard() if event.dialect == NAME:
                yield frame(encode(event.data))
            case Ended():
                yield from self._end(event)
            case _:
                if isinstance(event, Opened):
                    self._telling.turn(event.choice)
                    yield from self._cited()
                for told in self._telling.hear(event):
                    yield self._line({"candidates": [_candidate(told)]})
                yield from self._cited()

    def _cited(self) -> Iterator[bytes]:
        """What a message cites, once it is over: what follows may be of another kind."""
        for number, speech in self._telling.candidates.items():
            if speech.news():
                content: Json = {"parts": [], "role": "model"}
                candidate = write_citations(speech.spots, {"content": content, "index": number})
                yield self._line({"candidates": [candidate]})

    def _begin(self, event: Began) -> None:
        self._model = event.model
        own = {"modelVersion": event.model, "responseId": event.id}
        self._frame = {**fields_of(event.aside), **own}

    def _note(self, event: Stopped | Spent) -> None:
        if event.voice != LEADER:
            return
        if isinstance(event, Stopped):
            self._stops[event.choice] = event
        else:
            self._usage, self._usage_sent = event.usage, False

    def _end(self, event: Ended) -> Iterator[bytes]:
        """The reasons and what was used, at once: readers take the first reason for the end."""
        fields: Json = {}
        numbers = {*self._telling.candidates, *self._stops} - self._finished
        blocked = blocking(self._stops.get(0))
        if blocked is not None and not self._finished:
            fields = blocked
        elif numbers:
            answer = Answer(status=event.status, reason=event.reason)
            fields["candidates"] = [self._last(number, answer) for number in sorted(numbers)]
        if self._usage is not None and not self._usage_sent:
            fields["usageMetadata"] = write_usage(self._usage)
        if fields:
            yield self._line(fields)

    def _last(self, number: int, answer: Answer) -> Json:
        speech = self._telling.candidates.get(number) or Speech()
        content: Json = {"parts": list(speech.flush()), "role": "model"}
        return {"content": content, **last(number, self._stops.get(number), answer, speech)}

    def _pass_on(self, events: Sequence[Happened], wire: Wire) -> list[bytes]:
        """The wire message as it came, but for what we know better."""
        owing = {n for n, speech in self._telling.candidates.items() if speech.owes}
        for event in events:
            match event:
                case Began():
                    self._begin(event)
                case Stopped() | Spent():
                    self._note(event)
                case _:
                    for _ in self._telling.hear(event):
                        pass
        for number, speech in self._telling.candidates.items():
            if number not in owing:
                speech.told()  # What a message cites is told with it.
        owed = list(self._cited())
        self._finished |= {event.choice for event in events if isinstance(event, Stopped)}
        self._usage_sent = self._usage_sent or "usageMetadata" in wire.data
        data = known_better(wire.data, self._model, self._usage)
        return [*owed, frame(encode(data), wire.event)]


def _aside(event: Happened) -> bool:
    """What only views that ask for agents show."""
    return event.voice != LEADER or isinstance(event, Noted)


def _shown(event: Happened) -> bytes:
    return frame(encode({AGENT_EVENT: show_event(event)}))


def _candidate(told: Told) -> Json:
    candidate: Json = {"content": {"parts": [told.part], "role": "model"}, "index": told.choice}
    if told.logprobs:
        candidate["logprobsResult"] = write_logprobs(list(told.logprobs))
    return candidate
