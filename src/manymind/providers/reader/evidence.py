"""Finds the sentences that bear on a question, and lets the quote check prove each."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.documents import Found, Passage
from manymind.canon.ports import Library
from manymind.corpus.words import terms
from manymind.providers.reader.asking import Question
from manymind.providers.reader.choosing import choose, measured, sides
from manymind.providers.reader.code import TABLE_FILE, lines_about
from manymind.providers.reader.definitions import definitions
from manymind.providers.reader.ranking import QUOTE_MAX, Candidate, Layout, rank
from manymind.providers.reader.rows import columns, told
from manymind.providers.reader.sentences import Header

Certainty: TypeAlias = Literal["answer", "near", "nothing"]

PASSAGES = 12
CLAIM = re.compile(r"E\d+")
"""How a team names the pieces of evidence that it gives its leader."""

_ANSWERS = 0.58
_NEAR = 0.2
_WIDE_MAX = 1_500
_SCREENED_MAX = 60
_HEAD = 2_000
_SHORT = 60


class Evidence(Struct, frozen=True):
    """A quote that code has found in its document, letter by letter. `raw` is how it stands
    there; `wide`, more of it that makes it plain by itself: a row with the head of its table.
    `told` is what it says of the question in short, and `columns` what a row's cells are."""

    found: Found
    text: str
    heading: str | None
    score: float
    terms: frozenset[str]
    raw: str = ""
    wide: str = ""
    code: bool = False
    told: str = ""
    columns: str = ""

    @property
    def is_block(self) -> bool:
        """Whether it is code of several lines, which stands as it is written."""
        return self.code and "\n" in self.raw and "```" not in self.raw


class Finding(Struct, frozen=True):
    """What was found for one question, best first, and how sure it is an answer."""

    question: Question
    certainty: Certainty
    evidence: tuple[Evidence, ...] = ()


async def find(library: Library, question: Question, *, screened: bool = False) -> Finding:
    """Search the library for a question and prove the best sentences. What is `screened` was
    found for this question already: all of it is looked at."""
    if not question.terms:
        return Finding(question, "nothing")
    passages = await (_all(library) if screened else _searched(library, question))
    ranked = rank(question, passages, await layouts(library, passages))
    sure = certainty(question, ranked)
    if sure == "nothing":
        return Finding(question, sure)
    chosen = choose(question, ranked) if sure == "answer" else list(ranked[:1])
    proved = await prove(library, chosen, question)
    return Finding(question, sure if proved else "nothing", proved)


