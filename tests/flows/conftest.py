"""Both databases, for what is kept."""

from tests.store.databases import server, url

__all__ = ["server", "url"]
