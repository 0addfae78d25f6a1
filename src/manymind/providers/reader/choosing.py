"""Chooses what to quote of the sentences that were ranked: one good sentence rather than three,
a whole list where a list is asked for, both sides where two are to be compared."""

from collections.abc import Iterable, Sequence

from manymind.corpus.words import terms
from manymind.providers.reader.asking import Kind, Question
from manymind.providers.reader.ranking import Candidate
from manymind.providers.reader.values import dates, figures, names

LIST_MAX = 12

_MANY: dict[Kind, int] = {"why": 2, "how": 3, "list": 4, "summary": 6, "contact": 1}
_CLOSE = 0.8
_ABOUT, _SUBJECT_LENGTH = 0.5, 30
_TITLE, _TITLED_COVERS = 0.6, 0.55
_DISSENT = 0.55
_DISSENT_COVERS = 0.42
_SAME = 0.8
_YES = frozenset({"yes", "true", "x", "✓", "✔", "ja", "oui", "sí"})
_NO = frozenset({"no", "false", "", "-", "–", "—", "✗", "nein", "non"})


def sides(question: Question, ranked: Sequence[Candidate]) -> list[Candidate]:
    """The best sentence for each of the things that are compared: about it, if there is one.
    Nothing where one of them is not spoken of."""
    chosen: list[Candidate] = []
    known = frozenset[str]().union(*(one.met for one in ranked))
    for option in question.options:
        side = option & known
        about = [one for one in ranked if side & one.held and side <= one.met]
        if not about:
            return []
        found = max(about, key=lambda one: one.score + _ABOUT * _begins(one, side))
        if not any(overlaps(found, other) for other in chosen):
            chosen.append(found)
    return chosen


def choose(question: Question, ranked: Sequence[Candidate]) -> list[Candidate]:
    """What answers a question, best first; a list in the order in which it stands."""
    if question.options:
        compared = sides(question, ranked)
        if compared:
            return compared
    if question.kind in ("list", "how"):
        group = _group(question, ranked)
        if group:
            return group
    chosen = _best(question, ranked)
    if question.kind in ("count", "when"):
        chosen += _dissenting(ranked, chosen)
    return chosen


def _best(question: Question, ranked: Sequence[Candidate]) -> list[Candidate]:
    """The first, and others that come near to it and say something of their own."""
    wanted = _MANY.get(question.kind, 2)
    best = ranked[0]
    chosen: list[Candidate] = [best]
    for candidate in ranked[1:]:
        if len(chosen) >= wanted or candidate.score < _CLOSE * best.score:
            break
        if candidate.inside < 0.9 * best.inside or not best.held <= candidate.met:
            continue
        if candidate.fits < best.fits or 2 * candidate.order < best.order:
            continue
        person = question.kind == "who" and _names(candidate) & _names(best)
        if not person and not any(_same(candidate, other) for other in chosen):
            chosen.append(candidate)
    return chosen


def _names(candidate: Candidate) -> frozenset[str]:
    """The names of more than one word in a sentence."""
    found = names(candidate.sentence.text.replace(" | ", ". | "))
    return frozenset(name.text for name in found if " " in name.text)


def _begins(one: Candidate, side: frozenset[str]) -> bool:
    sentence = one.sentence
    head = sentence.cells[0][1] if sentence.cells else sentence.text[:_SUBJECT_LENGTH]
    return side <= frozenset(terms(head))


def _group(question: Question, ranked: Sequence[Candidate]) -> list[Candidate]:
    """The list or table that is asked for: all of it where its heading or the sentence over it
    says so, else those of its rows that hold what was asked."""
    places: dict[tuple[str, int, int], list[Candidate]] = {}
    for one in ranked:
        if one.sentence.kind in ("item", "row"):
            key = (one.passage.document_id, one.passage.start, one.sentence.block)
            places.setdefault(key, []).append(one)
    groups = [group for group in places.values() if len(group) > 1]
    for group in sorted(groups, key=lambda group: -_weight(group)):
        top = max(group, key=lambda one: one.score)
        titled = _titled(group)
        if top.covered < (_TITLED_COVERS if titled else _CLOSE) * ranked[0].covered:
            continue
        members = _narrowed(question, group, titled)
        if len(members) > 1 or question.kind == "list":
            return sorted(members, key=lambda one: one.span)[:LIST_MAX]
    return []


