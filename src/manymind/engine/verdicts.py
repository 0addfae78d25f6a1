"""What was judged of claims: by a verifier, and where that is in dispute by a refuter.

`supports`, `partly`, `does_not_support` and `contradicts` are all the words there are. Where
verifier and refuter are of opposite minds the claim is held to be supported in part: nobody has
settled it.
"""

from msgspec import Struct

from manymind.engine.claims import Claim, Opposition
from manymind.engine.words import plain

SUPPORTS, PARTLY, UNSUPPORTED, CONTRADICTS = (
    "supports",
    "partly",
    "does_not_support",
    "contradicts",
)
WORDS = (SUPPORTS, PARTLY, UNSUPPORTED, CONTRADICTS)
"""The best first."""

BAD = (UNSUPPORTED, CONTRADICTS)


class Matter(Struct, frozen=True):
    """What is to be judged: a statement, by these quotes alone."""

    statement: str
    quotes: tuple[str, ...]

    @property
    def verbatim(self) -> bool:
        """Whether the statement is nothing but a quote: then there is nothing to judge."""
        said = plain(self.statement).rstrip(".")
        return any(plain(quote).rstrip(".") == said for quote in self.quotes)


class Verdict(Struct, frozen=True):
    word: str
    why: str = ""


class Ruling(Struct, frozen=True):
    """`first` is the verifier's word; `second` the refuter's, where there was a dispute."""

    first: Verdict
    second: Verdict | None = None

    @property
    def disputed(self) -> bool:
        return self.first.word != SUPPORTS

    @property
    def word(self) -> str:
        """What is held in the end."""
        if self.second is None:
            return self.first.word
        if self.second.word == SUPPORTS and self.first.word in BAD:
            return PARTLY
        return self.second.word

    @property
    def why(self) -> str:
        return (self.second or self.first).why


class Rulings(Struct, frozen=True, kw_only=True):
    """All that was judged in a run. `status` is off, done, partly or failed."""

    status: str = "off"
    reason: str | None = None
    model: str | None = None
    matters: dict[Matter, Ruling] = {}
    quarrels: dict[Opposition, Verdict] = {}

    def of(self, claim: Claim, statement: str) -> Ruling | None:
        return self.matters.get(Matter(statement, claim.quotes))

    def fails(self, claim: Claim) -> bool:
        """Whether nothing that was said of this claim's quotes was found to be so."""
        words = [
            ruling.word if (ruling := self.of(claim, said)) else None for said in claim.statements
        ]
        return all(word in BAD for word in words)

    def stands(self, opposition: Opposition) -> bool:
        """Whether two claims that code holds to be opposed may be so."""
        verdict = self.quarrels.get(opposition)
        return verdict is None or verdict.word == CONTRADICTS
