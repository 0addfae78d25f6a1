"""The claims of a run. A claim with a checked quote gets an id and may be cited; nothing else.

Agents work side by side, and what one of them sees does not depend on how fast the others are: an
agent's notes are numbered by the agent and in its own order. The claims that the leader writes
from are made of all notes in the order of the agents, so that the same notes make the same claims
under the same ids, whoever came first.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct

from manymind.canon.documents import Found, Missing, Passage
from manymind.canon.ports import Library
from manymind.engine.claims import QUOTE_MAX, Claim, Note, Place, joined, merged
from manymind.engine.figures import stands, strangers
from manymind.engine.words import plain

CLAIM_MAX = 2_000
QUOTE_MIN = 6
QUOTES_MAX = 8
NOTE_NAME = re.compile(r"\bC\d+-\d+\b")
_TRIES_MAX = 3
"""One quote, and two repairs of it."""


class Quoted(Struct, frozen=True):
    """What a voice says that a document says."""

    document_id: str
    quote: str


class Accepted(Struct, frozen=True):
    """`new`: the voice had not noted any of these words before."""

    note: Note
    new: bool


class Rejected(Struct, frozen=True):
    """`final`: there is no further try; the statement is kept as unsupported."""

    reason: str
    nearest: tuple[Passage, ...] = ()
    final: bool = False


class Lost(Struct, frozen=True, kw_only=True):
    """A statement that no quote was found for, and why the last one was refused. `final`: it
    was tried as often as may be. `name` tells it from the voice's notes."""

    name: str
    place: Place
    voice: str
    statement: str
    reason: str
    final: bool


Noting: TypeAlias = Accepted | Rejected


