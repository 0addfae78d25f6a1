"""Answers in words: quotes with their sources, and plain sentences about what was not found."""

from collections.abc import Sequence
from typing import TypeAlias

from manymind.canon.documents import Card
from manymind.canon.ports import Library
from manymind.corpus.naming import Skipped
from manymind.providers.reader import remarks
from manymind.providers.reader.asking import Asked, Question
from manymind.providers.reader.draft import Draft
from manymind.providers.reader.evidence import Finding, disagree, find
from manymind.providers.reader.summary import gist

_CARDS_SHOWN = 20
_SKIPPED_SHOWN = 5
_TOLD_MAX = 4
_TOLD_LENGTH = 600


Told: TypeAlias = Sequence[tuple[str, str]]
"""What tools gave back: their names and their texts."""


async def answer(library: Library, asked: Asked, draft: Draft, told: Told = ()) -> None:
    """Write the answer to what was asked into the draft."""
    cards = library.cards()
    match asked.about:
        case "greeting":
            draft.paragraph(remarks.GREETING)
        case "self":
            draft.paragraph(remarks.SELF)
        case _ if not cards:
            draft.paragraph(remarks.NO_DOCUMENTS)
        case "nothing":
            draft.paragraph(remarks.NO_QUESTION)
        case "shelf":
            draft.paragraph(_listed(cards))
        case "summary":
            await _summarise(library, asked.parts[0], draft)
        case _:
            await _quote(library, asked, draft, told)


def tell_skipped(skipped: Sequence[Skipped], draft: Draft) -> None:
    """What was given and could not be read."""
    if not skipped:
        return
    shown = [f"{one.name}: {one.why}" for one in skipped[:_SKIPPED_SHOWN]]
    if len(skipped) > _SKIPPED_SHOWN:
        shown.append(f"and {len(skipped) - _SKIPPED_SHOWN} more.")
    draft.paragraph("Note on what I was given: " + " ".join(shown))


async def _quote(library: Library, asked: Asked, draft: Draft, told: Told) -> None:
    if asked.about == "making":
        draft.paragraph(remarks.MAKING)
    findings = [await find(library, question) for question in asked.parts]
    if asked.about == "making" and all(finding.certainty != "answer" for finding in findings):
        return
    if told and all(finding.certainty == "nothing" for finding in findings):
        _repeat(told, draft)
        return
    for finding in findings:
        if len(findings) > 1:
            draft.paragraph(f"**{' '.join(finding.question.text.split())[:200]}**")
        _tell(finding, len(library.cards()), draft)


def _tell(finding: Finding, documents: int, draft: Draft) -> None:
    question = finding.question
    if finding.certainty == "nothing":
        draft.paragraph(_nothing(question, documents))
        return
    if finding.certainty == "near":
        draft.paragraph(remarks.NO_ANSWER)
    elif disagree(finding.evidence, question.terms):
        draft.paragraph(remarks.DIFFER)
    elif question.kind == "judge":
        draft.paragraph(remarks.JUDGING)
    for number, evidence in enumerate(finding.evidence):
        if number and len(finding.evidence) > 2:
            draft.say("\n")
        else:
            draft.gap()
        if len(finding.evidence) > 2:
            draft.say("- ")
        draft.quote(evidence)


def _repeat(told: Told, draft: Draft) -> None:
    """What the tools said, where no sentence of it can be told from another."""
    for tool, text in told[:_TOLD_MAX]:
        shown = " ".join(text.split())
        cut = shown if len(shown) <= _TOLD_LENGTH else shown[:_TOLD_LENGTH].rstrip() + " …"
        draft.paragraph(f"{tool} returned: {cut}")


def _nothing(question: Question, documents: int) -> str:
    about = f" about “{question.keywords[:120]}”" if question.keywords else ""
    where = "the one document" if documents == 1 else f"the {documents:,} documents"
    return f"I found nothing{about} in {where} I looked at."


async def _summarise(library: Library, question: Question, draft: Draft) -> None:
    evidence = await gist(library, question)
    if not evidence:
        draft.paragraph(_nothing(question, len(library.cards())))
        return
    draft.paragraph("I cannot summarise in words of my own; these sentences seem to carry most:")
    draft.gap()
    for number, one in enumerate(evidence):
        draft.say("\n- " if number else "- ")
        draft.quote(one)


def _listed(cards: tuple[Card, ...]) -> str:
    lines = [f"I can read {len(cards):,} document{'' if len(cards) == 1 else 's'}:", ""]
    for card in cards[:_CARDS_SHOWN]:
        title = f": {card.title}" if card.title else ""
        lines.append(f"- {card.id}{title} ({card.size:,} characters)")
    if len(cards) > _CARDS_SHOWN:
        lines.append(f"- and {len(cards) - _CARDS_SHOWN:,} more")
    return "\n".join(lines)
