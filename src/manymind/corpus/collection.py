"""A library in memory: some documents, their index, and what can be asked of them.

Making one is heavy, and so is asking for a quote in a document of megabytes; both happen in a
worker thread and in short strokes, so that the loop goes on meanwhile.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from anyio import to_thread

from manymind.canon.documents import Card, Checked, Document, Found, Missing, Passage
from manymind.canon.faults import NotFound
from manymind.corpus.engines import best_engine
from manymind.corpus.folds import Folds
from manymind.corpus.grep import compiled, matching_lines
from manymind.corpus.index import Engine, Index, Row
from manymind.corpus.naming import Skipped, citation_url, with_own_ids
from manymind.corpus.pieces import Piece, cut
from manymind.corpus.quotes import Refused, find_quote
from manymind.corpus.ranking import scored, weights
from manymind.corpus.words import query_terms, written

SEARCH_LIMIT_MAX = 100
GREP_LIMIT_MAX = 500
_TERMS_MAX = 48
_PROPOSALS = 40
_NEAREST = 3

Progress = Callable[[str, int, int], None]
"""Told what is being done, how far it is, and of how much."""


class Collection:
    """The `Library` of a fixed set of documents. `skipped` tells what was left out, and why."""

    def __init__(
        self,
        documents: Sequence[Document],
        pieces: Sequence[Piece],
        index: Index,
        skipped: tuple[Skipped, ...] = (),
    ) -> None:
        self.documents = tuple(documents)
        self.skipped = skipped
        self.size = sum(len(document.text) for document in documents)
        self.pieces = pieces
        self._index = index
        self._numbers = {document.id: number for number, document in enumerate(documents)}
        self._places = [(piece.document, piece.start) for piece in pieces]
        self._folds = Folds()

    def cards(self) -> tuple[Card, ...]:
        return tuple(
            Card(id=known.id, size=len(known.text), title=known.title, url=known.url)
            for known in self.documents
        )

    async def search(
        self, query: str, *, limit: int = 8, within: tuple[str, ...] = ()
    ) -> tuple[Passage, ...]:
        return await to_thread.run_sync(
            self.search_now, query, limit, within, abandon_on_cancel=True
        )

    async def grep(
        self, pattern: str, *, limit: int = 20, within: tuple[str, ...] = ()
    ) -> tuple[Passage, ...]:
        return await to_thread.run_sync(
            self.grep_now, pattern, limit, within, abandon_on_cancel=True
        )

    async def slice(self, document_id: str, start: int, end: int) -> Passage:
        document = self._known(document_id)
        start = min(max(start, 0), len(document.text))
        end = min(max(end, start), len(document.text))
        return self._passage(self._numbers[document_id], start, end)

    async def check(self, document_id: str, quote: str) -> Checked:
        return await to_thread.run_sync(self.check_now, document_id, quote, abandon_on_cancel=True)

    def search_now(
        self, query: str, limit: int, within: tuple[str, ...] = ()
    ) -> tuple[Passage, ...]:
        """As `search`, in the calling thread."""
        limit = min(max(limit, 0), SEARCH_LIMIT_MAX)
        wanted = query_terms(query)[:_TERMS_MAX]
        if not limit or not wanted:
            return ()
        numbers = self._within(within)
        hits = self._index.search(wanted, max(4 * limit, _PROPOSALS), numbers)
        weigh = weights(self._index, wanted, len(self.pieces))
        best = hits[0].score if hits else 0.0
        found: dict[str, Passage] = {}
        for hit in hits:
            piece = self.pieces[hit.piece]
            text = self.documents[piece.document].text[piece.start : piece.end]
            score = scored(hit, best, self._head(piece), text, weigh)
            known = found.get(text)
            if known is None or known.score < score:
                found[text] = self._passage(piece.document, piece.start, piece.end, score)
        order = sorted(found.values(), key=lambda passage: -passage.score)
        return tuple(order[:limit])

    def grep_now(
        self, pattern: str, limit: int, within: tuple[str, ...] = ()
    ) -> tuple[Passage, ...]:
        """As `grep`, in the calling thread."""
        limit = min(max(limit, 0), GREP_LIMIT_MAX)
        return tuple(self._grepped(pattern, limit, self._within(within)))

    def check_now(self, document_id: str, quote: str) -> Checked:
        """As `check`, in the calling thread."""
        number = self._numbers.get(document_id)
        if number is None:
            elsewhere = self._elsewhere(quote, None)
            return Missing(
                reason=f"There is no document {document_id[:200]!r} here.{elsewhere}",
                nearest=self.search_now(quote, _NEAREST),
            )
        document = self.documents[number]
        span = find_quote(self._folds.of(number, document.text), quote)
        if isinstance(span, Refused):
            nearest = self.search_now(quote, _NEAREST, (document_id,))
            return Missing(
                reason=span.reason + self._elsewhere(quote, number),
                nearest=nearest or self.search_now(quote, _NEAREST),
            )
        return Found(
            document_id=document_id,
            start=span.start,
            end=span.end,
            text=document.text[span.start : span.end],
            url=citation_url(document),
            spans=span.parts,
        )

    def _elsewhere(self, quote: str, but: int | None) -> str:
        """Where else the quote stands, so that a wrong document id can be mended."""
        for passage in self.search_now(quote, _NEAREST):
            number = self._numbers[passage.document_id]
            folded = self._folds.of(number, self.documents[number].text)
            if number != but and not isinstance(find_quote(folded, quote), Refused):
                return f" It stands in {passage.document_id!r}."
        return ""

    def _grepped(
        self, pattern: str, limit: int, numbers: frozenset[int] | None
    ) -> Iterator[Passage]:
        wanted = compiled(pattern)
        for number, document in enumerate(self.documents):
            if numbers is not None and number not in numbers:
                continue
            for start, end in matching_lines(wanted, document.text):
                if limit <= 0:
                    return
                limit -= 1
                yield self._passage(number, start, end)

    def _known(self, document_id: str) -> Document:
        number = self._numbers.get(document_id)
        if number is None:
            raise NotFound(
                f"There is no document {document_id[:200]!r} here.",
                advice="Use an id as the list of documents or a search gives it.",
                field="document_id",
            )
        return self.documents[number]

    def _within(self, ids: tuple[str, ...]) -> frozenset[int] | None:
        if not ids:
            return None
        return frozenset(self._numbers[name] for name in ids if name in self._numbers)

    def _head(self, piece: Piece) -> str:
        return _head(self.documents[piece.document], piece)

    def _passage(self, number: int, start: int, end: int, score: float = 0.0) -> Passage:
        document = self.documents[number]
        return Passage(
            document_id=document.id,
            start=start,
            end=end,
            text=document.text[start:end],
            heading=self._trail(number, start) or document.title,
            score=score,
        )

    def _trail(self, number: int, place: int) -> str | None:
        """The headings over a place of a document."""
        at = bisect_right(self._places, (number, place)) - 1
        if at < 0 or self.pieces[at].document != number:
            return None
        return self.pieces[at].heading


def build(
    documents: Sequence[Document],
    *,
    engine: Engine | None = None,
    folder: Path | None = None,
    skipped: tuple[Skipped, ...] = (),
    progress: Progress | None = None,
) -> Collection:
    """Index these documents, on disk where a folder is given. Takes a second for 8 MB."""
    known, remarks = with_own_ids(documents)
    pieces: list[Piece] = []
    rows = _rows(known, pieces, progress)
    index = (engine or best_engine()).build(rows, folder)
    return Collection(known, pieces, index, (*skipped, *remarks))


def _rows(
    documents: Sequence[Document], pieces: list[Piece], progress: Progress | None
) -> Iterator[Row]:
    """The index's rows; `pieces` is filled on the way."""
    for number, document in enumerate(documents):
        if progress and number % 100 == 0:
            progress("indexing", number, len(documents))
        for piece in cut(document, number):
            pieces.append(piece)
            yield Row(
                document=number,
                head=written(_head(document, piece)),
                body=written(document.text[piece.start : piece.end]),
            )
    if progress:
        progress("indexing", len(documents), len(documents))


def _head(document: Document, piece: Piece) -> str:
    """What a piece stands under: the document's name and title, and its headings."""
    return " ".join(filter(None, (document.id, document.title, piece.heading)))