async def _searched(library: Library, question: Question) -> tuple[Passage, ...]:
    """What the question's words lead to; where some are borrowed, also its own alone."""
    found = await library.search(question.keywords, limit=PASSAGES)
    found = (*await definitions(library, question), *found)
    if not question.lent:
        return found
    own = await library.search(" ".join(question.terms), limit=PASSAGES // 2)
    known = {(one.document_id, one.start) for one in found}
    return (*found, *(one for one in own if (one.document_id, one.start) not in known))


async def _all(library: Library) -> tuple[Passage, ...]:
    cards = library.cards()[:_SCREENED_MAX]
    slices = [await library.slice(card.id, 0, card.size) for card in cards]
    return tuple(
        replace(found, heading=" ".join(filter(None, (card.url, card.title))))
        for card, found in zip(cards, slices, strict=True)
    )


async def layouts(library: Library, passages: Sequence[Passage]) -> dict[str, Layout]:
    """How the documents of these passages are laid out, as far as their names tell. What names a
    piece of evidence is its source."""
    wanted = frozenset(one.document_id for one in passages)
    found: dict[str, Layout] = {}
    for card in library.cards():
        if card.id not in wanted:
            continue
        name = card.url if card.url and CLAIM.fullmatch(card.id) else card.id
        header: Header = ()
        if TABLE_FILE.search(name) and name == card.id:
            head = await library.slice(card.id, 0, _HEAD)
            mark = "\t" if name.lower().endswith("tsv") else ","
            line = head.text.split("\n", 1)[0]
            header = tuple(cell.strip().strip('"') for cell in line.split(mark))
        found[card.id] = Layout(name, header)
    return found


async def prove(
    library: Library, candidates: Iterable[Candidate], question: Question
) -> tuple[Evidence, ...]:
    """The candidates whose words the quote check finds in their documents."""
    proved: list[Evidence] = []
    for candidate in candidates:
        found = await _checked(library, candidate)
        if found is None:
            continue
        checked, quote = found
        proved.append(
            Evidence(
                found=checked,
                text=" ".join(quote.split()),
                heading=candidate.passage.heading,
                score=candidate.score,
                terms=frozenset(terms(quote)),
                raw=quote,
                wide=_wide(candidate),
                code=candidate.sentence.kind == "code",
                told=told(question, candidate.sentence),
                columns=columns(candidate.sentence),
            )
        )
    return tuple(proved)


async def _checked(library: Library, candidate: Candidate) -> tuple[Found, str] | None:
    """The quote as it was found. One that is too short to prove anything takes in the line before
    it or behind it."""
    text, sentence = candidate.passage.text, candidate.sentence
    start, end = _shown(candidate)
    start, end = sentence.start + start, sentence.start + end
    before = text.rfind("\n", 0, max(0, start - 1)) + 1
    behind = text.find("\n", end + 1)
    behind = behind if behind >= 0 else len(text)
    for first, last in ((start, end), (before, end), (start, behind), (before, behind)):
        quote = text[first:last].strip("\n").rstrip()
        quote = quote if sentence.kind == "code" else quote.lstrip()
        checked = await library.check(candidate.passage.document_id, quote)
        if isinstance(checked, Found):
            return checked, quote
        if last - first > _SHORT:
            return None
    return None


def _shown(candidate: Candidate) -> tuple[int, int]:
    """Which stretch of a sentence is quoted: all of it, unless it is long."""
    text = candidate.sentence.text
    start, end = 0, len(text)
    if candidate.sentence.kind == "code":
        start, end = lines_about(text, lambda part: len(candidate.held & set(terms(part))))
    first, last = shortened(text[start:end], candidate.held)
    return start + first, start + last


def _wide(candidate: Candidate) -> str:
    """A stretch with what makes it plain by itself, unless that is long."""
    opening, closing = candidate.sentence.opening, candidate.sentence.closing
    if opening is None or closing is None or closing - opening > _WIDE_MAX:
        return ""
    return candidate.passage.text[opening:closing].strip("\n")


def certainty(question: Question, ranked: Sequence[Candidate]) -> Certainty:
    """How sure the best of them is an answer. It is none without any proper name of the question,
    without anything but its names, or without the thing that a number is asked of."""
    if not ranked:
        return "nothing"
    top = ranked[0]
    if top.covered < _NEAR:
        return "nothing"
    beside = frozenset(question.terms) - question.named
    if question.options and sides(question, ranked):
        return "answer"
    missing = (
        (question.named and not question.named & _read(top))
        or (question.named and beside and not beside & top.met)
        or (question.counted and not question.counted & top.met)
    )
    return "near" if missing or top.covered < _ANSWERS else "answer"


def _read(top: Candidate) -> frozenset[str]:
    passage = top.passage
    return frozenset(terms(f"{passage.document_id} {passage.heading} {passage.text}"))


def shortened(text: str, wanted: frozenset[str]) -> tuple[int, int]:
    """The stretch of an overlong sentence that holds most of the question's words."""
    if len(text) <= QUOTE_MAX:
        return 0, len(text)
    step = 60
    starts = [0, *(text.find(" ", at) + 1 for at in range(step, len(text) - QUOTE_MAX, step))]
    best = max(
        (start for start in starts if start >= 0),
        key=lambda start: len(wanted & set(terms(text[start : start + QUOTE_MAX]))),
    )
    end = text.rfind(" ", best, best + QUOTE_MAX)
    return best, end if end > best else min(len(text), best + QUOTE_MAX)


def disagree(question: Question, evidence: Sequence[Evidence]) -> bool:
    """Whether two documents say the same of the question and give different figures for it."""
    if question.kind not in ("count", "when"):
        return False
    for number, one in enumerate(evidence):
        for other in evidence[number + 1 :]:
            if one.found.document_id == other.found.document_id:
                continue
            shared = one.terms & other.terms & set(question.terms)
            mine, theirs = measured(one.text), measured(other.text)
            units = mine.keys() & theirs.keys()
            enough = len(shared) >= min(2, len(question.terms))
            if enough and any(mine[unit].isdisjoint(theirs[unit]) for unit in units):
                return True
    return False
