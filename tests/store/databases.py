"""The databases that everything stored is tested on: a new one for each test."""

from collections.abc import Generator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from tests.store.postgres import postgres

KINDS = ("sqlite", "postgresql")

_NUMBERS = count()


@pytest.fixture(scope="session")
def server() -> Generator[str]:
    with postgres() as folder:
        yield folder


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database in which nothing is."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/stored/manymind.db"
    return new_database(request.getfixturevalue("server"))


def new_database(folder: str) -> str:
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(
        host=folder, user="manymind", dbname="postgres", autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # pyright: ignore[reportArgumentType, reportCallIssue] # not a literal, but ours
    return f"postgresql://manymind@/{name}?host={folder}"
