"""The way back: an answer as it comes, with the values in the place of their placeholders.

A text comes in pieces that may end anywhere, within a placeholder too. What may be the beginning
of one is held back until that is known, and nothing else is. What was restored is no longer what
the provider sent, so its message is not passed on: it is written anew from the events.
"""

from collections.abc import Iterator
from typing import TypeAlias

from msgspec.structs import replace

from manymind.canon.events import (
    Chunk,
    Cited,
    Closed,
    Ended,
    Happened,
    Opened,
    PartClosed,
    Say,
    Stopped,
    Wrote,
)
from manymind.canon.parts import Text
from manymind.policy.redaction.edits import Edit, Edits
from manymind.policy.redaction.vault import PLACEHOLDER, Vault
from manymind.policy.redaction.walking import Walk

_Place: TypeAlias = tuple[str, str, str, int]
"""A voice, an item of its, and where in the item."""


class Strand:
    """One text that comes in pieces."""

    def __init__(self, vault: Vault, *, in_json: bool) -> None:
        self._vault = vault
        self._in_json = in_json
        self._held = ""
        self._read = 0
        self._written = 0
        self._edits = Edits()
        self._cited: list[Cited] = []
        self._over = False

    def feed(self, piece: str) -> str:
        """What can be said for sure, now that this piece came."""
        text = self._held + piece
        cut = self._uncertain(text)
        self._held = text[cut:]
        return self._restored(text[:cut])

    def flush(self) -> str:
        """The rest: what was held back was no placeholder."""
        text, self._held, self._over = self._held, "", True
        return self._restored(text)

    def cite(self, event: Cited) -> None:
        self._cited.append(event)

    def citations(self) -> Iterator[Cited]:
        """Those of which the whole stretch was said, or all when the text is over."""
        while self._cited and (self._over or self._cited[0].citation.end <= self._read):
            event = self._cited.pop(0)
            yield replace(event, citation=self._edits.moved(event.citation))

    def _uncertain(self, text: str) -> int:
        """Where the tail begins that may go on as a placeholder."""
        at = text.rfind("[")
        return at if at >= 0 and self._vault.begins(text[at:]) else len(text)

    def _restored(self, text: str) -> str:
        pieces: list[str] = []
        done = 0
        for match in PLACEHOLDER.finditer(text) if "[" in text else ():
            value = self._vault.value(match[0], in_json=self._in_json)
            if value == match[0]:
                continue
            self._pass(pieces, text[done : match.start()])
            start, new_start = self._read, self._written
            self._read += len(match[0])
            self._written += len(value)
            self._edits.add(Edit(start, self._read, new_start, self._written))
            pieces.append(value)
            done = match.end()
        self._pass(pieces, text[done:])
        return "".join(pieces)

    def _pass(self, pieces: list[str], text: str) -> None:
        self._read += len(text)
        self._written += len(text)
        pieces.append(text)


class Restoring:
    """An ear that `say` hears through. `json_words` says that the answer's words are JSON, in
    which a value stands as JSON has it."""

    def __init__(self, vault: Vault, say: Say, *, json_words: bool = False) -> None:
        self._vault = vault
        self._say = say
        self._json_words = json_words
        self._strands: dict[_Place, Strand] = {}
        self._choices: dict[tuple[str, str], int] = {}
        self._walk = restoring_walk(vault)

    async def __call__(self, chunk: Chunk) -> None:
        events = tuple(new for event in chunk.events for new in self._heard(event))
        if events:
            await self._say(Chunk(events))

    def _heard(self, event: Happened) -> Iterator[Happened]:
        match event:
            case Wrote():
                yield from self._wrote(event)
            case Cited():
                strand = self._strand(event.voice, event.item, "content", event.part)
                strand.cite(self._walk.over(event))
                yield from strand.citations()
            case PartClosed():
                yield from self._flushed(event.voice, event.item, event.where, event.part)
                yield self._walk.over(event)
            case Closed():
                yield from self._flushed(event.voice, event.item)
                yield self._walk.over(event)
            case Stopped():
                yield from self._flushed_choice(event)
                yield self._walk.over(event)
            case Ended():
                yield from self._flushed(event.voice)
                yield self._walk.over(event)
            case Opened():
                self._choices[event.voice, event.item] = event.choice
                yield self._walk.over(event)
            case _:
                yield self._walk.over(event)

    def _wrote(self, event: Wrote) -> Iterator[Happened]:
        strand = self._strand(event.voice, event.item, event.where, event.part)
        text = strand.feed(event.text)
        if text == event.text:
            yield event
        elif text:
            yield replace(event, text=text, logprobs=None)
        yield from strand.citations()

    def _strand(self, voice: str, item: str, where: str, part: int) -> Strand:
        place = (voice, item, where, part)
        strand = self._strands.get(place)
        if strand is None:
            in_json = where == "arguments" or (where == "content" and self._json_words)
            strand = self._strands[place] = Strand(self._vault, in_json=in_json)
        return strand

    def _flushed(self, *begin: str | int) -> Iterator[Happened]:
        """What is still held back of a voice, of an item of its, or of a part of that."""
        for place in [each for each in self._strands if each[: len(begin)] == begin]:
            voice, item, where, part = place
            strand = self._strands[place]
            text = strand.flush()
            if text:
                yield Wrote(voice=voice, item=item, text=text, part=part, where=where)
            yield from strand.citations()

    def _flushed_choice(self, event: Stopped) -> Iterator[Happened]:
        for place in list(self._strands):
            if place[0] == event.voice and self._choices.get(place[:2], 0) == event.choice:
                yield from self._flushed(*place)


def restoring_walk(vault: Vault) -> Walk:
    """Restores whole values."""
    return Walk(
        vault.restored,
        lambda text: vault.restored(text, in_json=True),
        lambda text: _cited(vault, text),
    )


def _cited(vault: Vault, text: Text) -> Text:
    """The text with its citations where they will be when it is restored."""
    strand = Strand(vault, in_json=False)
    strand.feed(text.text)
    strand.flush()
    for citation in text.citations:
        strand.cite(Cited(item="", citation=citation))
    moved = tuple(event.citation for event in strand.citations())
    return replace(text, citations=moved)
