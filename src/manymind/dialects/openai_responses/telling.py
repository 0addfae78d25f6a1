"""A finished item, told as the events that it would have been streamed as."""

from collections.abc import Iterator

from msgspec.structs import replace

from manymind.canon.events import Cited, Closed, Happened, Opened, PartClosed, PartOpened, Wrote
from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import Part, Refusal, Text

Place = tuple[str, int]
"""Where a part stands: in content or summary, and its number there."""


def shell(item: Item) -> Item:
    """The item without what is told piece by piece."""
    match item:
        case Said() | Returned():
            return replace(item, parts=())
        case Thought():
            return replace(item, summary=(), content=())
        case Called():
            return replace(item, arguments="")
        case Hosted() | Unread():
            return item


def parts_of(item: Item) -> dict[Place, Part]:
    match item:
        case Said() | Returned():
            return {("content", n): part for n, part in enumerate(item.parts)}
        case Thought():
            summary: dict[Place, Part] = {("summary", n): t for n, t in enumerate(item.summary)}
            return summary | {("content", n): text for n, text in enumerate(item.content)}
        case Called() | Hosted() | Unread():
            return {}


def blank(part: Part) -> Part:
    """The part without its words."""
    match part:
        case Text():
            return replace(part, text="", citations=(), logprobs=None)
        case Refusal():
            return replace(part, text="")
        case _:
            return part


def tell(key: str, item: Item) -> Iterator[Happened]:
    yield Opened(item=key, value=shell(item))
    for (where, number), part in parts_of(item).items():
        yield PartOpened(item=key, part=number, where=where, value=blank(part))
        yield from _tell_words(key, where, number, part)
        yield PartClosed(item=key, part=number, where=where)
    if isinstance(item, Called) and item.arguments:
        yield Wrote(item=key, where="arguments", text=item.arguments)
    yield Closed(item=key, status=status_of(item) or "completed")


def _tell_words(key: str, where: str, number: int, part: Part) -> Iterator[Happened]:
    if not isinstance(part, Text | Refusal):
        return
    logprobs = part.logprobs if isinstance(part, Text) else None
    if part.text or logprobs:
        yield Wrote(item=key, part=number, where=where, text=part.text, logprobs=logprobs)
    for citation in part.citations if isinstance(part, Text) else ():
        yield Cited(item=key, part=number, citation=citation)


def status_of(item: Item) -> str | None:
    return None if isinstance(item, Unread) else item.status
