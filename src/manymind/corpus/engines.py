"""Which engine serves the index on this machine."""

from importlib import import_module
from importlib.util import find_spec

from manymind.corpus.index import Engine


def best_engine() -> Engine:
    """Tantivy where it is installed, else FTS5. Only the one that is chosen is imported."""
    name = "tantivy" if find_spec("tantivy") is not None else "fts"
    engine: Engine = import_module(f"manymind.corpus.{name}_engine").ENGINE
    return engine
