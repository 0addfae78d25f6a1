"""What the ledger knows, for its owners: reckoned in the database, never a table in memory."""

import re
from collections.abc import AsyncIterator, Sequence

from msgspec import Struct
from sqlalchemy import RowMapping, and_, func, select, tuple_, union_all

from manymind.canon.values import Ticks
from manymind.store.attempt_rows import AttemptRow, attempt_row
from manymind.store.database import Database, harmless
from manymind.store.facts import (
    SUMS,
    Wanted,
    Whose,
    dimension,
    facts,
    of_attempts,
    summed,
)
from manymind.store.tables import ATTEMPTS as A

ATTEMPTS_MAX = 1000
"""So many attempts of one request are shown; a team of teams may have made more."""

PAGE = 500
"""Rows that an export reads at once."""

LINES_MAX = 10_000
"""Lines that a sum may be told apart into."""

_PREFIXES = ("chatcmpl-", "gen-", "msg_", "req_", "resp_")
_PLAIN = re.compile(r"[0-9a-f]{32}")


class Sums(Struct, frozen=True, kw_only=True):
    """`requests` are those of callers; `attempts` those at offers, an agent's included. What was
    `limited` was refused for its rate, and is not counted as `failed`."""

    requests: int
    attempts: int
    completed: int
    failed: int
    limited: int
    ticks: Ticks
    input_tokens: int
    cached_tokens: int
    written_tokens: int
    output_tokens: int
    reasoning_tokens: int

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


class Line(Struct, frozen=True, kw_only=True):
    """The sums of one period (which began `at`) and of one value of each dimension, in the order
    in which they were named."""

    at: int
    by: tuple[str, ...]
    sums: Sums
    title: str = ""


class Cursor(Struct, frozen=True):
    """The place of a row among others, the newest first."""

    at: int
    request: str
    key: str


def place(row: AttemptRow) -> Cursor:
    return Cursor(row.at, row.request, row.key)


class Reports:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def generation(self, whose: Whose, name: str) -> tuple[AttemptRow, ...]:
        """All attempts of one request, in order: by its id, or by what its reply called itself,
        under the prefix of any house. Of several that a provider gave one id, the last."""
        if not harmless(name):
            return ()
        requests, replies = _names(name)
        mine = of_attempts(whose, Wanted())
        either = union_all(
            *(
                select(A.c.owner, A.c.request, A.c.at).where(mine, named)
                for named in (A.c.request.in_(requests), A.c.reply.in_(replies))
            )
        ).subquery()
        newest = select(either).order_by(either.c.at.desc()).limit(1)
        async with self._database.reading() as connection:
            found = (await connection.execute(newest)).first()
            if found is None:
                return ()
            all_of_it = and_(mine, A.c.owner == found.owner, A.c.request == found.request)
            # In the order of its key, in which it lies; in that of time all rows would be sorted.
            query = select(*_COLUMNS).where(all_of_it).order_by(A.c.key).limit(ATTEMPTS_MAX)
            rows = (await connection.execute(query)).mappings().all()
        return tuple(sorted(map(attempt_row, rows), key=lambda row: (row.at, row.number, row.key)))

    async def spent(self, whose: Whose, request: str) -> Ticks:
        """What all attempts of a request cost together, also where they are too many to show."""
        query = select(func.coalesce(func.sum(A.c.ticks), 0))
        query = query.where(of_attempts(whose, Wanted()), A.c.request == request)
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def usage(
        self,
        whose: Whose,
        wanted: Wanted,
        *,
        by: Sequence[str] = (),
        period: str | None = None,
        limit: int = LINES_MAX,
        offset: int = 0,
        dearest_first: bool = False,
    ) -> tuple[Line, ...]:
        """Sums by period, oldest first, and by dimension (see `facts`). By the hour only what still
        has a row can be told apart; in any other way the sums are those of all that ever was."""
        source = facts(whose, wanted, by, period, titles="app" in by)
        named = [dimension(source, name).label(f"by_{place}") for place, name in enumerate(by)]
        sums = summed(source)
        titles = [func.max(source.c.app_title).label("title")] if "app" in by else []
        query = select(source.c.bucket, *named, *titles, *sums)
        query = query.group_by(source.c.bucket, *(dimension(source, name) for name in by))
        ticks = next(each for each in sums if each.name == "ticks")
        order = [ticks.desc()] if dearest_first else [source.c.bucket]
        query = query.order_by(*order, *named).limit(min(limit, LINES_MAX)).offset(offset)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return tuple(_line(row, len(by)) for row in rows)

    async def total(self, whose: Whose, wanted: Wanted) -> Sums:
        lines = await self.usage(whose, wanted)
        return lines[0].sums if lines else _NONE

    async def logs(
        self,
        whose: Whose,
        wanted: Wanted,
        *,
        after: Cursor | None = None,
        limit: int = 50,
        oldest_first: bool = False,
    ) -> tuple[AttemptRow, ...]:
        """Some rows, beginning behind the place of another."""
        terms = [of_attempts(whose, wanted)]
        columns = (A.c.at, A.c.request, A.c.key)
        if after is not None:
            here, there = tuple_(*columns), tuple_(after.at, after.request, after.key)
            terms.append(A.c.at >= after.at if oldest_first else A.c.at <= after.at)
            terms.append(here > there if oldest_first else here < there)
        order = [each if oldest_first else each.desc() for each in columns]
        query = select(*_COLUMNS).where(and_(*terms)).order_by(*order).limit(limit)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return tuple(map(attempt_row, rows))

    async def export(self, whose: Whose, wanted: Wanted) -> AsyncIterator[AttemptRow]:
        """Every row, the newest first, read a page at a time: no reader holds the database up,
        and no one's table is ever in memory."""
        after: Cursor | None = None
        while page := await self.logs(whose, wanted, after=after, limit=PAGE):
            for row in page:
                yield row
            after = place(page[-1])


_COLUMNS = [A.c[name] for name in AttemptRow.__struct_fields__]
_NONE = Sums(**dict.fromkeys(SUMS, 0))


def _line(row: RowMapping, dimensions: int) -> Line:
    return Line(
        at=int(row["bucket"]),
        by=tuple(row[f"by_{place}"] for place in range(dimensions)),
        sums=Sums(**{name: int(row[name]) for name in SUMS}),
        title=row.get("title") or "",
    )


def _names(name: str) -> tuple[list[str], list[str]]:
    """The requests and replies that may be meant. What a provider gave no id is named for its
    request, and what is kept is named so without the dashes."""
    stem = next((name.removeprefix(each) for each in _PREFIXES if name.startswith(each)), name)
    requests = {name, stem, f"req_{stem}"}
    if _PLAIN.fullmatch(stem):
        parts = (stem[:8], stem[8:12], stem[12:16], stem[16:20], stem[20:])
        requests.add(f"req_{'-'.join(parts)}")
    return sorted(requests), sorted({name, stem, *(prefix + stem for prefix in _PREFIXES)})
