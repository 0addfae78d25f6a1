"""A streamed reply to the caller.

A message that came from a Chat server goes on as it came, but for the model, the cost and the
pieces of tool calls: those are held until they are whole, because some clients take no less.
Anything else is written from its events.
"""

from collections.abc import Iterator, Sequence
from typing import cast

from manymind.canon.events import (
    LEADER,
    Began,
    Chunk,
    Ended,
    Happened,
    Spent,
    Stopped,
    Wire,
    Wrote,
    words,
)
from manymind.canon.faults import Fault
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.mirror import View
from manymind.dialects.openai_chat.holding import Held, passes
from manymind.dialects.openai_chat.parts import NAME
from manymind.dialects.openai_chat.speaking import finish, manner
from manymind.dialects.openai_chat.telling import Telling, Told
from manymind.dialects.openai_chat.thoughts import renamed
from manymind.dialects.openai_chat.usage import write_cost, write_usage
from manymind.dialects.openai_faults import error_fields
from manymind.dialects.proofs import proved
from manymind.dialects.reading import encode, fields, upstream
from manymind.dialects.sse import DONE, frame


class StreamWriter:
    def __init__(self, request: Request, view: View) -> None:
        self._house = view.house
        self._openrouter = view.house == "openrouter"
        self._usage_wanted = self._openrouter or request.stream_usage is True
        self._telling = Telling(manner(request, view))
        self._held = Held()
        self._frame: Json = {"id": "", "object": "chat.completion.chunk", "created": view.created}
        self._model = ""
        self._stops: dict[int, Stopped] = {}
        self._finished: set[int] = set()
        self._usage: Usage | None = None
        self._usage_sent = False

    def write(self, chunk: Chunk) -> list[bytes]:
        wire, wrote = chunk.wire, words(chunk)
        if wire is not None and wrote is not None and self._untouched(wrote, wire):
            self._telling.pass_by(wrote)
            return [frame(wire.sealed)]
        events = [event for event in chunk.events if event.voice == LEADER]
        if wire is not None and wire.dialect == NAME and not wire.whole:
            return [self._line(data) for data in self._pass_on(events, wire)]
        return [line for event in events for line in self._speak(event)]

    def fail(self, fault: Fault) -> list[bytes]:
        """OpenRouter's readers want the error within a chunk; OpenAI's take such a one for an
        ordinary chunk, and the answer for whole."""
        error = error_fields(fault, self._house)
        if not self._openrouter:
            return [self._line({"error": error})]
        choice: Json = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
        return [self._line(self._chunk([choice]) | {"error": error})]

    def _line(self, data: Json) -> bytes:
        return frame(encode(data))

    def _chunk(self, choices: list[Json]) -> Json:
        return {**self._frame, "model": self._model, "choices": choices}

    def _speak(self, event: Happened) -> Iterator[bytes]:
        match event:
            case Began():
                self._begin(event)
                told = self._telling.start(0)
            case Stopped() | Spent():
                self._note(event)
                return
            case Ended():
                yield from self._end(event)
                return
            case _:
                told = self._telling.hear(event)
        for new in told:
            if new.delta:
                yield self._line(self._chunk([_choice(new)]))

    def _begin(self, event: Began) -> None:
        self._model = event.model
        self._frame["id"] = event.id
        if event.created:
            self._frame["created"] = event.created
        if event.aside is not None and event.aside.dialect == NAME:
            self._frame = {**event.aside.fields, **self._frame}

    def _note(self, event: Happened) -> None:
        match event:
            case Stopped():
                self._stops[event.choice] = event
            case Spent():
                self._usage = event.usage
            case _:
                pass

    def _end(self, event: Ended) -> Iterator[bytes]:
        """What is held, the reasons, the usage, and the mark of a good end."""
        for data in self._held.release_all():
            yield self._line(data)
        numbers = {*self._telling.choices, *self._stops} or {0}
        for number in sorted(numbers - self._finished):
            for told in self._telling.start(number):
                yield self._line(self._chunk([_choice(told)]))
            last = self._chunk([self._last(number, event)])
            yield self._line(last | proved(event.verification))
        if self._usage_wanted and self._usage is not None and not self._usage_sent:
            yield self._line(self._chunk([]) | {"usage": write_usage(self._usage)})
        yield DONE

    def _last(self, number: int, event: Ended) -> Json:
        stop = self._stops.get(number)
        reason = finish(
            stop.reason if stop else None,
            event.reason if event.status != "completed" else None,
            called=self._telling.choices[number].called,
        )
        choice: Json = {"index": number, "delta": {}, "finish_reason": reason}
        if self._openrouter:
            choice["native_finish_reason"] = (stop.native if stop else None) or reason
        return choice

    def _untouched(self, wrote: Wrote, wire: Wire) -> bool:
        """Whether a sealed message goes on as it lies: it names the model that we would name."""
        ours = bool(wire.sealed) and wire.dialect == NAME and not wire.whole
        return ours and wrote.voice == LEADER and self._model in ("", wire.data.get("model"))

    def _pass_on(self, events: Sequence[Happened], wire: Wire) -> Iterator[Json]:
        """The wire message as it came, but for what we know better."""
        self._follow(events)
        data = fields(wire.sealed, upstream) if wire.sealed else dict(wire.data)
        if self._model:
            data["model"] = self._model
        choices = data.get("choices")
        if data.get("usage") is not None:
            if not self._usage_wanted and not choices:
                return
            self._set_usage(data)
        if self._openrouter:
            data = renamed(data, "delta")
        if passes(data):
            yield data
        else:
            yield from self._held.pass_on(data)
        for event in events:
            if isinstance(event, Stopped):
                self._finished.add(event.choice)

    def _follow(self, events: Sequence[Happened]) -> None:
        """Keep account of what goes past, in case the rest must be written from events."""
        for event in events:
            match event:
                case Began():
                    self._begin(event)
                case Stopped() | Spent():
                    self._note(event)
                case _:
                    for _ in self._telling.hear(event):
                        pass

    def _set_usage(self, data: Json) -> None:
        usage = data["usage"]
        if not self._usage_wanted:
            del data["usage"]
        elif isinstance(usage, dict):
            cost = write_cost(self._usage) if self._usage is not None else {}
            data["usage"] = {**cast("Json", usage), **cost}
            self._usage_sent = True


def _choice(told: Told) -> Json:
    choice: Json = {"index": told.choice, "delta": told.delta, "finish_reason": None}
    if told.logprobs:
        choice["logprobs"] = {"content": list(told.logprobs), "refusal": None}
    return choice
