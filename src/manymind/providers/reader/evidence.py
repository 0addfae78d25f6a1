"""Finds the sentences that bear on a question, and lets the quote check prove each.

The library ranks passages; here their sentences are ranked: by how much of the question they hold
themselves or stand under, and by whether they hold what the kind of question asks for.
"""

from collections.abc import Iterable, Sequence
from math import log
from typing import Literal, TypeAlias

from msgspec import Struct

from manymind.canon.documents import Found, Passage
from manymind.canon.ports import Library
from manymind.corpus.words import terms
from manymind.providers.reader.asking import Kind, Question
from manymind.providers.reader.sentences import Sentence, sentences
from manymind.providers.reader.values import dates, figures, names

Certainty: TypeAlias = Literal["answer", "near", "nothing"]

PASSAGES = 12
QUOTE_MAX = 420

_ANSWERS, _NEAR = 0.5, 0.34
_COVERS = 0.42
_DISSENT = 0.55
_CONTEXT_SHARE = 0.6
_KIND_SHARE = 0.3
_MANY: dict[Kind, int] = {"list": 6, "why": 3, "how": 6, "summary": 6, "judge": 3}
_CLOSE_TO_BEST: dict[Kind, float] = {"list": 0.5, "how": 0.55, "summary": 0.2}


class Candidate(Struct, frozen=True):
    """A sentence of a passage. `covered` is the share of the question in it and above it."""

    passage: Passage
    sentence: Sentence
    score: float
    covered: float
    terms: frozenset[str]


class Evidence(Struct, frozen=True):
    """A quote that code has found in its document, letter by letter."""

    found: Found
    text: str
    heading: str | None
    score: float
    terms: frozenset[str]


class Finding(Struct, frozen=True):
    """What was found for one question, best first, and how sure it is an answer."""

    question: Question
    certainty: Certainty
    evidence: tuple[Evidence, ...] = ()


async def find(library: Library, question: Question) -> Finding:
    """Search the library for a question and prove the best sentences."""
    if not question.terms:
        return Finding(question, "nothing")
    passages = await library.search(question.keywords, limit=PASSAGES)
    ranked = rank(question, passages)
    if not ranked:
        return Finding(question, "nothing")
    sure = certainty(question, ranked, passages)
    if sure == "nothing":
        return Finding(question, sure)
    wanted = _MANY.get(question.kind, 2) if sure == "answer" else 1
    chosen = _best(ranked, wanted, question.kind)
    if sure == "answer" and question.kind in ("count", "when"):
        chosen += _dissenting(ranked, chosen)
    proved = await prove(library, chosen)
    return Finding(question, sure if proved else "nothing", proved)


async def prove(library: Library, candidates: Iterable[Candidate]) -> tuple[Evidence, ...]:
    """The candidates whose words the quote check finds in their documents."""
    proved: list[Evidence] = []
    for candidate in candidates:
        start, end = shortened(candidate.sentence.text, candidate.terms)
        quote = candidate.sentence.text[start:end]
        checked = await library.check(candidate.passage.document_id, quote)
        if isinstance(checked, Found):
            proved.append(
                Evidence(
                    found=checked,
                    text=" ".join(quote.split()),
                    heading=candidate.passage.heading,
                    score=candidate.score,
                    terms=frozenset(terms(quote)),
                )
            )
    return tuple(proved)


def rank(question: Question, passages: Sequence[Passage]) -> list[Candidate]:
    """All sentences of the passages that hold anything of the question, best first."""
    weigh = _weights(question.terms, passages)
    whole = sum(weigh.values()) or 1.0
    ranked: list[Candidate] = []
    for passage in passages:
        above = frozenset(terms(f"{passage.document_id} {passage.heading or ''}"))
        before: frozenset[str] = frozenset()
        for sentence in sentences(passage.text):
            own = frozenset(terms(_with_header(sentence)))
            if sentence.kind == "heading":
                above |= own
                continue
            inside = sum(weigh[term] for term in weigh.keys() & own)
            around = sum(weigh[term] for term in (weigh.keys() & (above | before)) - own)
            before = own
            covered = (inside + _CONTEXT_SHARE * around) / whole
            if not covered:
                continue
            fits = _KIND_SHARE * _fits(question.kind, sentence)
            score = covered + fits + 0.4 * passage.score + _shape(sentence.text)
            ranked.append(Candidate(passage, sentence, score, covered, own & weigh.keys()))
    return sorted(ranked, key=lambda candidate: -candidate.score)


def _weights(wanted: Sequence[str], passages: Sequence[Passage]) -> dict[str, float]:
    """Rare among what was found weighs more."""
    held = [set(terms(f"{passage.heading or ''} {passage.text}")) for passage in passages]
    count = len(held)
    return {
        term: log(2 + count) - log(1 + sum(term in words for words in held)) + 0.3
        for term in wanted
    }


