"""The index of pieces: which of them hold which words, best first.

It knows terms and numbers only; texts stay with the library. Two engines serve it, tantivy where
it is installed and SQLite's FTS5 elsewhere, and the same tests run over both.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from msgspec import Struct


class Row(Struct, frozen=True):
    """A piece as the index takes it: terms parted by spaces. `head` is of title and headings."""

    document: int
    head: str
    body: str


class Hit(Struct, frozen=True):
    piece: int
    score: float


class Index(Protocol):
    """Pieces are numbered from 0 in the order in which they were given."""

    def search(
        self, terms: tuple[str, ...], limit: int, documents: frozenset[int] | None = None
    ) -> list[Hit]:
        """The pieces that hold any of the terms, best first, `documents` alone where given."""
        ...

    def frequency(self, term: str) -> int:
        """How many pieces hold the term in their body."""
        ...


class Engine(Protocol):
    """Makes indexes, in memory or, where a folder is given, on disk."""

    name: str

    def build(self, rows: Iterable[Row], folder: Path | None = None) -> Index: ...

    def open(self, folder: Path) -> Index | None:
        """An index that was built in this folder, or None where it cannot be used."""
        ...
