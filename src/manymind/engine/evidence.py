"""The claims of a run. A claim with a checked quote gets an id and may be cited; nothing else.

Agents work side by side, and what one of them sees does not depend on how fast the others are: an
agent's notes are numbered by the agent and in its own order. The claims that the leader writes
from are made of all notes in the order of the agents, so that the same notes make the same claims
under the same ids, whoever came first.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.documents import Found, Missing, Passage
from manymind.canon.ports import Library

CLAIM_MAX = 2_000
QUOTE_MIN, QUOTE_MAX = 6, 2_000
NOTE_NAME = re.compile(r"\bC\d+-\d+\b")
_TRIES_MAX = 3
"""One quote, and two repairs of it."""

_FIGURES = re.compile(r"\d+(?:[.,'’ \u2009\u202f]\d+)*")
_GROUPED = re.compile(r"(?<=\d)[,'’ \u2009\u202f](?=\d{3}(?!\d))")
_SPACES = re.compile(r"['’ \u2009\u202f]")


Place: TypeAlias = "tuple[int, str, int]"
"""Where a note stands among all: the agent's number, its voice, and the note's own number."""


class Note(Struct, frozen=True, kw_only=True):
    """One statement of one voice with its quote, as it was taken in. `name` is what the voice
    knows it by; `sound`: every figure in the statement stands in the quote."""

    name: str
    place: Place
    voice: str
    statement: str
    found: Found
    heading: str | None = None

    @property
    def sound(self) -> bool:
        return stands(self.statement, self.found.text)


class Claim(Struct, frozen=True, kw_only=True):
    """Statements that rest on one quote. `sound`: every figure in them stands in the quote.
    `heading` is what the quote stands under."""

    id: str
    statements: tuple[str, ...]
    found: Found
    voices: tuple[str, ...]
    places: tuple[Place, ...]
    sound: bool = True
    heading: str | None = None

    @property
    def told(self) -> str:
        """What may be said of it: its statements, or its quote where they say more than that."""
        return " ".join(self.statements) if self.sound else self.found.text


class Accepted(Struct, frozen=True):
    """`new`: the voice had not noted any of these words before."""

    note: Note
    new: bool


class Rejected(Struct, frozen=True):
    """`final`: there is no further try; the statement is kept as unsupported."""

    reason: str
    nearest: tuple[Passage, ...] = ()
    final: bool = False


Noting: TypeAlias = Accepted | Rejected


class Evidence:
    """The table of claims."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._notes: list[Note] = []
        self._counts: Counter[str] = Counter()
        self._claims: dict[str, Claim] | None = None
        self._tries: dict[tuple[str, str], int] = {}
        self._unsupported: list[tuple[Place, str]] = []

    @property
    def claims(self) -> tuple[Claim, ...]:
        """In the order of the agents, and of each one's notes."""
        return tuple(self._settled().values())

    @property
    def unsupported(self) -> list[str]:
        """What was said three times without a quote that stands, in the same order."""
        return [statement for _, statement in sorted(self._unsupported)]

    def get(self, name: str) -> Claim | None:
        return self._settled().get(name)

    def noted_by(self, voice: str) -> tuple[Note, ...]:
        return tuple(note for note in self._notes if note.voice == voice)

    def noted(self, name: str) -> Note | None:
        return next((note for note in self._notes if note.name == name), None)

    def claim_of(self, note: Note) -> Claim:
        """The claim that a note has become part of."""
        return next(claim for claim in self.claims if note.place in claim.places)

    async def note(self, voice: str, statement: str, document_id: str, quote: str) -> Noting:
        """Take a claim in, if its quote stands in its document word for word."""
        statement = statement.strip()[:CLAIM_MAX]
        if self._tries.get((voice, _plain(statement)), 0) >= _TRIES_MAX:
            return Rejected("This was tried three times; it stays unsupported.", final=True)
        size = len(quote.strip())
        if size > QUOTE_MAX:
            return self._reject(voice, statement, "The quote is too long: one passage will do.")
        if size < QUOTE_MIN and not any(letter.isdigit() for letter in quote):
            return self._reject(voice, statement, "The quote is too short to prove anything.")
        checked = await self._library.check(document_id, quote)
        if isinstance(checked, Missing):
            return self._reject(voice, statement, checked.reason, checked.nearest)
        return await self._accept(voice, statement or checked.text, checked)

    async def prove(self, voice: str, statement: str, document_id: str, quote: str) -> bool:
        """Take in a quote that its voice did not note, if it stands in the document."""
        found = await self._library.check(document_id, quote)
        if isinstance(found, Missing):
            return False
        if not any(_joined(known.found, found) for known in self.noted_by(voice)):
            await self._accept(voice, statement[:CLAIM_MAX], found)
        return True

    async def _accept(self, voice: str, statement: str, found: Found) -> Accepted:
        passage = await self._library.slice(found.document_id, found.start, found.end)
        new = not any(_joined(known.found, found) for known in self.noted_by(voice))
        place = self._next(voice)
        note = Note(
            name=f"C{place[0]}-{place[2]}",
            place=place,
            voice=voice,
            statement=statement,
            found=found,
            heading=passage.heading,
        )
        self._notes.append(note)
        self._claims = None
        return Accepted(note, new)

    def _next(self, voice: str) -> Place:
        self._counts[voice] += 1
        return (_rank(voice), voice, self._counts[voice])

    def _settled(self) -> dict[str, Claim]:
        if self._claims is None:
            claims = _merged(sorted(self._notes, key=lambda note: note.place))
            self._claims = {claim.id: claim for claim in claims}
        return self._claims

    def _reject(
        self, voice: str, statement: str, reason: str, nearest: tuple[Passage, ...] = ()
    ) -> Rejected:
        key = (voice, _plain(statement))
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        if tries == _TRIES_MAX:
            self._unsupported.append((self._next(voice), statement))
        return Rejected(reason, nearest, final=tries >= _TRIES_MAX)