def _with_header(sentence: Sentence) -> str:
    """A table's row means its column titles too."""
    return " ".join((sentence.text, *(title for title, _ in sentence.cells)))


def _fits(kind: Kind, sentence: Sentence) -> float:
    """Whether a sentence holds what this kind of question asks for."""
    text = sentence.text
    match kind:
        case "count":
            return 1.0 if figures(text) else 0.0
        case "when":
            return 1.0 if dates(text) else 0.0
        case "who":
            return 1.0 if names(text) else 0.0
        case "where":
            return 0.8 if names(text) else 0.0
        case "why":
            lower = text.lower()
            telling = ("because", "since", "due to", "so that", "in order", "reason", "therefore")
            return 1.0 if any(word in lower for word in telling) else 0.0
        case "list" | "how":
            return 0.6 if sentence.kind in ("item", "row") else 0.2
        case "fact" | "judge" | "summary":
            return 0.3 if sentence.kind == "text" else 0.2


def _shape(text: str) -> float:
    """Questions answer nothing; scraps and endless sentences read badly."""
    if text.rstrip().endswith(("?", "？")):
        return -0.4
    if len(text) < 25:
        return -0.15
    return -0.1 if len(text) > QUOTE_MAX else 0.0


def certainty(
    question: Question, ranked: Sequence[Candidate], passages: Sequence[Passage]
) -> Certainty:
    """How sure the best of them is an answer; one without any proper name of the question is
    none."""
    if not ranked:
        return "nothing"
    best = max(passage.score for passage in passages)
    covered = ranked[0].covered
    if question.named:
        top = ranked[0]
        words = set(terms(f"{top.passage.document_id} {top.passage.heading} {top.passage.text}"))
        if not question.named & words:
            return "near" if best >= _ANSWERS else "nothing"
    if best >= _ANSWERS and covered >= _COVERS:
        return "answer"
    return "near" if best >= _NEAR else "nothing"


def _best(ranked: Sequence[Candidate], wanted: int, kind: Kind) -> list[Candidate]:
    """The first ones, as far as they are near to the best and say something of their own."""
    close = _CLOSE_TO_BEST.get(kind, 0.78)
    chosen: list[Candidate] = []
    for candidate in ranked:
        if len(chosen) >= wanted or candidate.score < close * ranked[0].score:
            break
        if not any(_same(candidate, other) for other in chosen):
            chosen.append(candidate)
    return chosen


def _dissenting(ranked: Sequence[Candidate], chosen: Sequence[Candidate]) -> list[Candidate]:
    """A sentence of another document that has another figure of the same unit, if one comes
    near: a reader who hears one side only cannot know that there are two."""
    best = chosen[0]
    if any(one.passage.document_id != best.passage.document_id for one in chosen):
        return []
    mine = measured(best.sentence.text)
    for candidate in ranked:
        if candidate.score < _DISSENT * best.score or candidate.covered < _COVERS:
            return []
        theirs = measured(candidate.sentence.text)
        if candidate in chosen or candidate.passage.document_id == best.passage.document_id:
            continue
        if any(mine[unit].isdisjoint(theirs[unit]) for unit in mine.keys() & theirs.keys()):
            return [candidate]
    return []


def _same(left: Candidate, right: Candidate) -> bool:
    one, other = set(terms(left.sentence.text)), set(terms(right.sentence.text))
    return len(one & other) > 0.8 * max(1, min(len(one), len(other))) and _figures(
        left
    ) == _figures(right)


def _figures(candidate: Candidate) -> set[float]:
    return {figure.value for figure in figures(candidate.sentence.text)}


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


def disagree(evidence: Sequence[Evidence], wanted: Sequence[str]) -> bool:
    """Whether two documents say the same of the question and give different figures for it."""
    for number, one in enumerate(evidence):
        for other in evidence[number + 1 :]:
            if one.found.document_id == other.found.document_id:
                continue
            shared = one.terms & other.terms & set(wanted)
            mine, theirs = measured(one.text), measured(other.text)
            units = mine.keys() & theirs.keys()
            if len(shared) >= 2 and any(mine[unit].isdisjoint(theirs[unit]) for unit in units):
                return True
    return False


def measured(text: str) -> dict[str, set[float]]:
    found: dict[str, set[float]] = {}
    for figure in figures(text):
        found.setdefault(figure.unit.lower().rstrip("s."), set()).add(figure.value)
    for date in dates(text):
        if date.text.isdigit():
            found.setdefault("year", set()).add(float(date.text))
    return found
