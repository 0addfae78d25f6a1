"""Many writes in one transaction, each of them whole or not at all."""

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
import pytest

from manymind.store.strokes import Stroke, Strokes


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = str(tmp_path / "some.db")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE lines (said TEXT PRIMARY KEY)")
    connection.close()
    return path


def lines(path: str) -> set[str]:
    connection = sqlite3.connect(path)
    said = {row[0] for row in connection.execute("SELECT said FROM lines")}
    connection.close()
    return said


def say(*words: object) -> Stroke:
    def stroke(connection: sqlite3.Connection) -> None:
        for word in words:
            connection.execute("INSERT INTO lines VALUES (?)", (word,))

    return stroke


async def test_what_has_returned_lasts(path: str) -> None:
    strokes = Strokes(path, anyio.Lock(), 5)
    await strokes(say("a", "b"))
    assert lines(path) == {"a", "b"}
    await strokes.aclose()


@pytest.mark.parametrize("wrong", [("x", "a"), ("y", "\ud800"), ("z", 2**70)])
async def test_one_that_fails_takes_none_with_it(path: str, wrong: tuple[object, ...]) -> None:
    strokes = Strokes(path, anyio.Lock(), 5)
    await strokes(say("a"))
    failed: list[Exception] = []

    async def try_it(*words: object) -> None:
        try:
            await strokes(say(*words))
        except (sqlite3.Error, UnicodeError, OverflowError) as error:
            failed.append(error)

    async with anyio.create_task_group() as group:
        for word in map(str, range(100)):
            group.start_soon(try_it, word)
        group.start_soon(try_it, *wrong)
    assert len(failed) == 1
    assert lines(path) == {"a", *map(str, range(100))}
    await strokes.aclose()


async def test_whoever_stops_waiting_neither_harms_the_others_nor_writes_by_halves(
    path: str,
) -> None:
    turn = anyio.Lock()
    strokes = Strokes(path, turn, 5)
    async with anyio.create_task_group() as group:
        await turn.acquire()
        scopes: list[anyio.CancelScope] = []

        async def wait(words: tuple[str, str]) -> None:
            with anyio.CancelScope() as scope:
                scopes.append(scope)
                await strokes(say(*words))

        for n in range(6):
            group.start_soon(wait, (f"{n}", f"{n}'"))
        await anyio.wait_all_tasks_blocked()
        for scope in scopes[::2]:
            scope.cancel()
        turn.release()
    assert lines(path) == {"1", "1'", "3", "3'", "5", "5'"}
    await strokes.aclose()


async def test_another_writer_of_the_file_has_its_turn(path: str) -> None:
    turn = anyio.Lock()
    strokes = Strokes(path, turn, 5)
    other = sqlite3.connect(path, isolation_level=None)

    async def write(words: Callable[[], Stroke]) -> None:
        await strokes(words())

    async with anyio.create_task_group() as group:
        for n in range(200):
            group.start_soon(write, partial(say, f"s{n}"))
        for n in range(20):
            async with turn:
                other.execute("BEGIN IMMEDIATE")
                other.execute("INSERT INTO lines VALUES (?)", (f"o{n}",))
                other.execute("COMMIT")
    other.close()
    assert len(lines(path)) == 220
    await strokes.aclose()