def _rank(voice: str) -> int:
    """An agent's number; the leader comes before all agents."""
    number = voice.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _merged(notes: Sequence[Note]) -> list[Claim]:
    """One claim for all notes whose quotes overlap."""
    claims: list[Claim] = []
    for note in notes:
        for number, known in enumerate(claims):
            joined = _joined(known.found, note.found)
            if joined is not None:
                claims[number] = _with(known, note, joined)
                break
        else:
            claims.append(
                Claim(
                    id=f"E{len(claims) + 1}",
                    statements=(note.statement,),
                    found=note.found,
                    voices=(note.voice,),
                    places=(note.place,),
                    sound=note.sound,
                    heading=note.heading,
                )
            )
    return claims


def _with(known: Claim, note: Note, found: Found) -> Claim:
    statements = known.statements
    if _plain(note.statement) not in {_plain(said) for said in statements}:
        statements = (*statements, note.statement)
    return replace(
        known,
        statements=statements,
        found=found,
        voices=tuple(dict.fromkeys((*known.voices, note.voice))),
        places=(*known.places, note.place),
        sound=all(stands(said, found.text) for said in statements),
    )


def stands(statement: str, quote: str) -> bool:
    """Whether every number of the statement stands in the quote, however thousands are parted."""
    known = {reading for run in _runs(quote) for reading in (_whole(run), *_apart(run))}
    return all(
        _whole(run) in known or all(part in known for part in _apart(run))
        for run in _runs(statement)
    )


def _runs(text: str) -> list[str]:
    return _FIGURES.findall(unicodedata.normalize("NFKC", text))


def _whole(run: str) -> str:
    """`1 234` as one number."""
    return _GROUPED.sub("", run).replace(",", ".")


def _apart(run: str) -> tuple[str, ...]:
    """`1 234` as two numbers that stand side by side."""
    return tuple(_whole(part) for part in _SPACES.split(run))


def _joined(left: Found, right: Found) -> Found | None:
    """Two quotes that share a stretch of one document, as one; None where they do not, or where
    one of them would grow too long to be a quote."""
    if left.document_id != right.document_id:
        return None
    first, second = (left, right) if left.start <= right.start else (right, left)
    if second.start >= first.end:
        return None
    if second.end <= first.end:
        return first
    if second.end - first.start > QUOTE_MAX or len(second.text) != second.end - second.start:
        return None
    text = first.text + second.text[first.end - second.start :]
    return replace(first, end=second.end, text=text)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
