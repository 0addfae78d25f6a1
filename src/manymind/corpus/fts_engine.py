"""The index on SQLite's FTS5, for where tantivy is missing. Slower, and always there."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from manymind.corpus.index import Hit, Index, Row

_FILE = "pieces.sqlite"
_TABLES = """
    CREATE VIRTUAL TABLE pieces USING fts5(
        body, head, content='',
        tokenize="unicode61 remove_diacritics 0 categories 'L* M* N* Co Pc' tokenchars '.'"
    );
    CREATE VIRTUAL TABLE words USING fts5vocab(pieces, col);
    CREATE TABLE places (piece INTEGER PRIMARY KEY, document INTEGER NOT NULL);
"""


class Fts:
    name = "fts5"

    def build(self, rows: Iterable[Row], folder: Path | None = None) -> Index:
        connection = _connect(str(folder / _FILE) if folder else ":memory:")
        connection.executescript(_TABLES)
        for number, row in enumerate(rows):
            connection.execute(
                "INSERT INTO pieces(rowid, body, head) VALUES (?, ?, ?)",
                (number, row.body, row.head),
            )
            connection.execute("INSERT INTO places VALUES (?, ?)", (number, row.document))
        connection.commit()
        return _FtsIndex(connection)

    def open(self, folder: Path) -> Index | None:
        if not (folder / _FILE).is_file():
            return None
        try:
            connection = _connect(str(folder / _FILE))
            connection.execute("SELECT count(*) FROM places").fetchone()
            return _FtsIndex(connection)
        except sqlite3.DatabaseError:
            return None


def _connect(address: str) -> sqlite3.Connection:
    return sqlite3.connect(address, check_same_thread=False)


class _FtsIndex:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._turn = Lock()

    def search(
        self, terms: tuple[str, ...], limit: int, documents: frozenset[int] | None = None
    ) -> list[Hit]:
        if not terms or limit < 1 or documents == frozenset():
            return []
        either = " OR ".join('"' + term.replace('"', '""') + '"' for term in terms)
        question = "SELECT rowid, -bm25(pieces, 1.0, 0.6) FROM pieces WHERE pieces MATCH ?"
        values: list[str | int] = [either]
        if documents is not None:
            numbers = "[" + ",".join(str(number) for number in sorted(documents)) + "]"
            question += (
                " AND rowid IN (SELECT piece FROM places WHERE document IN"
                " (SELECT value FROM json_each(?)))"
            )
            values.append(numbers)
        question += " ORDER BY 2 DESC, 1 LIMIT ?"
        values.append(limit)
        with self._turn:
            found = self._connection.execute(question, values).fetchall()
        return [Hit(int(piece), float(score)) for piece, score in found]

    def frequency(self, term: str) -> int:
        with self._turn:
            found = self._connection.execute(
                "SELECT doc FROM words WHERE term = ? AND col = 'body'", (term,)
            ).fetchone()
        return int(found[0]) if found else 0


ENGINE = Fts()