def _narrowed(question: Question, group: Sequence[Candidate], titled: bool) -> Sequence[Candidate]:
    """The lines that are meant: all steps of a way to do something; of other lists those that
    hold most of what was asked, and of a column that says yes or no those that say yes."""
    if question.kind == "how" and titled:
        return group
    top = max(group, key=lambda one: (len(one.met), one.score))
    members = [one for one in group if one.met >= top.met]
    if not titled:
        members = [one for one in members if one.held >= top.held]
    affirmed = [one for one in members if _says(question, one, _YES)]
    denied = [one for one in members if _says(question, one, _NO)]
    return affirmed if affirmed and denied else members


def _says(question: Question, one: Candidate, words: frozenset[str]) -> bool:
    """Whether the column that the question names says so in this row."""
    asked = frozenset(question.terms)
    return any(
        asked & frozenset(terms(title)) and value.strip().lower() in words
        for title, value in one.sentence.cells
    )


def _weight(group: Sequence[Candidate]) -> float:
    return max(one.covered for one in group) + (_TITLE if _titled(group) else 0.0)


def _titled(group: Sequence[Candidate]) -> bool:
    """Whether what is asked stands over the list, and not in some lines of it alone."""
    all_met = frozenset[str]().union(*(one.met for one in group))
    common = all_met.intersection(*(one.met for one in group))
    above = any(not common <= one.held for one in group)
    return above and 2 * len(common) >= len(all_met)


def _dissenting(ranked: Sequence[Candidate], chosen: Sequence[Candidate]) -> list[Candidate]:
    """A sentence of another document that has another figure of the same unit, if one comes
    near: a reader who hears one side only cannot know that there are two."""
    best = chosen[0]
    if any(one.passage.document_id != best.passage.document_id for one in chosen):
        return []
    mine = measured(best.sentence.text)
    for candidate in ranked:
        if candidate.score < _DISSENT * best.score or candidate.covered < _DISSENT_COVERS:
            return []
        theirs = measured(candidate.sentence.text)
        if candidate in chosen or candidate.passage.document_id == best.passage.document_id:
            continue
        if len(candidate.held & best.held) < min(2, len(best.held)):
            continue
        if any(mine[unit].isdisjoint(theirs[unit]) for unit in mine.keys() & theirs.keys()):
            return [candidate]
    return []


def overlaps(left: Candidate, right: Candidate) -> bool:
    one, other = left.span, right.span
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def _same(left: Candidate, right: Candidate) -> bool:
    """Whether two sentences say the same: the same words, or the same figures or names to the
    same question."""
    if overlaps(left, right):
        return True
    one, other = set(terms(left.sentence.text)), set(terms(right.sentence.text))
    alike = len(one & other) > _SAME * max(1, min(len(one), len(other)))
    return alike and _figures(left) == _figures(right)


def _figures(candidate: Candidate) -> set[float]:
    return {figure.value for figure in figures(candidate.sentence.text)}


def measured(text: str) -> dict[str, set[float]]:
    """The figures of a text by their units."""
    found: dict[str, set[float]] = {}
    for figure in figures(text):
        unit = figure.unit.lower().rstrip("s.")
        if unit:
            found.setdefault(unit, set()).add(figure.value)
    for date in dates(text):
        if date.text.isdigit():
            found.setdefault("year", set()).add(float(date.text))
    return found


def spread(ranked: Iterable[Candidate], wanted: int, shortest: int) -> list[Candidate]:
    """The best sentences, not all of one passage."""
    chosen: list[Candidate] = []
    taken: dict[tuple[str, int], int] = {}
    for candidate in ranked:
        place = (candidate.passage.document_id, candidate.passage.start)
        fresh = not any(overlaps(candidate, other) for other in chosen)
        if fresh and taken.get(place, 0) < 2 and len(candidate.sentence.text) >= shortest:
            taken[place] = taken.get(place, 0) + 1
            chosen.append(candidate)
        if len(chosen) == wanted:
            break
    return chosen
