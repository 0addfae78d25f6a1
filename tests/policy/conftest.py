"""Both databases, for the keys that are kept there."""

from tests.store.databases import server, url

__all__ = ["server", "url"]
