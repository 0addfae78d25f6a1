"""The databases that books are kept in."""

from tests.store.databases import server as server
from tests.store.databases import url as url
