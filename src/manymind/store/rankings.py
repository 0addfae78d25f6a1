"""Which models and programs are used most: the first of each period, and all others as one."""

from msgspec import Struct
from sqlalchemy import ColumnElement, case, func, or_, select

from manymind.store.database import Database
from manymind.store.facts import Wanted, Whose, facts, number, summed

RANKED = 50
OTHERS = "other"
APPS_MAX = 100


class Ranked(Struct, frozen=True, kw_only=True):
    """`share` is its part of all tokens of the period, of 100."""

    at: int
    model: str
    tokens: int
    requests: int
    share: float


class RankedApp(Struct, frozen=True, kw_only=True):
    rank: int
    url: str
    title: str
    tokens: int
    requests: int


class Rankings:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def models(self, whose: Whose, wanted: Wanted, period: str = "day") -> tuple[Ranked, ...]:
        """By the tokens of each period, the oldest period first; equals by name. What is beyond
        the first fifty is one line at the end."""
        source = facts(whose, wanted, ("model",), period)
        sums = {each.name: each for each in summed(source)}
        tokens = (sums["input_tokens"].element + sums["output_tokens"].element).label("tokens")
        each = (
            select(source.c.bucket, source.c.slug, tokens, sums["attempts"])
            .group_by(source.c.bucket, source.c.slug)
            .subquery("each")
        )
        order = (each.c.tokens.desc(), each.c.slug)
        rank = func.row_number().over(partition_by=each.c.bucket, order_by=order)
        whole = func.sum(each.c.tokens).over(partition_by=each.c.bucket)
        ranked = select(each, rank.label("rank"), whole.label("whole")).subquery("ranked")
        far = ranked.c.rank > number(RANKED)
        standing = select(
            ranked.c.bucket,
            case((far, OTHERS), else_=ranked.c.slug).label("name"),
            case((far, number(RANKED + 1)), else_=ranked.c.rank).label("place"),
            ranked.c.tokens,
            ranked.c.attempts,
            ranked.c.whole,
        ).subquery("standing")
        query = (
            select(
                standing.c.bucket,
                standing.c.name,
                func.sum(standing.c.tokens).label("tokens"),
                func.sum(standing.c.attempts).label("attempts"),
                func.max(standing.c.whole).label("whole"),
            )
            .group_by(standing.c.bucket, standing.c.place, standing.c.name)
            .order_by(standing.c.bucket, standing.c.place)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Ranked(
                at=int(row.bucket),
                model=row.name,
                tokens=int(row.tokens),
                requests=int(row.attempts),
                share=round(100 * int(row.tokens) / int(row.whole), 3) if row.whole else 0.0,
            )
            for row in rows
        )

    async def apps(
        self, whose: Whose, wanted: Wanted, *, limit: int = RANKED, offset: int = 0
    ) -> tuple[RankedApp, ...]:
        """By tokens. Who gives no address of its own is no program that could be ranked; one on
        its user's machine is, where it gives its name."""
        source = facts(whose, wanted, ("app",), None, titles=True)
        sums = {each.name: each for each in summed(source)}
        tokens = (sums["input_tokens"].element + sums["output_tokens"].element).label("tokens")
        title = func.max(source.c.app_title).label("title")
        each = (
            select(source.c.app, title, tokens, sums["requests"])
            .where(source.c.app != "")
            .group_by(source.c.app)
            .subquery("each")
        )
        query = (
            select(each)
            .where(or_(each.c.title != "", ~_local(each.c.app)))
            .order_by(each.c.tokens.desc(), each.c.app)
            .limit(min(limit, APPS_MAX))
            .offset(offset)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            RankedApp(
                rank=place,
                url=row.app,
                title=row.title,
                tokens=int(row.tokens),
                requests=int(row.requests),
            )
            for place, row in enumerate(rows, offset + 1)
        )


def _local(url: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether an address is that of any machine."""
    schemes, places = ("http", "https"), ("localhost", "127.0.0.1", "[::1]")
    return or_(*(url.like(f"{scheme}://{place}%") for scheme in schemes for place in places))
