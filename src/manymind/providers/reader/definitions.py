"""Goes to where a name is defined in code: a search finds those who use it first."""

import re

from manymind.canon.documents import Passage
from manymind.canon.ports import Library
from manymind.providers.reader.asking import Question, telling
from manymind.providers.reader.code import CODE_FILE

_NAMES_MAX, _PLACES_MAX = 2, 4
_SHOWN = 800
_ACTS = re.compile(r"\W*(?:what|how|when|which) (?:does|do|did)\b", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_]\w{2,80}")
_TOLD = re.compile(r"\w_\w|[a-z\d][A-Z]|[A-Z]{2}[a-z]")
_DEFINED = (
    r"^[ \t]*(?:export |pub |public |static |async |abstract )*"
    r"(?:class|def|func|fn|function|struct|enum|trait|interface|type|const|let|var) +(?:{0})\b"
    r"|^(?:{0})(?: *: *[^=\n]{{1,60}})? *= "
)
_THING = (
    r"(?i)^(?:export |pub |public |static |abstract )*"
    r"(?:class|struct|enum|trait|interface|type) +(?:{0})s?\b"
    r"|^(?:{0})s?(?: *: *[^=\n]{{1,60}})? = "
)
"""What something is, is said where a type or a value of its name is made, and not a function."""


async def definitions(library: Library, question: Question) -> tuple[Passage, ...]:
    """The places where the names of a question are defined, where it asks for that."""
    names = _names(question)
    if not names or not any(CODE_FILE.search(card.id) for card in library.cards()):
        return ()
    wanted = (_DEFINED, _THING) if _ACTS.match(question.text) else (_THING, _DEFINED)
    lines = await library.grep(wanted[0].format("|".join(names)), limit=_PLACES_MAX)
    lines = lines or await library.grep(wanted[1].format("|".join(names)), limit=_PLACES_MAX)
    found: list[Passage] = []
    for line in lines:
        place = await library.slice(line.document_id, line.start, line.start + _SHOWN)
        whole = place.text.rfind("\n") if len(place.text) == _SHOWN else len(place.text)
        found.append(
            Passage(
                document_id=place.document_id,
                start=place.start,
                end=place.start + whole,
                text=place.text[:whole],
                heading=place.heading,
                score=1.0,
            )
        )
    return tuple(found)


def _names(question: Question) -> tuple[str, ...]:
    """Words that can only be names in code; any word where it is asked what something does."""
    words = [word for word in telling(question.text) if _NAME.fullmatch(word)]
    if question.defines and len(question.terms) <= 3 and len(words) == 1:
        return tuple(words)
    return tuple(word for word in words if _TOLD.search(word))[:_NAMES_MAX]
