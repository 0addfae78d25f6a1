"""One schema on both databases, brought up to date at the start, by one process at a time."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from sqlalchemy import Connection, inspect, text

from manymind.canon.faults import StoreFailed
from manymind.store.database import BadAddress, Database
from manymind.store.schema import NEWEST
from manymind.store.tables import METADATA
from tests.store.stage import kept, opened, texts

OPEN = """
import sys, anyio
from manymind.store.database import Database

async def main():
    database = Database(sys.argv[1])
    await database.open()
    await database.aclose()
    print("alembic" in sys.modules)

anyio.run(main)
"""


def _columns(connection: Connection, table: str) -> dict[str, bool]:
    """The columns that are there, and whether each may be empty."""
    found = inspect(connection).get_columns(table)
    return {column["name"]: bool(column["nullable"]) for column in found}


async def test_the_migrations_make_the_tables_that_the_code_knows(url: str) -> None:
    database = Database(url)
    async with database.reading() as connection:
        for table in METADATA.sorted_tables:
            found = await connection.run_sync(_columns, table.name)
            assert found == {each.name: bool(each.nullable) for each in table.columns}
    await database.aclose()


async def test_every_row_has_an_owner() -> None:
    for table in METADATA.sorted_tables:
        assert table.columns["owner"].primary_key, table.name


async def test_processes_that_start_at_once_do_not_disturb_each_other(url: str) -> None:
    async def start() -> str:
        command = [sys.executable, "-c", OPEN, url]
        done = await anyio.run_process(command, stderr=subprocess.PIPE)
        return done.stdout.decode().strip()

    loaded: list[str] = []

    async def one() -> None:
        loaded.append(await start())

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(one)
    assert loaded.count("True") == 1  # Only one of them had anything to do.
    assert await start() == "False"
    async with opened(url) as store:
        await store.answers.keep(kept("resp_1"))


async def test_a_database_of_a_newer_release_is_left_alone(url: str) -> None:
    database = Database(url)
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.aclose()
    with pytest.raises(StoreFailed, match="9999"):
        await Database(url).open()
    assert NEWEST < "9999"


@pytest.mark.parametrize("bad", ["", "nonsense", "mysql://secret@host/x", "http://secret@host"])
def test_an_address_that_cannot_be_used_is_refused_without_repeating_it(bad: str) -> None:
    with pytest.raises(BadAddress) as hit:
        Database(bad)
    assert "secret" not in str(hit.value)


async def test_a_database_that_cannot_be_reached_is_a_fault_without_its_password() -> None:
    address = "postgresql://ann:secret-4711@127.0.0.1:9/none?connect_timeout=2"
    with pytest.raises(StoreFailed) as hit:
        await Database(address).open()
    assert "4711" not in hit.value.full


async def test_a_file_that_is_no_database_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "manymind.db"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreFailed):
        await Database.file(path).open()
    assert path.read_bytes().startswith(b"this is no")


async def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new folder % ?" / "manymind.db"
    database = Database.file(path)
    await database.open()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await database.aclose()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_many_keep_and_recall_at_once(url: str) -> None:
    async with opened(url) as store:

        async def talk(name: str) -> None:
            before = None
            for n in range(5):
                await store.answers.keep(kept(f"resp_{name}{n}", f"{name}{n}", before=before))
                before = f"resp_{name}{n}"
                assert len(await store.answers.recall("ann", before)) == 2 * (n + 1)

        async with anyio.create_task_group() as group:
            for name in "abcdefghij":
                group.start_soon(talk, name)
        assert texts(await store.answers.recall("ann", "resp_c4"))[::2] == [
            "c0",
            "c1",
            "c2",
            "c3",
            "c4",
        ]
