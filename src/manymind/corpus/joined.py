"""Several libraries as one. Where two hold a document of the same id, the first one's counts."""

from collections.abc import Awaitable, Callable, Sequence

from manymind.canon.documents import Card, Checked, Passage
from manymind.canon.ports import Library


class Joined:
    def __init__(self, libraries: Sequence[Library]) -> None:
        self._libraries = tuple(libraries)

    def cards(self) -> tuple[Card, ...]:
        known: dict[str, Card] = {}
        for library in self._libraries:
            for card in library.cards():
                known.setdefault(card.id, card)
        return tuple(known.values())

    async def search(
        self, query: str, *, limit: int = 8, within: tuple[str, ...] = ()
    ) -> tuple[Passage, ...]:
        found = await self._each(lambda library: library.search(query, limit=limit, within=within))
        return tuple(sorted(found, key=lambda passage: -passage.score)[:limit])

    async def grep(
        self, pattern: str, *, limit: int = 20, within: tuple[str, ...] = ()
    ) -> tuple[Passage, ...]:
        found = await self._each(lambda library: library.grep(pattern, limit=limit, within=within))
        return tuple(found[:limit])

    async def slice(self, document_id: str, start: int, end: int) -> Passage:
        return await self._home(document_id).slice(document_id, start, end)

    async def check(self, document_id: str, quote: str) -> Checked:
        return await self._home(document_id).check(document_id, quote)

    async def _each(
        self, ask: Callable[[Library], Awaitable[tuple[Passage, ...]]]
    ) -> list[Passage]:
        """What each library finds, less what a library before it holds under the same id."""
        found: list[Passage] = []
        hidden: set[str] = set()
        for library in self._libraries:
            found += [
                passage for passage in await ask(library) if passage.document_id not in hidden
            ]
            hidden.update(card.id for card in library.cards())
        return found

    def _home(self, document_id: str) -> Library:
        for library in self._libraries:
            if any(card.id == document_id for card in library.cards()):
                return library
        return self._libraries[0]
