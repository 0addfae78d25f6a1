"""Where those who looked agree, where they do not, and what was asked and nobody found."""

from collections.abc import Iterator, Sequence

from manymind.canon.verification import Agreement, BlindSpot, Contradiction, Opinion
from manymind.engine.agent import Report
from manymind.engine.claims import Claim, oppositions
from manymind.engine.crew import last_word
from manymind.engine.plan import Plan
from manymind.engine.verdicts import PARTLY, Rulings

_OBJECTIVE_MAX = 400
_ANSWER_MAX = 200


def agreement(
    plan: Plan,
    reports: Sequence[Report],
    claims: Sequence[Claim],
    rulings: Rulings,
    cited: Sequence[str],
) -> Agreement:
    """The view of all claims; where nothing was looked up, of the agents' answers."""
    opinions = tuple(_opinions(reports)) if plan.mode == "deliberate" else ()
    shared = tuple(claim.id for claim in claims if len(claim.voices) > 1)
    agreed = tuple(each.id for each in opinions if len(each.voices) > 1)
    alone = tuple(claim.id for claim in claims if len(claim.voices) == 1)
    single = tuple(each.id for each in opinions if len(each.voices) == 1)
    return Agreement(
        consensus=(*shared, *agreed),
        contradictions=(*_contradictions(claims, rulings, cited), *_quarrel(opinions)),
        partial=tuple(claim.id for claim in claims if _partial(claim, rulings)),
        unique=(*alone, *single),
        blind_spots=tuple(_blind(plan, reports)),
        opinions=opinions,
    )


def _contradictions(
    claims: Sequence[Claim], rulings: Rulings, cited: Sequence[str]
) -> Iterator[Contradiction]:
    for each in oppositions(claims):
        if rulings.stands(each):
            verdict = rulings.quarrels.get(each)
            sides = (each.left, each.right)
            yield Contradiction(
                sides=sides,
                by=each.by,
                verdict=None if verdict is None else verdict.word,
                told=all(side in cited for side in sides),
            )


def _quarrel(opinions: Sequence[Opinion]) -> Iterator[Contradiction]:
    if len(opinions) > 1:
        yield Contradiction(sides=tuple(each.id for each in opinions), by="answers")


def _partial(claim: Claim, rulings: Rulings) -> bool:
    words = [ruling.word for said in claim.statements if (ruling := rulings.of(claim, said))]
    return PARTLY in words


def _opinions(reports: Sequence[Report]) -> Iterator[Opinion]:
    """The answers of independent agents, the most frequent first."""
    voices: dict[str, list[str]] = {}
    for report in reports:
        if word := last_word(report):
            voices.setdefault(word, []).append(report.voice)
    ranked = sorted(voices.items(), key=lambda each: -len(each[1]))
    for number, (answer, said_by) in enumerate(ranked, 1):
        yield Opinion(id=f"A{number}", answer=answer[:_ANSWER_MAX], voices=tuple(said_by))


def _blind(plan: Plan, reports: Sequence[Report]) -> Iterator[BlindSpot]:
    """Work that ended without a claim, or, where nothing was looked up, without an answer."""
    for work, report in zip(plan.work, reports, strict=False):
        found = last_word(report) if plan.mode == "deliberate" else report.claims
        if not found:
            yield BlindSpot(agent=report.voice, objective=work.objective[:_OBJECTIVE_MAX])
