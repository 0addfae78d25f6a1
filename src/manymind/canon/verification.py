"""What was proved of an answer, and how: every claim with its quotes, what was lost on the way,
and where those who looked agree.

It is told with the answer, and complete enough to be kept with it and looked at later.
"""

from msgspec import Struct


class Quotation(Struct, frozen=True, kw_only=True):
    """A stretch of a document, word for word. `spans` are the parts of it that were quoted,
    where something was left out between them."""

    document_id: str
    url: str
    start: int
    end: int
    quote: str
    spans: tuple[tuple[int, int], ...] = ()


class Statement(Struct, frozen=True, kw_only=True):
    """What somebody said of the quotes, and what was judged of it: supports, partly,
    does_not_support or contradicts. `first` is what the verifier said before a refuter looked;
    `why` is the last judge's reason. Without a verdict nobody has judged."""

    text: str
    verdict: str | None = None
    first: str | None = None
    why: str | None = None


class ProvenClaim(Struct, frozen=True, kw_only=True):
    """A claim whose quotes all stand. `dropped`: it was judged, and may not be cited; `cited`:
    the answer rests on it. `voices` noted it."""

    id: str
    statements: tuple[Statement, ...]
    evidence: tuple[Quotation, ...]
    voices: tuple[str, ...]
    cited: bool = False
    dropped: bool = False


class LostClaim(Struct, frozen=True, kw_only=True):
    """A claim that no quote was found for: what an answer may lack."""

    id: str
    voice: str
    text: str
    reason: str


class Contradiction(Struct, frozen=True, kw_only=True):
    """Claims, or answers, that disagree. `by` says how that was seen: by a `figure` or a
    `denial` (by code), or by the `answers` of agents. `verdict` is what a verifier made of it;
    `told` says whether the answer cites every side."""

    sides: tuple[str, ...]
    by: str
    verdict: str | None = None
    told: bool = False


class BlindSpot(Struct, frozen=True, kw_only=True):
    """What was asked of an agent who then noted nothing for it."""

    agent: str
    objective: str


class Opinion(Struct, frozen=True, kw_only=True):
    """An answer that agents gave without looking anything up."""

    id: str
    answer: str
    voices: tuple[str, ...]


class Agreement(Struct, frozen=True, kw_only=True):
    """Claims by id: `consensus`, several voices noted it; `unique`, one did; `partial`, its
    quotes were judged to say only part of it."""

    consensus: tuple[str, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    partial: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    opinions: tuple[Opinion, ...] = ()


class Verifier(Struct, frozen=True, kw_only=True):
    """Who judged whether quotes support their claims. `status` is off, done, partly or failed;
    `reason` says why where it is not done."""

    status: str
    reason: str | None = None
    model: str | None = None


class Worker(Struct, frozen=True, kw_only=True):
    """How an agent ended: done, cut or failed, and why where not done."""

    agent: str
    status: str
    reason: str | None = None
    claims: int = 0


class Counts(Struct, frozen=True, kw_only=True):
    """The numbers. `claimed` are all statements that agents made; of them `verbatim` had quotes
    that stand, and `lost` had none. `claims` are what became of the verbatim ones once the same
    facts were joined; of these, `cited` are in the answer. `judged` statements divide into the
    four verdicts. `doubted_sentences` cite evidence that does not hold their figures;
    `quotations_unmarked` counts the rounds in which quotation marks were taken from words that
    stand nowhere."""

    claimed: int = 0
    verbatim: int = 0
    lost: int = 0
    claims: int = 0
    cited: int = 0
    dropped: int = 0
    judged: int = 0
    supported: int = 0
    partly_supported: int = 0
    not_supported: int = 0
    contradicted: int = 0
    disputed: int = 0
    doubted_sentences: int = 0
    dropped_sentences: int = 0
    quotations_unmarked: int = 0
    sources: int = 0


class Verification(Struct, frozen=True, kw_only=True):
    """`policy` is what was done with claims that are not supported: mark or drop."""

    counts: Counts
    verifier: Verifier
    policy: str
    claims: tuple[ProvenClaim, ...] = ()
    lost: tuple[LostClaim, ...] = ()
    agreement: Agreement = Agreement()
    agents: tuple[Worker, ...] = ()
