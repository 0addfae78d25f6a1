"""Runs the migrations. Alembic takes most of a second to load, so that only `schema` loads this
module, and only where there is something to do."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def migrate(connection: Connection, folder: Path) -> None:
    """All the steps that are left, in the transaction that this connection has begun."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", folder.as_posix().replace("%", "%%"))
    command.upgrade(config, "head")
