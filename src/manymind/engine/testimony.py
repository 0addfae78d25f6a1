"""What an agent says in its report instead of noting it: quotes, with a document's id beside them.

A model that cannot call tools still gives evidence this way. Each quote is checked like any other.
"""

import re

from manymind.canon.documents import Card
from manymind.engine.instruments import Shared

_QUOTES_MAX = 20
_QUOTE = re.compile(r"“([^“”]{12,2000})”|«\s?([^«»]{12,2000}?)\s?»|\"([^\"\n]{12,2000})\"")
_PLACES_MAX = 3
_NOWHERE = "The report quotes it, and it does not stand there in these words."


async def testify(shared: Shared, voice: str, text: str) -> None:
    """Note every quote of a report that stands in a document which its line names; where it
    names none, in one that a search finds."""
    cards = shared.library.cards()
    if not text or not cards:
        return
    count = 0
    for line in text.splitlines():
        for found in _QUOTE.finditer(line):
            count += 1
            if count > _QUOTES_MAX:
                return
            quote = next(group for group in found.groups() if group)
            for document in await _places(shared, line, quote, cards):
                statement = line.replace(document, "").strip(" -*•()[]")
                if await shared.evidence.prove(voice, statement, document, quote):
                    break
            else:
                if any(card.id in line for card in cards):
                    shared.evidence.miss(voice, quote, _NOWHERE)


async def _places(
    shared: Shared, line: str, quote: str, cards: tuple[Card, ...]
) -> tuple[str, ...]:
    named = tuple(card.id for card in cards if card.id in line)
    if named:
        return named[:_PLACES_MAX]
    passages = await shared.library.search(quote, limit=_PLACES_MAX)
    return tuple(dict.fromkeys(passage.document_id for passage in passages))
