"""What the leader is given to write from, and the answer in its stead when it cannot write."""

import re

from manymind.engine.agent import Report
from manymind.engine.briefs import filled, inert
from manymind.engine.claims import Claim, oppositions
from manymind.engine.crew import last_word
from manymind.engine.evidence import NOTE_NAME
from manymind.engine.marks import disarmed
from manymind.engine.mission import Mission
from manymind.engine.structured import wanted
from manymind.engine.verdicts import CONTRADICTS, PARTLY, SUPPORTS, UNSUPPORTED, Ruling, Rulings

_EVIDENCE_CHARACTERS = 160_000
_COUNTED_MAX = 200
_UNSUPPORTED_MAX = 20
_QUARRELS_MAX = 20
_WORDS = {
    PARTLY: "supports only a part of",
    UNSUPPORTED: "does not support",
    CONTRADICTS: "contradicts",
}
_FINDINGS_MAX = 40
_BLOCK_TAG = re.compile(r"<(?=/|(?:document|report)\b)", re.IGNORECASE)


def closing(mission: Mission, reports: tuple[Report, ...], rulings: Rulings) -> str:
    """The leader's last brief; empty where there is nothing to add to the conversation."""
    claims = mission.shared.evidence.claims
    if not claims and not any(report.text or report.status != "done" for report in reports):
        return ""
    shape = ""
    if wanted(mission.request.output):
        shape = "The answer is one JSON value of the form that is asked for, without markers.\n"
    told = _reports(mission, reports) + _quarrels(claims, rulings)
    words = {"reports": told, "shape": shape, "question": mission.question}
    if not claims and not mission.cards:
        return filled("merge", **words)
    return filled("write", evidence=_blocks(claims, rulings), **words)


def findings(claims: tuple[Claim, ...], reports: tuple[Report, ...]) -> str:
    """What can be said without a leader: the claims with their quotes, else the report that most
    agree with."""
    if claims:
        lines = (f"- {_line(claim)} {{{{{claim.id}}}}}" for claim in claims[:_FINDINGS_MAX])
        return "\n".join(lines)
    spoken = [report for report in reports if report.text.strip()]
    if not spoken:
        return ""
    words = [last_word(report) for report in spoken]
    best = max(spoken, key=lambda report: (report.status == "done", _votes(report, words)))
    return best.text


def _votes(report: Report, words: list[str]) -> int:
    word = last_word(report)
    return words.count(word) if word else 0


def _line(claim: Claim) -> str:
    quotes = " ".join(f"“{disarmed(quote)}”" for quote in claim.quotes)
    told = disarmed(" ".join(claim.told.split()))
    return quotes if claim.found.text.strip() in claim.told else f"{told} {quotes}"


def _quarrels(claims: tuple[Claim, ...], rulings: Rulings) -> str:
    """Which pieces of evidence disagree, so that none of them is passed over."""
    known = {claim.id for claim in claims}
    pairs = [
        f"{each.left} and {each.right} seem to disagree: give both sides."
        for each in oppositions(claims)
        if {each.left, each.right} <= known and rulings.stands(each)
    ]
    return "".join(f"\n{pair}" for pair in pairs[:_QUARRELS_MAX])


def _blocks(claims: tuple[Claim, ...], rulings: Rulings) -> str:
    blocks: list[str] = []
    room = _EVIDENCE_CHARACTERS
    for claim in claims:
        block = _block(claim, rulings)
        room -= len(block)
        if room < 0:
            break
        blocks.append(block)
    return "\n".join(blocks) or "There is no checked evidence."


def _block(claim: Claim, rulings: Rulings) -> str:
    """A claim as a document. Of its statements those are given that say something else than its
    quotes, with what was judged of them."""
    plain = [" ".join(quote.split()) for quote in claim.quotes]
    lines = [
        _judged(said, rulings.of(claim, said))
        for said in claim.statements
        if not any(" ".join(said.split()) in quote for quote in plain)
    ]
    body = _enclosed("\n".join((*lines, *claim.quotes)))
    source = _attribute("source", ", ".join(claim.documents))
    title = _attribute("title", claim.heading)
    return f'<document id="{claim.id}"{source}{title}>\n{body}\n</document>'


def _judged(said: str, ruling: Ruling | None) -> str:
    if ruling is None or ruling.word == SUPPORTS:
        return said
    return f"(Judged by another model: the quote {_WORDS[ruling.word]} this.) {said}"


def _attribute(name: str, value: str | None) -> str:
    return f' {name}="{inert(value).replace(chr(34), chr(39))}"' if value else ""


def _reports(mission: Mission, reports: tuple[Report, ...]) -> str:
    lines: list[str] = []
    for report in reports:
        if report.text.strip():
            status = report.status if report.reason is None else f"{report.status}: {report.reason}"
            head = f'<report agent="{report.voice}" status="{status}">'
            lines.append(f"{head}\n{_renamed(mission, _enclosed(report.text))}\n</report>")
        elif report.status != "done":
            lines.append(f"{report.voice} brought no report ({report.reason}).")
    told = mission.unsupported != "drop"
    unsupported = mission.shared.evidence.unsupported[:_UNSUPPORTED_MAX] if told else []
    lines += [f"Unconfirmed, no quote was found for it: {_enclosed(said)}" for said in unsupported]
    unread = mission.shared.coverage.unread(mission.cards)
    if unread and len(mission.cards) <= _COUNTED_MAX:
        lines.append(f"{unread} of {len(mission.cards)} documents were not read from end to end.")
    return "\n".join(lines)


def _renamed(mission: Mission, text: str) -> str:
    """The notes that a report speaks of, under the names that their claims have here."""
    evidence = mission.shared.evidence

    def name(found: re.Match[str]) -> str:
        note = evidence.noted(found[0])
        return found[0] if note is None else evidence.claim_of(note).id

    return NOTE_NAME.sub(name, text)


def _enclosed(text: str) -> str:
    """Text that can neither end the block in which it stands nor begin another, nor cite."""
    return _BLOCK_TAG.sub("‹", disarmed(text))
