"""Ranks the sentences of passages by a question.

What counts is how much of the question a sentence holds, itself or by what it stands under; how
many of the question's words it has in the question's own order; and whether it holds what the
kind of question asks for: a figure, a date, a name, a reason, a definition.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import log

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.documents import Passage
from manymind.corpus.words import STOP_WORDS, terms
from manymind.providers.reader.asking import Question
from manymind.providers.reader.fitting import (
    QUOTE_MAX,
    defining,
    fits,
    is_dated,
    shape,
    stands_for,
)
from manymind.providers.reader.kindred import kindred
from manymind.providers.reader.sentences import Header, Sentence, sentences

_CONTEXT_SHARE, _BEHIND_SHARE = 0.6, 0.3
_KINDRED_SHARE = 0.85
_LENT_SHARE = 0.5
_KIND_SHARE, _FILE_NAMED = 0.3, 3.0
_ORDER_SHARE, _ORDER_MOST = 0.07, 0.4
_PASSAGE_SHARE = 0.3
_PRONOUN = re.compile(
    r"(?:\w+\s+){0,9}?(?:there|it|its|they|them|their|she|her|he|his|him|this|these|those|er|sie|es|ihre?"
    r"|il|elle|ils|elles)\b",
    re.IGNORECASE,
)
_FALLS_BACK = re.compile(r"(?:This|That|It|They|She|He|These|Those|Its|Their|Er|Sie|Es|Il|Elle)\b")
_DAYS = frozenset({"year", "date", "day", "month", "jahr", "datum", "tag", "jour", "annee"})

_ROOT_MIN = 4
_ENDING = re.compile(
    r"(?:er|or|ern|ing|ings|ation|ations|ion|ions|ment|ments|ness|al|ial|ful|ity|ance|ence|able|ible"
    r"|ive|ly|y|ship|hood|ic|ical|ist|ism|ee|n|in|innen|es|e|te|ung|ungen|isch|lich|eur|euse|ique)"
)


class Layout(Struct, frozen=True):
    """What a document's name tells of how it is laid out; `header`, the columns of a table."""

    name: str
    header: Header = ()


class Candidate(Struct, frozen=True):
    """A sentence of a passage. `covered` is the share of the question that it answers to, in
    itself or by what it stands under; `inside`, in itself alone. `fits` says how well it holds
    what this kind of question asks for; `order` counts the neighbouring words that it shares with
    the question. `held` are the question's terms
    that it has itself, `met` those and what it stands under."""

    passage: Passage
    sentence: Sentence
    score: float
    covered: float
    inside: float
    fits: float
    order: int
    held: frozenset[str]
    met: frozenset[str]

    @property
    def span(self) -> tuple[str, int, int]:
        start = self.passage.start
        return (
            self.passage.document_id,
            start + self.sentence.start,
            start + self.sentence.end,
        )


def rank(
    question: Question, passages: Sequence[Passage], layouts: Mapping[str, Layout] | None = None
) -> list[Candidate]:
    """All sentences of the passages that hold anything of the question, best first."""
    scale = _Scale(question, passages)
    ranked: list[Candidate] = []
    for passage in passages:
        above = frozenset(terms(f"{passage.document_id} {passage.heading or ''}"))
        layout = (layouts or {}).get(passage.document_id) or Layout(passage.document_id)
        before: Sentence | None = None
        leading = frozenset[str]()
        for sentence in sentences(passage.text, layout.name, layout.header):
            if sentence.kind == "heading":
                above |= frozenset(terms(sentence.text))
                before, leading = None, frozenset[str]()
                continue
            last = _same_paragraph(before, sentence)
            if sentence.kind == "text":
                leading = frozenset(terms(sentence.text))
            before = sentence
            listed = leading if sentence.kind in ("item", "row") else frozenset[str]()
            candidate = scale.weigh(passage, sentence, above | listed, last)
            if candidate is not None:
                ranked.append(candidate)
    return sorted(ranked, key=lambda one: (-one.score, one.span))


def _same_paragraph(before: Sentence | None, sentence: Sentence) -> Sentence | None:
    """The sentence before, where this one goes on from it."""
    if before is None or before.block != sentence.block:
        return None
    return before if before.kind == sentence.kind == "text" else None


