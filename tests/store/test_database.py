"""One database, written to by many at once."""

from pathlib import Path

import anyio
from sqlalchemy import text

from manymind.store.database import Database

WRITERS = 12


async def test_those_who_write_take_turns_in_the_order_of_their_coming(tmp_path: Path) -> None:
    database, begun = Database.file(tmp_path / "store.db"), list[int]()

    async def write(number: int) -> None:
        async with database.writing() as connection:
            begun.append(number)
            await connection.execute(text("SELECT 1"))

    try:
        await database.open()
        async with anyio.create_task_group() as group:
            for number in range(WRITERS):
                group.start_soon(write, number)
    finally:
        await database.aclose()
    assert begun == list(range(WRITERS))
