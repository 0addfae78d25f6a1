"""Orders what the index found by what a question is about.

BM25 proposes; then counts how much of the question's weight a piece holds (rare words weigh more)
and how near together. The score is a share between 0 and 1, so that a reader can tell a passage
that answers from one that merely shares a word, whatever the size of the library.
"""

import re
from collections import Counter
from collections.abc import Sequence
from math import log

from manymind.corpus.index import Hit, Index
from manymind.corpus.words import terms

_COVERAGE, _NEARNESS, _PROPOSED = 0.65, 0.15, 0.2
_HEAD_SHARE = 0.8
_UNKNOWN_SHARE = 0.7
_WINDOW = 16
_DEFINING = 0.15
_DEFINED = re.compile(
    r"^[ \t]*(?:export |pub |public |static |async |abstract )*"
    r"(?:class|def|func|fn|function|struct|enum|trait|interface|type)[ \t]+(\w+)",
    re.MULTILINE,
)
"""Where code names something, it says what it is; elsewhere it only uses it."""


def weights(index: Index, wanted: Sequence[str], pieces: int) -> dict[str, float]:
    """How telling each term is. One that stands nowhere still counts, as a part unanswered."""
    found: dict[str, float] = {}
    for term in wanted:
        frequency = index.frequency(term)
        rarity = log(1 + pieces / max(frequency, 0.5))
        found[term] = rarity if frequency else _UNKNOWN_SHARE * rarity
    return found


def scored(hit: Hit, best: float, head: str, body: str, weigh: dict[str, float]) -> float:
    """The score of one piece. `best` is the highest that the index gave any."""
    whole = sum(weigh.values()) or 1.0
    words = terms(body)
    inside = weigh.keys() & set(words)
    above = (weigh.keys() & set(terms(head))) - inside
    covered = sum(weigh[term] for term in inside)
    covered += _HEAD_SHARE * sum(weigh[term] for term in above)
    near = _nearness(words, weigh) / whole
    proposed = hit.score / best if best > 0 else 0.0
    score = _COVERAGE * covered / whole + _NEARNESS * near + _PROPOSED * proposed
    return min(1.0, score + _DEFINING) if inside and _defines(body, weigh) else score


def _defines(body: str, weigh: dict[str, float]) -> bool:
    """Whether a piece of code gives one of these names to something."""
    return any(weigh.keys() & {terms(name)[0]} for name in _DEFINED.findall(body) if terms(name))


def _nearness(words: list[str], weigh: dict[str, float]) -> float:
    """The most weight of distinct terms that stands within a few words."""
    places = [(at, word) for at, word in enumerate(words) if word in weigh]
    held: Counter[str] = Counter()
    weight = most = 0.0
    first = 0
    for at, word in places:
        if not held[word]:
            weight += weigh[word]
        held[word] += 1
        while at - places[first][0] > _WINDOW:
            gone = places[first][1]
            held[gone] -= 1
            if not held[gone]:
                weight -= weigh[gone]
            first += 1
        most = max(most, weight)
    return most