class _Scale:
    """Weighs sentences by one question."""

    def __init__(self, question: Question, passages: Sequence[Passage]) -> None:
        self._question = question
        bodies = [
            frozenset(terms(f"{one.document_id} {one.heading or ''} {one.text}"))
            for one in passages
        ]
        self._relatives = _relatives(question.terms, bodies)
        self._own, self._lent = _weights(question, bodies, self._relatives)
        self._whole = sum(self._own.values()) or 1.0
        pairs = pairwise(question.words)
        self._pairs = frozenset(pair for pair in pairs if not STOP_WORDS.issuperset(pair))

    def weigh(
        self, passage: Passage, sentence: Sentence, above: frozenset[str], last: Sentence | None
    ) -> Candidate | None:
        own = frozenset(terms(_with_columns(sentence)))
        if self._question.kind == "where":
            own |= frozenset(terms(passage.document_id))
        held = self._met(own, sentence.text)
        behind = frozenset(terms(last.text)) if last else frozenset[str]()
        if last is not None and self._needs(held, behind, sentence, last):
            sentence = _joined(passage, last, sentence)
            own |= behind
            held = self._met(own, sentence.text)
        over = self._met(above, "").keys() - held.keys()
        around = self._met(above | behind, "").keys() - held.keys()
        inside = sum(held.values())
        covered = inside + _CONTEXT_SHARE * sum(self._own[term] for term in over)
        covered += _BEHIND_SHARE * sum(self._own[term] for term in around - over)
        if not covered:
            return None
        suited = fits(self._question, sentence)
        score = (covered + self._borrowed(own, above | behind)) / self._whole
        if self._question.kind == "where" and self._is_file(passage.document_id):
            suited += _FILE_NAMED
        defines = defining(self._question, sentence)
        score += _KIND_SHARE * suited + defines + self._shown(sentence)
        score += _PASSAGE_SHARE * passage.score + shape(sentence)
        return Candidate(
            passage=passage,
            sentence=sentence,
            score=score,
            covered=covered / self._whole,
            inside=inside / self._whole,
            fits=suited + defines,
            order=self._in_order(sentence),
            held=frozenset(held),
            met=frozenset(held) | around,
        )

    def _met(self, words: frozenset[str], text: str) -> dict[str, float]:
        """The question's terms that these words answer to, and by how much; where `text` is
        given, also by what means the same."""
        found: dict[str, float] = {}
        for term, weight in self._own.items():
            if term in words or (text and self._stands_for(term, text)):
                found[term] = weight
            elif text and self._relatives[term] & words:
                found[term] = _KINDRED_SHARE * weight
        return found

    def _stands_for(self, term: str, text: str) -> bool:
        if term in _DAYS:
            return self._question.kind in ("when", "how") and is_dated(text)
        return stands_for(term, text)

    def _borrowed(self, own: frozenset[str], around: frozenset[str]) -> float:
        return sum(
            weight if term in own else _CONTEXT_SHARE * weight
            for term, weight in self._lent.items()
            if term in own or term in around
        )

    def _shown(self, sentence: Sentence) -> float:
        """What the order of a sentence's words says for it."""
        return min(_ORDER_MOST, _ORDER_SHARE * self._in_order(sentence))

    def _in_order(self, sentence: Sentence) -> int:
        """How many pairs of the question's words stand side by side here, too."""
        if not self._pairs:
            return 0
        return len(self._pairs & set(pairwise(re.findall(r"\w+", sentence.text.lower()))))

    def _is_file(self, name: str) -> bool:
        """Whether the question names this file."""
        stem = re.findall(r"[^\W_]+", name.lower().rpartition("/")[2].partition(".")[0])
        return bool(stem) and set(stem) <= set(self._question.words)

    def _needs(
        self, held: Mapping[str, float], behind: frozenset[str], sentence: Sentence, last: Sentence
    ) -> bool:
        """Whether a sentence says what it means only together with the one before."""
        if len(last.text) + len(sentence.text) > QUOTE_MAX:
            return False
        if _PRONOUN.match(sentence.text) is None:
            return False
        more = self._met(behind, "").keys() - held.keys()
        return bool(more) or (bool(held) and _FALLS_BACK.match(sentence.text) is not None)


def _relatives(
    wanted: Sequence[str], bodies: Sequence[frozenset[str]]
) -> dict[str, frozenset[str]]:
    """For each term the words of these texts that mean the same or share its root."""
    vocabulary = frozenset[str]().union(*bodies)
    found: dict[str, frozenset[str]] = {}
    for term in wanted:
        rooted = frozenset[str]()
        if len(term) >= _ROOT_MIN and term.isalpha():
            rooted = frozenset(word for word in vocabulary if _share_root(term, word))
        found[term] = rooted | kindred(term)
    return found


def _share_root(term: str, word: str) -> bool:
    """`west` and `western`; one of them is the other and an ending."""
    short, long = sorted((term, word), key=len)
    if len(short) < _ROOT_MIN or not long.startswith(short):
        return False
    return _ENDING.fullmatch(long, len(short)) is not None


def _weights(
    question: Question, bodies: Sequence[frozenset[str]], relatives: Mapping[str, frozenset[str]]
) -> tuple[dict[str, float], dict[str, float]]:
    """How telling the question's terms are, own and lent: rare among what was found weighs more.
    All that is lent weighs half as much as what is the question's own."""

    def weight(term: str) -> float:
        family = relatives.get(term, frozenset()) | {term}
        count = sum(not family.isdisjoint(words) for words in bodies)
        return log(2 + len(bodies)) - log(1 + count) + 0.5

    own = {term: weight(term) for term in question.terms}
    lent = {term: weight(term) for term in question.lent}
    share = _LENT_SHARE * sum(own.values()) / (sum(lent.values()) or 1.0)
    return own, {term: share * weight for term, weight in lent.items()}


def _joined(passage: Passage, last: Sentence, sentence: Sentence) -> Sentence:
    text = passage.text[last.start : sentence.end]
    return replace(sentence, start=last.start, text=text)


def _with_columns(sentence: Sentence) -> str:
    """A table's row means its column titles too."""
    return " ".join((sentence.text, *(title for title, _ in sentence.cells)))
