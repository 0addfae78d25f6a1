"""What a sentence has beside the words of a question: the figure, date, name, reason or definition
that this kind of question asks for, and a shape that can be quoted."""

import re

from manymind.corpus.words import terms
from manymind.providers.reader.asking import Kind, Question
from manymind.providers.reader.languages import BECAUSE, FOREIGN_DATE
from manymind.providers.reader.sentences import Sentence
from manymind.providers.reader.values import (
    CLOCK,
    EMAIL,
    PHONE,
    URL,
    Figure,
    dates,
    figures,
    names,
)

QUOTE_MAX = 420

_COUNTED_NEAR = 24
_MONEY = re.compile(
    r"[$€£¥]\s?\d|\d\s?(?:[$€£¥]|(?:crowns?|dollars?|euros?|pounds?|francs?|kr|EUR|USD|CHF)\b)",
    re.IGNORECASE,
)
_FIRST_NAME = re.compile(r"[A-Z\u00c0-\u00de][\w'’-]+ [A-Z\u00c0-\u00de][\w'’-]+")
_DEFINED = re.compile(
    r"\s*(?:export |pub |async )*(?:(?:def|class|func|fn|function|struct|enum|type|const|let|var)"
    r"\s+(\w+)|(\w+)(?:: ?[^=]{1,60})? = )"
)
_SUBJECT = re.compile(
    r"(?:(?:The|A|An|By|Der|Die|Das|Ein|Eine|Le|La|Les|Un|Une|L['’])\s*)?(?:"
    r"([^.,;:(]{2,60}?)\s*\b(?:is|are|was|were|means|ist|sind|war|est|sont|était)\b"
    r"|([^.,;:(]{2,30}?)\s*(?:[:=—,(]))"
)
_LISTING = re.compile(r"\s*(?:$|#|(?:from|import|use|#include)\b|[\"'\w]+,?$|[)\]}],?$)")
"""Lines of code that only name things: imports, and lists of what is exported."""


def stands_for(term: str, text: str) -> bool:
    """Whether a text has what a word of the question only names: an address, a price, a time."""
    match term:
        case "email" | "e-mail" | "mail" | "mailbox":
            return EMAIL.search(text) is not None
        case "address":
            return EMAIL.search(text) is not None or URL.search(text) is not None
        case "phone" | "telephon" | "mobil":
            return PHONE.search(text) is not None
        case "websit" | "url" | "homepag" | "link" | "site":
            return URL.search(text) is not None
        case "cost" | "pric" | "fee" | "budget" | "charg" | "prix" | "preis":
            return _MONEY.search(text) is not None
        case "percentag" | "percent" | "shar":
            return "%" in text
        case "time" | "hour" | "o'clock" | "uhr" | "heur":
            return CLOCK.search(text) is not None
        case _:
            return False


def is_dated(text: str) -> bool:
    return bool(dates(text)) or FOREIGN_DATE.search(text) is not None


def fits(question: Question, sentence: Sentence) -> float:
    """Whether a sentence holds what this kind of question asks for."""
    text = sentence.text
    if sentence.kind == "code" and question.kind not in ("fact", "how", "judge"):
        return 0.0
    match question.kind:
        case "count":
            return _counts(question, sentence)
        case "when":
            return 1.0 if is_dated(text) or CLOCK.search(text) else 0.0
        case "who":
            return 1.0 if names(text) or _FIRST_NAME.match(text) else 0.0
        case "contact":
            return 1.0 if EMAIL.search(text) or PHONE.search(text) or URL.search(text) else 0.0
        case _:
            return _suits(question.kind, sentence)


def _suits(kind: Kind, sentence: Sentence) -> float:
    match kind:
        case "where":
            return 0.8 if names(sentence.text) else 0.0
        case "why":
            return 1.0 if BECAUSE.search(sentence.text) else 0.0
        case "list" | "how":
            return 0.6 if sentence.kind in ("item", "row") else 0.2
        case _:
            return 0.3 if sentence.kind == "text" else 0.2


def _is_year(figure: Figure) -> bool:
    return figure.text.isdigit() and 1_000 <= figure.value <= 2_100


def _counts(question: Question, sentence: Sentence) -> float:
    """A figure; best beside the word that it is asked of."""
    text = CLOCK.sub(" ", sentence.text)
    found = [figure for figure in figures(text) if not _is_year(figure)]
    if not found:
        return 0.0
    if not question.counted or sentence.cells:
        return 1.0
    for figure in found:
        near = text[figure.start : figure.end + _COUNTED_NEAR]
        if question.counted & frozenset(terms(near)):
            return 1.0
    return 0.5


def defining(question: Question, sentence: Sentence) -> float:
    """Whether a sentence begins by saying what the question's subject is."""
    wanted = frozenset(question.terms)
    if not question.defines or not wanted:
        return 0.0
    if sentence.kind == "row":
        return _row_defines(question, wanted, sentence)
    if sentence.kind == "code":
        found = (_DEFINED.match(line) for line in sentence.text.split("\n"))
        named = (terms(match[1] or match[2]) for match in found if match)
        return 0.4 if any(wanted <= frozenset(name) for name in named) else 0.0
    subject = _SUBJECT.match(sentence.text)
    if subject is None:
        return 0.0
    return 0.3 if wanted <= frozenset(terms(subject[1] or subject[2])) else 0.0


def _row_defines(question: Question, wanted: frozenset[str], sentence: Sentence) -> float:
    """A row is about what stands in its first cell, or about the person in it."""
    values = [value for _, value in sentence.cells]
    if not values:
        return 0.0
    if wanted <= frozenset(terms(values[0])):
        return 0.4
    person = question.kind == "who" and any(_FIRST_NAME.fullmatch(value) for value in values)
    return 0.25 if person and any(wanted <= frozenset(terms(value)) for value in values) else 0.0


def shape(sentence: Sentence) -> float:
    """Questions answer nothing, nor do lists of names; scraps and endless sentences read badly."""
    text = sentence.text
    if text.rstrip().endswith(("?", "？")):
        return -0.4
    if len(text) < 25 and sentence.kind == "text":
        return -0.15
    if sentence.kind == "code" and all(map(_LISTING.match, text.split("\n"))):
        return -0.4
    return -0.1 if len(text) > QUOTE_MAX else 0.0
