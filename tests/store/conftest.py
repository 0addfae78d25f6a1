"""Both databases, for the tests of this folder."""

from tests.store.databases import server, url

__all__ = ["server", "url"]
