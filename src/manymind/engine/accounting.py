"""The account that a team gives of its answer: what was claimed, proved, judged and lost."""

from collections import Counter
from collections.abc import Sequence

from manymind.canon.documents import Found
from manymind.canon.verification import (
    Counts,
    LostClaim,
    ProvenClaim,
    Quotation,
    Statement,
    Verification,
    Verifier,
    Worker,
)
from manymind.engine.agent import Report
from manymind.engine.agreement import agreement
from manymind.engine.claims import Claim
from manymind.engine.draft import Draft
from manymind.engine.evidence import Evidence
from manymind.engine.mission import Mission
from manymind.engine.plan import Plan
from manymind.engine.rendering import safe_url
from manymind.engine.verdicts import (
    CONTRADICTS,
    PARTLY,
    SUPPORTS,
    UNSUPPORTED,
    Ruling,
    Rulings,
)

LISTED_MAX = 500
"""Claims in a list; the numbers count all."""


def account(
    mission: Mission, plan: Plan, reports: Sequence[Report], rulings: Rulings, draft: Draft
) -> Verification | None:
    """None where there was nothing to look at, and nobody to compare."""
    evidence = mission.shared.evidence
    if plan.mode == "solo" and not mission.cards:
        return None
    claims = (*evidence.claims, *evidence.withdrawn)
    ordered = sorted(claims, key=lambda claim: int(claim.id[1:]))
    dropped = {claim.id for claim in evidence.withdrawn}
    return Verification(
        counts=_counts(evidence, ordered, rulings, draft),
        verifier=Verifier(status=rulings.status, reason=rulings.reason, model=rulings.model),
        policy=mission.unsupported,
        claims=tuple(
            _proven(claim, rulings, cited=claim.id in draft.cited, dropped=claim.id in dropped)
            for claim in ordered[:LISTED_MAX]
        ),
        lost=tuple(
            LostClaim(id=lost.name, voice=lost.voice, text=lost.statement, reason=lost.reason)
            for lost in evidence.lost[:LISTED_MAX]
        ),
        agreement=agreement(plan, reports, ordered, rulings, draft.cited),
        agents=tuple(
            Worker(
                agent=report.voice,
                status=report.status,
                reason=report.reason,
                claims=len(report.claims),
            )
            for report in reports
        ),
    )


def _counts(evidence: Evidence, claims: Sequence[Claim], rulings: Rulings, draft: Draft) -> Counts:
    ruled = [
        ruling
        for claim in claims
        for said in claim.statements
        if (ruling := rulings.of(claim, said))
    ]
    words = Counter(ruling.word for ruling in ruled)
    cited = [claim for claim in claims if claim.id in draft.cited]
    lost = len(evidence.lost)
    return Counts(
        claimed=evidence.notes + lost,
        verbatim=evidence.notes,
        lost=lost,
        claims=len(claims),
        cited=len(cited),
        dropped=len(evidence.withdrawn),
        judged=len(ruled),
        supported=words[SUPPORTS],
        partly_supported=words[PARTLY],
        not_supported=words[UNSUPPORTED],
        contradicted=words[CONTRADICTS],
        disputed=sum(ruling.disputed for ruling in ruled),
        doubted_sentences=draft.doubted,
        dropped_sentences=draft.cut,
        quotations_unmarked=draft.unmarked,
        sources=len({name for claim in cited for name in claim.documents}),
    )


def _proven(claim: Claim, rulings: Rulings, *, cited: bool, dropped: bool) -> ProvenClaim:
    return ProvenClaim(
        id=claim.id,
        statements=tuple(_statement(said, rulings.of(claim, said)) for said in claim.statements),
        evidence=tuple(map(_quotation, claim.evidence)),
        voices=claim.voices,
        cited=cited,
        dropped=dropped,
    )


def _statement(said: str, ruling: Ruling | None) -> Statement:
    if ruling is None:
        return Statement(text=said)
    first = None if ruling.second is None else ruling.first.word
    return Statement(text=said, verdict=ruling.word, first=first, why=ruling.why or None)


def _quotation(found: Found) -> Quotation:
    return Quotation(
        document_id=found.document_id,
        url=safe_url(found),
        start=found.start,
        end=found.end,
        quote=found.text,
        spans=found.spans,
    )
