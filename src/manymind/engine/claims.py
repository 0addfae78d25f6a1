"""Notes and what becomes of them: claims, each a fact with all the evidence that was found for
it, whoever found it."""

from collections.abc import Sequence
from itertools import combinations
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.documents import Found
from manymind.engine.facts import Fact, fact, opposed, same
from manymind.engine.words import plain

QUOTE_MAX = 2_000

Place: TypeAlias = "tuple[int, str, int]"
"""Where a note stands among all: the agent's number, its voice, and the note's own number."""


class Note(Struct, frozen=True, kw_only=True):
    """One statement of one voice with its quotes, as it was taken in. `name` is what the voice
    knows it by; `heading` is what the first quote stands under."""

    name: str
    place: Place
    voice: str
    statement: str
    evidence: tuple[Found, ...]
    heading: str | None = None


class Claim(Struct, frozen=True, kw_only=True):
    """One fact, or what several voices have said of one quote, and every quote for it. Every
    figure in the statements stands in a quote."""

    id: str
    statements: tuple[str, ...]
    evidence: tuple[Found, ...]
    voices: tuple[str, ...]
    places: tuple[Place, ...]
    heading: str | None = None

    @property
    def found(self) -> Found:
        """The first of its quotes."""
        return self.evidence[0]

    @property
    def told(self) -> str:
        return " ".join(self.statements)

    @property
    def quotes(self) -> tuple[str, ...]:
        return tuple(found.text for found in self.evidence)

    @property
    def documents(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(found.document_id for found in self.evidence))


class Opposition(Struct, frozen=True):
    """Two claims that plainly disagree: by a `figure`, or by a `denial`."""

    left: str
    right: str
    by: str


def merged(notes: Sequence[Note]) -> list[Claim]:
    """The claims that these notes make. The same notes in the same order make the same claims."""
    claims: list[Claim] = []
    facts: list[list[Fact]] = []
    for note in notes:
        said = fact(note.statement)
        number = _home(note, said, claims, facts)
        if number is None:
            claims.append(_first(note, len(claims) + 1))
            facts.append([said])
        else:
            claims[number] = _with(claims[number], note)
            facts[number].append(said)
    return claims


def oppositions(claims: Sequence[Claim]) -> tuple[Opposition, ...]:
    """Every pair of claims that plainly disagrees; both stay."""
    facts = [(claim.id, tuple(map(fact, claim.statements))) for claim in claims]
    by_words: dict[tuple[str, ...], list[tuple[str, Fact]]] = {}
    for name, said in facts:
        for each in said:
            by_words.setdefault(each.words, []).append((name, each))
    found: dict[tuple[str, str], str] = {}
    for group in by_words.values():
        for (left, one), (right, other) in combinations(group, 2):
            by = opposed(one, other)
            if by is not None and left != right:
                found.setdefault((left, right), by)
    return tuple(Opposition(left, right, by) for (left, right), by in sorted(found.items()))


def joined(left: Found, right: Found) -> Found | None:
    """Two quotes that share a stretch of one document, as one; None where they do not, or where
    one of them would grow too long to be a quote."""
    if left.document_id != right.document_id:
        return None
    first, second = (left, right) if left.start <= right.start else (right, left)
    if second.start >= first.end:
        return None
    if (first.start, first.end) == (second.start, second.end):
        return left if left.spans == right.spans else replace(left, spans=())
    if second.end <= first.end:
        return replace(first, spans=())
    if second.end - first.start > QUOTE_MAX or len(second.text) != second.end - second.start:
        return None
    text = first.text + second.text[first.end - second.start :]
    return replace(first, end=second.end, text=text, spans=())


def _home(
    note: Note, said: Fact, claims: Sequence[Claim], facts: Sequence[Sequence[Fact]]
) -> int | None:
    """The first claim that says the same, or that rests on the same words; never one that says
    the opposite."""
    for number, claim in enumerate(claims):
        if any(opposed(said, known) for known in facts[number]):
            continue
        if any(same(said, known) for known in facts[number]) or _overlap(note, claim):
            return number
    return None


def _overlap(note: Note, claim: Claim) -> bool:
    return any(joined(known, new) for known in claim.evidence for new in note.evidence)


def _first(note: Note, number: int) -> Claim:
    return Claim(
        id=f"E{number}",
        statements=(note.statement,),
        evidence=_gathered((), note.evidence),
        voices=(note.voice,),
        places=(note.place,),
        heading=note.heading,
    )


def _with(known: Claim, note: Note) -> Claim:
    statements = known.statements
    if plain(note.statement) not in {plain(said) for said in statements}:
        statements = (*statements, note.statement)
    return replace(
        known,
        statements=statements,
        evidence=_gathered(known.evidence, note.evidence),
        voices=tuple(dict.fromkeys((*known.voices, note.voice))),
        places=(*known.places, note.place),
    )


def _gathered(known: tuple[Found, ...], new: tuple[Found, ...]) -> tuple[Found, ...]:
    """All quotes, those that share a stretch as one."""
    kept = list(known)
    for found in new:
        for number, each in enumerate(kept):
            both = joined(each, found)
            if both is not None:
                kept[number] = both
                break
        else:
            kept.append(found)
    return tuple(kept)
