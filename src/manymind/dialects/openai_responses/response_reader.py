"""Reads the response object: whole replies, and the frames of a stream."""

from manymind.canon.events import Began, Chunk, Ended, Happened, Spent, Stopped, Wire
from manymind.canon.items import Called, Item, Said
from manymind.canon.parts import Refusal
from manymind.canon.values import Aside
from manymind.dialects.openai_faults import is_error
from manymind.dialects.openai_responses.faults import reported
from manymind.dialects.openai_responses.items import read_item
from manymind.dialects.openai_responses.telling import tell
from manymind.dialects.openai_responses.usage import read_usage
from manymind.dialects.openai_responses.words import ENDED, NAME, RESPONSE_KEYS, STOPS
from manymind.dialects.reading import Object, decode, upstream

_UNFINISHED = ("queued", "in_progress")


def read_reply(body: bytes) -> Chunk:
    response = decode(body, upstream)
    refuse_failed(response)
    wire = Wire(NAME, dict(response.left()), whole=True)
    items = read_output(response)
    events: list[Happened] = [read_began(response)]
    for n, item in enumerate(items):
        events.extend(tell(str(n), item))
    status = response.peek("status")
    if status in _UNFINISHED:
        usage = read_usage(response, items)
        return Chunk((*events, Spent(usage=usage)) if usage is not None else tuple(events), wire)
    events.extend(read_close(response, items, read_status(response) or "completed"))
    return Chunk(tuple(events), wire)


def refuse_failed(response: Object) -> None:
    """A response that failed is raised as the fault that it names."""
    if is_error(response) or response.peek("status") == "failed":
        raise reported(response.left())


def read_status(response: Object) -> str | None:
    """How a response ended, where it says so in a word that we know."""
    status = response.peek("status")
    return status if isinstance(status, str) and status in ENDED else None


def read_output(response: Object) -> tuple[Item, ...]:
    return tuple(read_item(item) for item in response.needed("output", response.each("output")))


def read_began(response: Object) -> Began:
    return Began(
        id=response.text("id") or "",
        model=response.text("model") or "",
        created=int(response.number("created_at") or 0),
        aside=read_aside(response),
    )


def read_aside(response: Object) -> Aside | None:
    fields = {name: value for name, value in response.left().items() if name not in RESPONSE_KEYS}
    return Aside(NAME, fields) if fields else None


def read_close(response: Object, items: tuple[Item, ...], status: str) -> list[Happened]:
    """Why it stopped, what it used, and its end."""
    details = response.inner("incomplete_details")
    reason = None if details is None else details.text("reason")
    usage = read_usage(response, items)
    spent = [] if usage is None else [Spent(usage=usage)]
    stop = _stop(status, reason, items)
    return [
        Stopped(reason=stop, native=reason or status),
        *spent,
        Ended(status=status, reason=reason, aside=read_aside(response)),
    ]


def _stop(status: str, reason: str | None, items: tuple[Item, ...]) -> str:
    if status != "completed":
        return STOPS.get(reason or "", "other")
    stop = "stop"
    for item in items:
        match item:
            case Called():
                return "tool_calls"
            case Said() if any(isinstance(part, Refusal) for part in item.parts):
                stop = "refusal"
            case _:
                pass
    return stop
