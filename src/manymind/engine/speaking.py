"""Events that the team itself makes: whole items, and the answer in pieces."""

from collections.abc import Iterator

from msgspec import Struct, to_builtins

from manymind.canon.events import (
    Advanced,
    Cited,
    Closed,
    Happened,
    Noted,
    Opened,
    PartClosed,
    PartOpened,
    Wrote,
)
from manymind.canon.items import Called, Hosted, Returned, Said
from manymind.canon.parts import Citation, Refusal, Text
from manymind.canon.values import Json
from manymind.canon.verification import Verification

_PIECE = 48
"""A streamed piece ends at the first space after so many code points."""


class Piece(Struct, frozen=True):
    """Words that go out at once, with the citations that they make."""

    text: str
    citations: tuple[Citation, ...] = ()


def dropped(fields: tuple[str, ...]) -> Noted:
    """What of the caller's request is not carried out, in its own words."""
    return Noted(what="dropped", data={"parameters": list(fields)})


def facts(verification: Verification) -> tuple[Noted, ...]:
    """The account of an answer for those who watch: where agents agree, and the numbers."""
    view: Json = to_builtins(verification.agreement)
    numbers: Json = to_builtins(verification.counts)
    judge: Json = to_builtins(verification.verifier)
    return (
        Noted(what="agreement", data=view),
        Noted(what="verification", data={**numbers, "verifier": judge}),
    )


def searched(key: str, query: str, sources: tuple[str, ...]) -> tuple[Happened, ...]:
    """A search of the library that the leader made, for the caller to see."""
    action: Json = {"type": "search", "query": query, "sources": list(sources)}
    hosted = Hosted(tool="file_search", status="completed", action=action)
    return (
        Opened(item=key, value=Hosted(tool="file_search", status="in_progress")),
        Advanced(item=key, state="searching"),
        Closed(item=key, sealed=hosted),
    )


def returned(voice: str, key: str, value: Returned) -> tuple[Happened, ...]:
    """A tool's result, in the voice of the agent that it goes to."""
    shell = Returned(call_id=value.call_id, failed=value.failed)
    parts = (event for n, part in enumerate(value.parts) for event in _part(voice, key, n, part))
    return (Opened(voice=voice, item=key, value=shell), *parts, Closed(voice=voice, item=key))


def called(key: str, value: Called) -> tuple[Happened, ...]:
    """A call of one of the caller's functions, in the leader's voice."""
    return (
        Opened(item=key, value=Called(call_id=value.call_id, name=value.name)),
        Wrote(item=key, text=value.arguments, where="arguments"),
        Closed(item=key),
    )


def refused(key: str, text: str) -> tuple[Happened, ...]:
    return (
        Opened(item=key, value=Said(role="assistant")),
        PartOpened(item=key, part=0, value=Refusal(text="")),
        Wrote(item=key, text=text),
        PartClosed(item=key, part=0),
        Closed(item=key),
    )


def message(key: str, pieces: tuple[Piece, ...], status: str) -> Iterator[tuple[Happened, ...]]:
    """The answer, chunk by chunk. A link and its citation are never apart."""
    yield (
        Opened(item=key, value=Said(role="assistant")),
        PartOpened(item=key, part=0, value=Text(text="")),
    )
    for piece in pieces:
        for text in _portions(piece):
            cited = (Cited(item=key, citation=citation) for citation in piece.citations)
            yield (Wrote(item=key, text=text), *cited)
    yield (PartClosed(item=key, part=0), Closed(item=key, status=status))


def _portions(piece: Piece) -> Iterator[str]:
    text, start = piece.text, 0
    if piece.citations:
        yield text
        return
    while start < len(text):
        end = text.find(" ", start + _PIECE) + 1
        end = end if 0 < end <= start + 4 * _PIECE else min(len(text), start + 4 * _PIECE)
        yield text[start:end]
        start = end


def _part(voice: str, key: str, number: int, part: object) -> tuple[Happened, ...]:
    if not isinstance(part, Text):
        return ()
    return (
        PartOpened(voice=voice, item=key, part=number, value=Text(text="")),
        Wrote(voice=voice, item=key, part=number, text=part.text),
        PartClosed(voice=voice, item=key, part=number),
    )
