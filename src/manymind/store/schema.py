"""Brings a database to the newest schema: one file in `migrations/versions` a step."""

from importlib import import_module
from pathlib import Path

from sqlalchemy import Connection, inspect, text

_FOLDER = Path(__file__).parent / "migrations"

NEWEST = max(path.stem for path in (_FOLDER / "versions").glob("[0-9]*.py")).partition("_")[0]
"""Steps are numbered; the name of a file begins with its own."""

_GUARD = 0x6D616E796D696E64


class FromTheFuture(Exception):
    """The database was made by a newer release than this one."""


def is_newest(connection: Connection) -> bool:
    """Whether nothing is left to do. Most starts end here, without loading the migrations."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found > NEWEST:
        raise FromTheFuture(found)
    return found == NEWEST


def upgrade(connection: Connection) -> None:
    """Take all the steps that are left, in the transaction that this connection has begun. Of two
    processes that start at once, the second waits, and finds nothing to do."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _GUARD})
    if is_newest(connection):
        return
    import_module("manymind.store.migrating").migrate(connection, _FOLDER)
