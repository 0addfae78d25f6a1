"""A database, opened when it is first needed and kept open."""

import re
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import anyio
from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from manymind.canon.faults import StoreFailed
from manymind.store.schema import FromTheFuture, is_newest, upgrade
from manymind.store.strokes import Stroke, Strokes

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
_BUSY_SECONDS = 20
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,200}")


class BadAddress(Exception):
    """The address of a database is none that we can use. It is not repeated: it may hold a
    password."""


class _Raw(Protocol):
    """A connection of the driver's own."""

    isolation_level: str | None

    def execute(self, statement: str) -> object: ...


class Database:
    """`url` is `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/NAME`."""

    def __init__(self, url: str | URL) -> None:
        self._url = _address(url)
        self._engine: AsyncEngine | None = None
        self._opening = anyio.Lock()
        self._alone = self._url.get_backend_name() == "sqlite"
        self._writing = anyio.Lock()
        path = self._url.database if self._alone else None
        at_home = path is not None and path not in ("", ":memory:")
        self._strokes = Strokes(path, self._writing, _BUSY_SECONDS) if path and at_home else None

    @classmethod
    def file(cls, path: Path) -> "Database":
        """SQLite in a file, whatever its name holds."""
        return cls(URL.create("sqlite", database=str(path)))

    @property
    def opened(self) -> bool:
        return self._engine is not None

    async def open(self) -> AsyncEngine:
        """Connect, and bring the schema up to date."""
        async with self._opening:
            if self._engine is None:
                engine = await _engine(self._url)
                try:
                    await _prepare(engine)
                except BaseException:
                    with anyio.CancelScope(shield=True):
                        await engine.dispose()
                    raise
                self._engine = engine
            return self._engine

    async def aclose(self) -> None:
        if self._strokes is not None:
            await self._strokes.aclose()
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection]:
        """One state of the database for the whole block."""
        async with self._begun(writes=False) as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncConnection]:
        """All of the block, or none of it, lasts. SQLite lets one write at a time, and whoever
        else would asks again and again; in a queue here it costs nothing to wait."""
        turn = self._writing if self._alone else nullcontext()
        async with turn, self._begun(writes=True) as connection:
            yield connection

    async def stroke(self, stroke: Stroke) -> bool:
        """A whole transaction that writes, in one go; False where that takes several steps."""
        if self._strokes is None:
            return False
        if self._engine is None:
            await self.open()
        try:
            await self._strokes(stroke)
        except sqlite3.IntegrityError:
            raise
        except (sqlite3.Error, OSError) as error:
            raise _failed(error) from None
        return True

    @asynccontextmanager
    async def _begun(self, *, writes: bool) -> AsyncGenerator[AsyncConnection]:
        engine = self._engine or await self.open()
        try:
            async with engine.connect() as connection:
                await connection.execution_options(writes=writes)
                async with connection.begin():
                    yield connection
        except IntegrityError:
            raise
        except (SQLAlchemyError, OSError) as error:
            raise _failed(error) from None


def harmless(name: str) -> bool:
    """Whether a name that a caller gives can be the name of anything that is stored here."""
    return _ID.fullmatch(name) is not None


def _address(url: str | URL) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadAddress("It is no URL.") from None
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        raise BadAddress("It must begin with sqlite:/// or postgresql://.")
    return parsed.set(drivername=driver)


async def _engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_pre_ping=True, hide_parameters=True)
    if url.database:
        await anyio.to_thread.run_sync(_make_room, Path(url.database))
    engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine.sync_engine, "connect", _tune)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _make_room(path: Path) -> None:
    """Only its owner may read what people asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)


def _tune(connection: _Raw, _record: object) -> None:
    """Readers never wait, and what was committed outlives the process (if not always a power
    cut). Transactions are begun by us: the driver's own way leaves some statements outside."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


def _begin(connection: Connection) -> None:
    """Whoever will write says so at once, and waits; halfway through it would be refused."""
    options: dict[str, Any] = dict(connection.get_execution_options())
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")


async def _prepare(engine: AsyncEngine) -> None:
    try:
        async with engine.connect() as connection:
            if await connection.run_sync(is_newest):
                return
        async with engine.connect() as connection:
            await connection.execution_options(writes=True)
            async with connection.begin():
                await connection.run_sync(upgrade)
    except FromTheFuture as error:
        raise StoreFailed(
            f"The database has schema {error}, made by a newer release than this one.",
            advice="Run that release, or name another database in store.url.",
        ) from None
    except (SQLAlchemyError, OSError) as error:
        raise _failed(error) from None


def _failed(error: Exception) -> StoreFailed:
    """The driver's own words may hold what was to be stored, or a password: its kind is enough."""
    cause = getattr(error, "orig", None) or error
    return StoreFailed(
        f"The database of this server does not work now ({type(cause).__name__}).",
        advice="Try again, or send store: false; the operator should look at the database.",
    )
