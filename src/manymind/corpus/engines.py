"""Which engine serves the index on this machine."""

from importlib.util import find_spec

from manymind.corpus.index import Engine


def best_engine() -> Engine:
    """Tantivy where it is installed, else FTS5. Each is imported only when it is chosen."""
    if find_spec("tantivy") is not None:
        from manymind.corpus.tantivy_engine import Tantivy

        return Tantivy()
    from manymind.corpus.fts_engine import Fts

    return Fts()