class Evidence:
    """The table of claims."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._notes: list[Note] = []
        self._counts: Counter[str] = Counter()
        self._claims: dict[str, Claim] | None = None
        self._tries: dict[tuple[str, str], int] = {}
        self._lost: dict[tuple[str, str], Lost] = {}
        self._losses: Counter[str] = Counter()
        self._withdrawn: set[str] = set()
        self._computed: list[str] = []

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Those that may be cited, in the order of the agents, and of each one's notes."""
        settled = self._settled()
        return tuple(claim for name, claim in settled.items() if name not in self._withdrawn)

    @property
    def withdrawn(self) -> tuple[Claim, ...]:
        """Those that were judged, and may not be cited."""
        return tuple(claim for name, claim in self._settled().items() if name in self._withdrawn)

    @property
    def notes(self) -> int:
        """How many statements had a quote that stands."""
        return len(self._notes)

    @property
    def lost(self) -> tuple[Lost, ...]:
        """What was said without a quote that stands, and not mended since; in the same order."""
        return tuple(sorted(self._lost.values(), key=lambda lost: lost.place))

    @property
    def unsupported(self) -> list[str]:
        """What was said three times without a quote that stands."""
        return [lost.statement for lost in self.lost if lost.final]

    @property
    def computed(self) -> tuple[str, ...]:
        """What code has printed in this run: a figure that stands there needs no quote."""
        return tuple(self._computed)

    def compute(self, output: str) -> None:
        self._computed.append(output)

    def get(self, name: str) -> Claim | None:
        return None if name in self._withdrawn else self._settled().get(name)

    def withdraw(self, names: Iterable[str]) -> None:
        """These may not be cited any more. The others keep their ids."""
        self._withdrawn |= set(names)

    def noted_by(self, voice: str) -> tuple[Note, ...]:
        return tuple(note for note in self._notes if note.voice == voice)

    def noted(self, name: str) -> Note | None:
        return next((note for note in self._notes if note.name == name), None)

    def claim_of(self, note: Note) -> Claim:
        """The claim that a note has become part of."""
        return next(claim for claim in self._settled().values() if note.place in claim.places)

    async def note(self, voice: str, statement: str, *quotes: Quoted) -> Noting:
        """Take a claim in, if each of its quotes stands in its document word for word, and each
        of its figures in one of them."""
        statement = statement.strip()[:CLAIM_MAX]
        if self._tries.get((voice, plain(statement)), 0) >= _TRIES_MAX:
            return Rejected("This was tried three times; it stays unsupported.", final=True)
        wrong = _unfit(quotes)
        if wrong is not None:
            return self._reject(voice, statement, wrong)
        evidence: list[Found] = []
        for number, quoted in enumerate(quotes, 1):
            checked = await self._library.check(quoted.document_id, quoted.quote)
            if isinstance(checked, Missing):
                which = f"Quote {number}: " if len(quotes) > 1 else ""
                return self._reject(voice, statement, which + checked.reason, checked.nearest)
            evidence.append(checked)
        alien = strangers(statement, (*(found.said for found in evidence), *self._computed))
        if alien:
            return self._reject(voice, statement, _unproved(alien))
        return await self._accept(voice, statement or evidence[0].said, tuple(evidence))

    async def prove(self, voice: str, statement: str, document_id: str, quote: str) -> bool:
        """Take in a quote that its voice did not note, if it stands in the document. What is
        said of it counts only if its figures stand there, too; else the quote speaks for itself."""
        found = await self._library.check(document_id, quote)
        if isinstance(found, Missing):
            return False
        if not self._knows(voice, (found,)):
            said = statement[:CLAIM_MAX]
            fits = bool(said) and stands(said, found.said, *self._computed)
            await self._accept(voice, said if fits else found.said[:CLAIM_MAX], (found,))
        return True

    def miss(self, voice: str, statement: str, reason: str) -> None:
        """Something was said, with a quote, that is not to be found; nobody will mend it."""
        self._lose(voice, statement.strip()[:CLAIM_MAX], reason, final=True)

    async def _accept(self, voice: str, statement: str, evidence: tuple[Found, ...]) -> Accepted:
        first = evidence[0]
        passage = await self._library.slice(first.document_id, first.start, first.end)
        new = not self._knows(voice, evidence)
        self._counts[voice] += 1
        place = (_rank(voice), voice, self._counts[voice])
        note = Note(
            name=f"C{place[0]}-{place[2]}",
            place=place,
            voice=voice,
            statement=statement,
            evidence=evidence,
            heading=passage.heading,
        )
        self._notes.append(note)
        self._claims = None
        self._lost.pop((voice, plain(statement)), None)
        return Accepted(note, new)

    def _knows(self, voice: str, evidence: tuple[Found, ...]) -> bool:
        known = [found for note in self.noted_by(voice) for found in note.evidence]
        return all(any(joined(each, found) for each in known) for found in evidence)

    def _settled(self) -> dict[str, Claim]:
        if self._claims is None:
            claims = merged(sorted(self._notes, key=lambda note: note.place))
            self._claims = {claim.id: claim for claim in claims}
        return self._claims

    def _reject(
        self, voice: str, statement: str, reason: str, nearest: tuple[Passage, ...] = ()
    ) -> Rejected:
        key = (voice, plain(statement))
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        final = tries >= _TRIES_MAX
        self._lose(voice, statement, reason, final=final)
        return Rejected(reason, nearest, final=final)

    def _lose(self, voice: str, statement: str, reason: str, *, final: bool) -> None:
        key = (voice, plain(statement))
        known = self._lost.get(key)
        if known is None:
            self._losses[voice] += 1
        number = self._losses[voice] if known is None else known.place[2]
        self._lost[key] = Lost(
            name=f"L{_rank(voice)}-{number}",
            place=(_rank(voice), voice, number),
            voice=voice,
            statement=statement,
            reason=reason,
            final=final,
        )


def _unfit(quotes: tuple[Quoted, ...]) -> str | None:
    """What is wrong with these quotes before anyone looks for them."""
    if not quotes:
        return "There is no quote: give at least one, with its document's id."
    if len(quotes) > QUOTES_MAX:
        return f"At most {QUOTES_MAX} quotes stand for one claim: note the others apart."
    for quoted in quotes:
        quote = quoted.quote
        if len(quote.strip()) > QUOTE_MAX:
            return "The quote is too long: one passage will do."
        if len(quote.strip()) < QUOTE_MIN and not any(letter.isdigit() for letter in quote):
            return "The quote is too short to prove anything."
    return None


def _unproved(alien: tuple[str, ...]) -> str:
    figures = ", ".join(alien[:5])
    return (
        f"Of the claim's figures {figures} stands in no quote of it. Quote where it stands, or "
        "leave it out: a sum or a difference is the leader's to make."
    )


def _rank(voice: str) -> int:
    """An agent's number; the leader comes before all agents."""
    number = voice.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0
