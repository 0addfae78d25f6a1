"""What is asked of a simulated model and what it replies, before either has a vendor's shape."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.items import Called, Item, Returned, Said, Thought
from manymind.canon.parts import Refusal, Text
from manymind.canon.requests import Request
from manymind.providers.acts import Line
from manymind.providers.scripted import count_input, tokens

Json: TypeAlias = dict[str, Any]
"""A JSON object on its way to or from the wire, in the vendor's own shape."""


class Refused(Exception):
    """The request is refused as the vendor would, in the shape of its errors."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param


class Asked(Struct, frozen=True):
    """A request: its meaning, and the body that it came in."""

    request: Request
    body: Json


class Frame(Struct, frozen=True):
    """One event of a stream. `words` is how many tokens it says, for its pace."""

    data: Json | str
    event: str | None = None
    words: int = 0


class Counts(Struct, frozen=True, kw_only=True):
    """Cached tokens and those written to a cache are inside `input`, reasoning inside `output`."""

    input: int
    cached: int
    output: int
    reasoning: int
    written: int = 0

    @property
    def total(self) -> int:
        return self.input + self.output


class Reply(Struct, frozen=True, kw_only=True):
    """What a model says. `stop` is stop, length, tool_calls, refusal or sequence."""

    seed: str
    model: str
    created: int
    items: tuple[Item, ...]
    stop: str
    sequence: str | None
    counts: Counts

    def id(self, *place: object) -> str:
        """24 hexadecimal digits that differ from place to place, and from reply to reply."""
        return sha256(f"{self.seed}/{place}".encode()).hexdigest()[:24]


class Speech(Struct, frozen=True):
    """What a model says, cut where the request wants it cut."""

    items: tuple[Item, ...]
    stop: str
    sequence: str | None
    output: int
    reasoning: int


def speech(lines: Sequence[Line], request: Request) -> Speech:
    """The items of the answer, within the stop sequences and the output cap of the request."""
    items: list[Item] = []
    stop, sequence, output, reasoning = "stop", None, 0, 0
    for line in lines:
        item = Said(role="assistant", parts=(Text(text=line),)) if isinstance(line, str) else line
        if isinstance(item, Said):
            item, sequence = _before_stop(item, request.stop or ())
        room = None if request.max_output_tokens is None else request.max_output_tokens - output
        item, said, whole = _within(item, room)
        items.append(item)
        output += said
        reasoning += said if isinstance(item, Thought) else 0
        if not whole or sequence is not None:
            stop = "sequence" if whole else "length"
            break
        stop = _reason(item) or stop
    return Speech(tuple(items), stop, sequence, output, reasoning)


def _reason(item: Item) -> str | None:
    match item:
        case Called():
            return "tool_calls"
        case Said(parts=parts) if any(isinstance(part, Refusal) for part in parts):
            return "refusal"
        case _:
            return None


def text_of(item: Item) -> str:
    """The text of an item that the model wrote."""
    match item:
        case Said(parts=parts):
            return "".join(part.text for part in parts if isinstance(part, Text | Refusal))
        case Thought(content=content):
            return "".join(part.text for part in content)
        case Called(arguments=arguments):
            return arguments
        case _:
            return ""


def _before_stop(said: Said, sequences: tuple[str, ...]) -> tuple[Said, str | None]:
    text = text_of(said)
    met = [(text.find(sequence), sequence) for sequence in sequences if sequence in text]
    if not met:
        return said, None
    place, sequence = min(met)
    return replace(said, parts=(Text(text=text[:place]),)), sequence


def _within(item: Item, room: int | None) -> tuple[Item, int, bool]:
    """The item cut to `room` tokens, how many it has, and whether it is whole."""
    pieces = tokens(text_of(item))
    if room is None or len(pieces) <= room:
        return item, len(pieces), True
    kept = (Text(text="".join(pieces[:room])),)
    match item:
        case Said():
            return replace(item, parts=kept), room, False
        case Thought():
            return replace(item, content=kept, summary=kept), room, False
        case _:
            return item, room, False


def count(request: Request) -> int:
    """The input tokens of a request, never none."""
    return max(1, count_input(request))


def unanswered(items: tuple[Item, ...], *, adjacent: bool) -> Iterator[tuple[int, str, bool]]:
    """Calls without a result and results without a call, as (place, call id, is a call).

    `adjacent` wants the results before anything else is said.
    """
    pending: dict[str, int] = {}
    for place, item in enumerate(items):
        match item:
            case Called(call_id=call_id):
                pending[call_id] = place
            case Returned(call_id=call_id):
                if pending.pop(call_id, None) is None:
                    yield place, call_id, False
            case Said(role=role) if adjacent and role != "assistant" and pending:
                break
            case _:
                pass
    yield from ((place, call_id, True) for call_id, place in pending.items())


def pieces(text: str, size: int) -> Iterator[tuple[str, int]]:
    """The text in deltas of `size` tokens, each with its count."""
    words = tokens(text)
    for start in range(0, len(words), size):
        chunk = words[start : start + size]
        yield "".join(chunk), len(chunk)
