"""Tells what a row of a table says: the cell that is asked for, under the name of its column."""

import re

from manymind.corpus.words import query_terms, terms
from manymind.providers.reader.asking import Question
from manymind.providers.reader.sentences import Sentence
from manymind.providers.reader.values import CLOCK, EMAIL, PHONE, URL, dates, figures

_PERSONS = frozenset(
    terms("name person who author owner keeper responsible contact lead head manager by surveyor")
)
_NAME = re.compile(r"[A-Z\u00c0-\u00de][\w'’-]+(?: [A-Z\u00c0-\u00de][\w'’-]*)+$")
_TOLD_MAX = 2


def told(question: Question, sentence: Sentence) -> str:
    """`2024: 74,500` of a row for boats, where 2024 is asked for; the empty text where the row
    does not show which of its cells is meant."""
    cells = [(title, value) for title, value in sentence.cells if title and value]
    if len(cells) < 2 or len(cells) != len(sentence.cells):
        return ""
    asked = frozenset((*question.terms, *question.lent))
    choosing = [_is_meant(asked, value) for _, value in cells]
    if not any(choosing):
        return ""
    open_cells = [cell for cell, chosen in zip(cells, choosing, strict=True) if not chosen]
    answering = [cell for cell in open_cells if _answers(question, *cell)]
    wanted = answering if question.kind == "contact" else []
    wanted = wanted or _named(question, open_cells) or answering
    if not wanted and choosing[0]:
        wanted = open_cells
    if not 0 < len(wanted) <= _TOLD_MAX:
        return ""
    return "; ".join(f"{title}: {value}" for title, value in wanted)


def _is_meant(asked: frozenset[str], value: str) -> bool:
    """Whether a cell is what the question has already: half of its words or more."""
    said = frozenset(term for term in query_terms(value) if not term.isdigit())
    held = said or frozenset(query_terms(value))
    return 2 * len(held & asked) >= len(held) > 0


def _named(question: Question, cells: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The cells whose columns the question names, in the most of its words."""
    shared = [len(frozenset(question.terms) & frozenset(terms(title))) for title, _ in cells]
    most = max(shared, default=0)
    return [cell for cell, count in zip(cells, shared, strict=True) if count == most > 0]


def columns(sentence: Sentence) -> str:
    """The names of the columns, as they stand in the table's head."""
    titles = [title for title, _ in sentence.cells]
    return " | ".join(titles) if titles and all(titles) else ""


def _answers(question: Question, title: str, value: str) -> bool:
    match question.kind:
        case "when":
            return bool(dates(value)) or CLOCK.fullmatch(value) is not None
        case "count":
            return bool(figures(value)) and not dates(value)
        case "who":
            return bool(frozenset(terms(title)) & _PERSONS) or _NAME.match(value) is not None
        case "contact":
            return any(known.search(value) for known in (EMAIL, PHONE, URL))
        case _:
            return False
