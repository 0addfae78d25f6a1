"""The index on tantivy: a tenth of a millisecond a question over 8 MB."""

from collections.abc import Iterable
from pathlib import Path

import tantivy

from manymind.corpus.index import Hit, Index, Row

_HEAP_BYTES = 64_000_000
_HEAD_WEIGHT = 0.6


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("body", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("head", tokenizer_name="whitespace", index_option="freq")
    builder.add_unsigned_field("piece", fast=True)
    builder.add_unsigned_field("document", indexed=True)
    return builder.build()


class Tantivy:
    name = "tantivy"

    def build(self, rows: Iterable[Row], folder: Path | None = None) -> Index:
        schema = _schema()
        index = tantivy.Index(schema, str(folder)) if folder else tantivy.Index(schema)
        writer = index.writer(_HEAP_BYTES, 1)
        for number, row in enumerate(rows):
            piece = tantivy.Document()
            piece.add_text("body", row.body)
            piece.add_text("head", row.head)
            piece.add_unsigned("piece", number)
            piece.add_unsigned("document", row.document)
            writer.add_document(piece)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        return _TantivyIndex(schema, index)

    def open(self, folder: Path) -> Index | None:
        try:
            if not tantivy.Index.exists(str(folder)):
                return None
            return _TantivyIndex(_schema(), tantivy.Index(_schema(), str(folder), reuse=True))
        except (ValueError, OSError):
            return None


class _TantivyIndex:
    def __init__(self, schema: tantivy.Schema, index: tantivy.Index) -> None:
        self._schema = schema
        self._searcher = index.searcher()

    def search(
        self, terms: tuple[str, ...], limit: int, documents: frozenset[int] | None = None
    ) -> list[Hit]:
        if not terms or limit < 1 or documents == frozenset():
            return []
        query = self._any_of(terms)
        if documents is not None:
            within = tantivy.Query.term_set_query(self._schema, "document", sorted(documents))
            silent = tantivy.Query.const_score_query(within, 0.0)
            query = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, query), (tantivy.Occur.Must, silent)]
            )
        found = self._searcher.search(query, limit, count=False).hits
        pieces = self._searcher.fast_field_values("piece", [place for _, place in found])
        scores = [float(score) for score, _ in found]
        return [
            Hit(int(piece), score)
            for piece, score in zip(pieces, scores, strict=True)
            if piece is not None
        ]

    def frequency(self, term: str) -> int:
        return self._searcher.doc_freq("body", term)

    def _any_of(self, terms: tuple[str, ...]) -> tantivy.Query:
        either: list[tuple[tantivy.Occur, tantivy.Query]] = []
        for term in terms:
            body = tantivy.Query.term_query(self._schema, "body", term, "freq")
            head = tantivy.Query.term_query(self._schema, "head", term, "freq")
            weighed = tantivy.Query.boost_query(head, _HEAD_WEIGHT)
            either += [(tantivy.Occur.Should, body), (tantivy.Occur.Should, weighed)]
        return tantivy.Query.boolean_query(either)


ENGINE = Tantivy()
