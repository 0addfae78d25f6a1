"""The items of an answer as a reply shows them: with an id, a status and every required field."""

from typing import assert_never

from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread, id_of
from manymind.canon.parts import Citation, Part, Refusal, Text, UnreadPart
from manymind.canon.values import Json
from manymind.dialects.openai_responses.hosted import form_of, show_hosted
from manymind.dialects.openai_responses.items import write_item
from manymind.dialects.openai_responses.parts import write_citation, write_part
from manymind.dialects.openai_responses.pen import Pen
from manymind.dialects.openai_responses.telling import status_of
from manymind.dialects.openai_responses.words import NAME


class Ids:
    """Gives each item of one response an id of its own; upstreams are known to repeat theirs."""

    def __init__(self, response_id: str) -> None:
        self._base = response_id.removeprefix("resp_")
        self._given: set[str] = set()
        self._counts: dict[str, int] = {}

    def give(self, item: Item) -> str:
        wanted = id_of(item)
        if not wanted or wanted in self._given:
            wanted = self._next(_prefix(item))
        self._given.add(wanted)
        return wanted

    def _next(self, prefix: str) -> str:
        while True:
            n = self._counts.get(prefix, 0)
            self._counts[prefix] = n + 1
            name = f"{prefix}_{self._base}" if prefix == "msg" and n == 0 else ""
            name = name or f"{prefix}_{self._base}_{n}"
            if name not in self._given:
                return name


def named(answer: Answer) -> Answer:
    """The answer with each item under the id that this dialect shows it by."""
    ids = Ids(answer.id)
    outputs = [
        replace(output, item=_named(output.item, ids)) if output.choice == 0 else output
        for output in answer.outputs
    ]
    return replace(answer, outputs=tuple(outputs))


def _named(item: Item, ids: Ids) -> Item:
    if isinstance(item, Unread):
        if shown(item):
            ids.give(item)
        return item
    return replace(item, id=ids.give(item))


def _prefix(item: Item) -> str:
    match item:
        case Said():
            return "msg"
        case Thought():
            return "rs"
        case Called():
            return "fc"
        case Returned():
            return "fco"
        case Hosted():
            return form_of(item.tool).prefix
        case Unread():
            return "item"
        case _:
            assert_never(item)


def shown(item: Item) -> bool:
    """Whether this dialect has such an item at all."""
    return not isinstance(item, Unread) or item.dialect == NAME


def part_shown(part: Part) -> bool:
    """A message of an answer holds text, refusals, and what this dialect alone knows."""
    match part:
        case Text() | Refusal():
            return True
        case UnreadPart():
            return part.dialect == NAME
        case _:
            return False


def status_shown(item: Item, status: str) -> str:
    """Only calls of hosted tools can fail; whatever else did not come to its end is incomplete."""
    known = isinstance(item, Hosted) or status in ("in_progress", "completed", "incomplete")
    return status if known else "incomplete"


def show_item(item: Item, item_id: str, status: str | None = None) -> Json:
    """An item of a reply; `status` stands in for its own."""
    pen = Pen(own=True)
    if isinstance(item, Unread):
        return item.data
    shown_status = status_shown(item, status or status_of(item) or "completed")
    mark: Json = {"id": item_id, "status": shown_status}
    match item:
        case Said():
            parts = [show_part(part) for part in item.parts if part_shown(part)]
            fields = {"type": "message", "role": "assistant", "content": parts, **mark}
            return pen.merge(fields, item.aside, "")
        case Hosted():
            return pen.merge(show_hosted(item) | mark, item.aside, "")
        case Thought(redacted=True):
            return {"type": "reasoning", "summary": [], **mark}  # That there was one is all.
        case Thought() | Called() | Returned():
            return (write_item(item, "", pen) or {}) | mark
        case _:
            assert_never(item)


def show_part(part: Part) -> Json:
    fields = write_part(part, "assistant", "", Pen(own=True)) or {}
    return {"logprobs": [], **fields} if isinstance(part, Text) else fields


def show_citation(citation: Citation) -> Json:
    return write_citation(citation, "", Pen(own=True))


def show_thought_text(part: Part, where: str) -> Json:
    kind = "summary_text" if where == "summary" else "reasoning_text"
    words = part if isinstance(part, Text) else Text(text="")
    return {"type": kind, **Pen(own=True).merge({"text": words.text}, words.aside, "")}
