"""What the ledger knows, asked of both databases."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from manymind.store.database import Database
from manymind.store.facts import DIMENSIONS, PERIODS, Wanted, Whose
from manymind.store.reports import Reports, place
from tests.store.rows import DAY, NOON, SECOND, row, write

ANN = Whose(tenant="ann")


@asynccontextmanager
async def reporting(url: str, *rows: dict[str, Any]) -> AsyncGenerator[Reports]:
    database = Database(url)
    try:
        if rows:
            await write(database, rows)
        yield Reports(database)
    finally:
        await database.aclose()


@pytest.mark.parametrize(
    "name",
    [
        "req_12345678-1234-4234-a234-123456789abc",
        "resp_1234567812344234a234123456789abc",
        "chatcmpl-12345678-1234-4234-a234-123456789abc",
        "gen-12345678-1234-4234-a234-123456789abc",
        "msg_upstream7",
        "gen-upstream7",
        "chatcmpl-upstream7",
    ],
)
async def test_a_request_is_found_by_every_name_that_its_reply_goes_by(url: str, name: str) -> None:
    request = "req_12345678-1234-4234-a234-123456789abc"
    failed = row(request, 1, outcome="overloaded", ticks=0, provider="slow", offer="slow/small")
    answered = row(
        request,
        2,
        at=NOON + SECOND,
        reply="chatcmpl-upstream7",
        dropped=["seed"],
        tools={"web_search": 2},
        lines=[["input", 10]],
    )
    async with reporting(url, answered, failed, row("req_other")) as reports:
        found = await reports.generation(ANN, name)
        assert [each.number for each in found] == [1, 2]
        assert [each.outcome for each in found] == ["overloaded", "completed"]
        assert found[1].dropped == ("seed",)
        assert found[1].tools == {"web_search": 2}
        assert found[1].lines == [["input", 10]]
        assert await reports.spent(ANN, request) == 100


@pytest.mark.parametrize("name", ["", "x" * 300, "a\0b", "req_' OR 1=1", "req_none"])
async def test_what_is_no_name_finds_nothing(url: str, name: str) -> None:
    async with reporting(url, row("req_1")) as reports:
        assert await reports.generation(ANN, name) == ()


async def test_nobody_sees_what_is_another_s(url: str) -> None:
    rows = (row("req_1", api_key="k1"), row("req_2", api_key="k2"), row("req_3", owner="bob"))
    async with reporting(url, *rows) as reports:
        for whose, seen in (
            (Whose(), {"req_1", "req_2", "req_3"}),
            (ANN, {"req_1", "req_2"}),
            (Whose(tenant="ann", key="k1"), {"req_1"}),
            (Whose(tenant="bob", key="k1"), set[str]()),
        ):
            assert {each.request for each in await reports.logs(whose, Wanted())} == seen
            assert (await reports.total(whose, Wanted())).attempts == len(seen)
            for name in ("req_1", "req_2", "req_3"):
                assert bool(await reports.generation(whose, name)) == (name in seen)


async def test_sums_are_those_of_the_rows_however_they_are_told_apart(url: str) -> None:
    chance = Random(11)
    rows = [_random(chance, number) for number in range(400)]
    async with reporting(url, *rows) as reports:
        mine = [each for each in rows if each["owner"] == "ann"]
        whole = await reports.total(ANN, Wanted())
        assert whole.ticks == sum(each["ticks"] for each in mine)
        assert whole.attempts == len(mine)
        assert whole.requests == sum(each["number"] == 1 for each in mine)
        assert whole.input_tokens == sum(each["input_tokens"] for each in mine)
        for period in (None, *PERIODS):
            for by in ((), *((name,) for name in DIMENSIONS), ("model", "provider", "key")):
                lines = await reports.usage(ANN, Wanted(), by=by, period=period)
                for name in whole.__struct_fields__:
                    told = sum(getattr(line.sums, name) for line in lines)
                    assert told == getattr(whole, name), (period, by, name)
                assert len({(line.at, line.by) for line in lines}) == len(lines)


async def test_every_filter_narrows_as_it_says(url: str) -> None:
    chance = Random(12)
    rows = [_random(chance, number) for number in range(200)]
    columns = {
        "model": "slug",
        "provider": "provider",
        "key": "api_key",
        "user": "user",
        "feature": "feature",
        "app": "app",
        "route": "route",
        "arm": "arm",
        "outcome": "outcome",
    }
    async with reporting(url, *rows) as reports:
        for name, column in columns.items():
            value = rows[7][column]
            found = await reports.logs(Whose(), Wanted(**{name: value}), limit=500)
            assert {each.key for each in found} == {
                each["key"] for each in rows if each[column] == value
            }, name
        since, until = NOON - 3 * DAY, NOON + 2 * DAY
        found = await reports.logs(Whose(), Wanted(since=since, until=until), limit=500)
        assert {each.at for each in found} == {
            each["at"] for each in rows if since <= each["at"] < until
        }
        bad = await reports.logs(Whose(), Wanted(outcome="failed"), limit=500)
        assert {each.outcome for each in bad} == {each["outcome"] for each in rows} - {"completed"}


async def test_pages_and_an_export_have_every_row_once(url: str) -> None:
    same = [row(f"req_{n:03}", at=NOON + n // 7) for n in range(1203)]
    async with reporting(url, *same) as reports:
        seen: list[str] = []
        after = None
        while page := await reports.logs(ANN, Wanted(), after=after, limit=101):
            seen += [each.request for each in page]
            after = place(page[-1])
        assert len(seen) == len(set(seen)) == 1203
        assert seen[0] == "req_1202"
        assert [each.request async for each in reports.export(ANN, Wanted())] == seen
        forward = await reports.logs(ANN, Wanted(), limit=2000, oldest_first=True)
        assert [each.request for each in forward] == seen[::-1]


async def test_weeks_begin_on_monday_and_months_on_their_first(url: str) -> None:
    chance = Random(5)
    days = sorted(chance.sample(range(10_000, 40_000), 300))
    rows = [row(f"req_{day}", at=day * DAY + chance.randrange(DAY)) for day in days]
    async with reporting(url, *rows) as reports:
        weeks = await reports.usage(ANN, Wanted(), period="week")
        months = await reports.usage(ANN, Wanted(), period="month")
        assert {_date(line.at).weekday() for line in weeks} == {0}
        assert {_date(line.at).day for line in months} == {1}
        wanted = {_date(each["at"]).strftime("%Y-%m") for each in rows}
        assert {_date(line.at).strftime("%Y-%m") for line in months} == wanted


def _date(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / SECOND, UTC)


def _random(chance: Random, number: int) -> dict[str, Any]:
    """A row of anybody, at any time of some weeks."""
    pick = chance.choice
    return row(
        f"req_{number // 2}",
        1 + number % 2,
        owner=["ann", "bob", "ann"][number // 2 % 3],
        at=NOON + chance.randrange(-10 * DAY, 10 * DAY),
        user=pick(["", "u1", "u2"]),
        route=pick(["", "half"]),
        arm=pick(["", "trial"]),
        api_key=pick(["k1", "k2"]),
        feature=pick(["", "search"]),
        app=pick(["", "https://app.example/", "http://localhost:3000/"]),
        slug=pick(["acme/small", "acme/large", "x/y"]),
        provider=pick(["acme", "other"]),
        outcome=pick(["completed", "completed", "overloaded", "rate_limit_exceeded", "cancelled"]),
        ticks=chance.randrange(10**12),
        input_tokens=chance.randrange(10**6),
        output_tokens=chance.randrange(10**5),
        cached_tokens=chance.randrange(10**4),
    )
