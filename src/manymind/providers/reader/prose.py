"""Answers in words: quotes with their sources, and plain sentences about what was not found."""

from collections.abc import Sequence

from msgspec import Struct

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


class Told(Struct, frozen=True):
    """What the answer may rest on beside the library. `returned`: what tools gave back, with the
    tools' names. `screened`: the documents are evidence that was found for this very question."""

    returned: tuple[tuple[str, str], ...] = ()
    screened: bool = False


async def answer(library: Library, asked: Asked, draft: Draft, told: Told) -> None:
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
            await _summarise(library, asked.parts[0], draft, told)
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


class _Section(Struct, frozen=True):
    """Parts of a question that the same evidence answers."""

    finding: Finding
    titles: tuple[str, ...]
    told: tuple[str, ...]
    documents: str

    def answers(self, other: Finding) -> bool:
        """Whether the other's best evidence stands here already."""
        if self.finding.certainty != "answer" or other.certainty != "answer":
            return False
        best = other.evidence[0].found
        return any(one.found == best for one in self.finding.evidence)


async def _quote(library: Library, asked: Asked, draft: Draft, told: Told) -> None:
    if asked.about == "making":
        draft.paragraph(remarks.MAKING)
    findings = [await find(library, part, screened=told.screened) for part in asked.parts]
    if asked.about == "making" and all(finding.certainty != "answer" for finding in findings):
        return
    if told.returned and all(finding.certainty == "nothing" for finding in findings):
        _repeat(told, draft)
        return
    where = _where(len(library.cards()), told)
    for section in _sections(findings, where):
        if len(findings) > 1:
            draft.paragraph(f"**{' '.join(section.titles)}**")
        _tell(section, draft)


def _sections(findings: Sequence[Finding], where: str) -> list[_Section]:
    """One for each part of a question, and one for all that the same words answer."""
    sections: list[_Section] = []
    for finding in findings:
        title = _title(finding.question.text)
        sure = finding.certainty == "answer"
        told = tuple(one.told for one in finding.evidence[:1] if sure and one.told)
        known = next((one for one in sections if one.answers(finding)), None)
        if known is None:
            sections.append(_Section(finding, (title,), told, where))
            continue
        more = (cell for one in (*known.told, *told) for cell in one.split("; "))
        both = tuple(dict.fromkeys(more))
        joined = _Section(known.finding, (*known.titles, title), both, where)
        sections[sections.index(known)] = joined
    return sections


def _title(text: str) -> str:
    """A part of a question as a question of its own."""
    plain = " ".join(text.split())[:200].rstrip(" .,;:")
    mark = "" if plain.endswith(("?", "？", "!")) else "?"
    return f"{plain[:1].upper()}{plain[1:]}{mark}"


def _tell(section: _Section, draft: Draft) -> None:
    finding = section.finding
    question, evidence = finding.question, finding.evidence
    if finding.certainty == "nothing":
        draft.paragraph(_nothing(question, section.documents))
        return
    if finding.certainty == "near":
        draft.paragraph(remarks.NO_ANSWER)
    elif disagree(question, evidence):
        draft.paragraph(remarks.DIFFER)
    elif question.kind == "judge":
        draft.paragraph(remarks.JUDGING)
    listed = len(evidence) > 2 and not any(one.is_block for one in evidence)
    for number, one in enumerate(evidence):
        if number and listed:
            draft.say("\n")
        else:
            draft.gap()
        if listed:
            draft.say("- ")
        draft.quote(one, "; ".join(section.told) if number == 0 else one.told)


def _repeat(told: Told, draft: Draft) -> None:
    """What the tools said, where no sentence of it can be told from another."""
    for tool, text in told.returned[:_TOLD_MAX]:
        shown = " ".join(text.split())
        cut = shown if len(shown) <= _TOLD_LENGTH else shown[:_TOLD_LENGTH].rstrip() + " …"
        draft.paragraph(f"{tool} returned: {cut}")


def _nothing(question: Question, where: str) -> str:
    about = f" about “{question.keywords[:120]}”" if question.keywords else ""
    return f"I found nothing{about} in {where}."


def _where(documents: int, told: Told) -> str:
    if told.screened:
        return "the evidence that I was given"
    return f"the {'one document' if documents == 1 else f'{documents:,} documents'} I looked at"


async def _summarise(library: Library, question: Question, draft: Draft, told: Told) -> None:
    evidence = await gist(library, question, screened=told.screened)
    if not evidence:
        draft.paragraph(_nothing(question, _where(len(library.cards()), told)))
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
