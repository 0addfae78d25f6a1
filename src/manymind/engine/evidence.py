"""The claims of a run. A claim with a checked quote gets an id and may be cited; nothing else."""

import re
import unicodedata
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.documents import Found, Missing, Passage
from manymind.canon.ports import Library

CLAIM_MAX = 2_000
QUOTE_MIN, QUOTE_MAX = 6, 2_000
_TRIES_MAX = 3
"""One quote, and two repairs of it."""

_FIGURES = re.compile(r"\d+(?:[.,'’ \u2009\u202f]\d+)*")
_GROUPED = re.compile(r"(?<=\d)[,'’ \u2009\u202f](?=\d{3}(?!\d))")
_SPACES = re.compile(r"['’ \u2009\u202f]")


class Claim(Struct, frozen=True, kw_only=True):
    """Statements that rest on one quote. `sound`: every figure in them stands in the quote."""

    id: str
    statements: tuple[str, ...]
    found: Found
    voices: tuple[str, ...]
    sound: bool = True

    @property
    def told(self) -> str:
        """What may be said of it: its statements, or its quote where they say more than that."""
        return " ".join(self.statements) if self.sound else self.found.text


class Accepted(Struct, frozen=True):
    claim: Claim
    new: bool


class Rejected(Struct, frozen=True):
    """`final`: there is no further try; the statement is kept as unsupported."""

    reason: str
    nearest: tuple[Passage, ...] = ()
    final: bool = False


Noting: TypeAlias = Accepted | Rejected


class Evidence:
    """The table of claims, in the order in which they came."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._claims: dict[str, Claim] = {}
        self._tries: dict[tuple[str, str], int] = {}
        self.unsupported: list[str] = []

    @property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(self._claims.values())

    def get(self, name: str) -> Claim | None:
        return self._claims.get(name)

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
        return self._accept(voice, statement or checked.text, checked)

    async def prove(self, voice: str, statement: str, document_id: str, quote: str) -> bool:
        """Take in a quote that nobody noted, if it stands in the document and is not known."""
        found = await self._library.check(document_id, quote)
        if isinstance(found, Missing):
            return False
        if not any(_joined(known.found, found) for known in self._claims.values()):
            self._accept(voice, statement[:CLAIM_MAX], found)
        return True

    def _accept(self, voice: str, statement: str, found: Found) -> Accepted:
        for known in self._claims.values():
            joined = _joined(known.found, found)
            if joined is not None:
                return Accepted(self._merge(known, voice, statement, joined), new=False)
        claim = Claim(
            id=f"E{len(self._claims) + 1}",
            statements=(statement,),
            found=found,
            voices=(voice,),
            sound=stands(statement, found.text),
        )
        self._claims[claim.id] = claim
        return Accepted(claim, new=True)

    def _merge(self, known: Claim, voice: str, statement: str, found: Found) -> Claim:
        same = {_plain(said) for said in known.statements}
        statements = known.statements
        if _plain(statement) not in same:
            statements = (*statements, statement)
        claim = replace(
            known,
            statements=statements,
            found=found,
            voices=tuple(dict.fromkeys((*known.voices, voice))),
            sound=all(stands(said, found.text) for said in statements),
        )
        self._claims[claim.id] = claim
        return claim

    def _reject(
        self, voice: str, statement: str, reason: str, nearest: tuple[Passage, ...] = ()
    ) -> Rejected:
        key = (voice, _plain(statement))
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        if tries == _TRIES_MAX:
            self.unsupported.append(statement)
        return Rejected(reason, nearest, final=tries >= _TRIES_MAX)


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
