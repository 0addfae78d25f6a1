"""Rankings, programs, and how providers have done of late: on both databases."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from math import ceil
from random import Random
from typing import Any

from manymind.store.database import Database
from manymind.store.endpoint_figures import EndpointFigures, Percentiles
from manymind.store.facts import Wanted, Whose
from manymind.store.rankings import Rankings
from tests.store.rows import DAY, NOON, SECOND, row, write

NOW = NOON / SECOND


@asynccontextmanager
async def stored(url: str, *rows: dict[str, Any]) -> AsyncGenerator[Database]:
    database = Database(url)
    try:
        if rows:
            await write(database, rows)
        yield database
    finally:
        await database.aclose()


async def test_the_first_fifty_models_of_a_day_are_ranked_and_the_rest_is_one(url: str) -> None:
    rows = [
        row(f"req_{n}", slug=f"acme/m{n:02}", input_tokens=n * 10, output_tokens=0)
        for n in range(1, 61)
    ]
    rows += [row("req_tie", slug="acme/a", input_tokens=600, output_tokens=0)]
    rows += [row("req_next", slug="acme/m01", at=NOON + DAY, input_tokens=7, output_tokens=3)]
    async with stored(url, *rows) as database:
        ranked = await Rankings(database).models(Whose(), Wanted())
    first, second = ranked[:51], ranked[51:]
    assert [each.model for each in first[:3]] == ["acme/a", "acme/m60", "acme/m59"]
    assert first[50].model == "other"
    assert first[50].tokens == sum(n * 10 for n in range(1, 12))
    assert sum(each.requests for each in first) == 61
    assert abs(sum(each.share for each in first) - 100) < 0.1
    assert [(each.model, each.tokens, each.share) for each in second] == [("acme/m01", 10, 100.0)]
    assert second[0].at - first[0].at == DAY


async def test_programs_are_ranked_by_their_address(url: str) -> None:
    rows = (
        row("req_1", app="https://a.example/", app_title="A", input_tokens=10),
        row("req_2", app="https://a.example/", app_title="", input_tokens=20),
        row("req_3", app="https://b.example/", input_tokens=500),
        row("req_4", app="", app_title="Nobody", input_tokens=9000),
        row("req_5", app="http://localhost:3000/", input_tokens=9000),
        row("req_6", app="http://localhost:4000/", app_title="Mine", input_tokens=1),
        row("req_7", owner="bob", app="https://b.example/", input_tokens=1),
    )
    async with stored(url, *rows) as database:
        rankings = Rankings(database)
        found = await rankings.apps(Whose(tenant="ann"), Wanted())
        assert [(each.rank, each.url, each.title, each.tokens) for each in found] == [
            (1, "https://b.example/", "", 505),
            (2, "https://a.example/", "A", 40),
            (3, "http://localhost:4000/", "Mine", 6),
        ]
        assert [each.rank for each in await rankings.apps(Whose(), Wanted(), offset=2)] == [3]


async def test_a_provider_is_up_as_often_as_it_answers(url: str) -> None:
    def tried(n: int, outcome: str, minutes: float, offer: str = "acme/small") -> dict[str, Any]:
        return row(f"req_{n}", offer=offer, outcome=outcome, at=NOON - int(minutes * 60 * SECOND))

    rows = [
        tried(1, "completed", 1),
        tried(2, "overloaded", 2),
        tried(3, "rate_limit_exceeded", 2),
        tried(4, "cancelled", 2),
        tried(5, "invalid_request", 2),
        tried(6, "completed", 10),
        tried(7, "completed", 20),
        tried(8, "stream_cut", 600),
        tried(9, "timeout", 1500),
        tried(10, "rate_limit_exceeded", 1, "other/small"),
    ]
    async with stored(url, *rows) as database:
        figures = await EndpointFigures(database).of("acme/small", NOW)
    acme, other = figures["acme/small"], figures["other/small"]
    assert (acme.uptime_5m, acme.uptime_30m, acme.uptime_1d) == (50.0, 75.0, 60.0)
    assert (other.uptime_5m, other.latency, other.throughput) == (None, None, None)


async def test_percentiles_are_the_nearest_rank_of_what_was_measured(url: str) -> None:
    chance = Random(3)
    first = [chance.randrange(1, 5 * SECOND) for _ in range(137)]
    rows = [
        row(
            f"req_{n}",
            at=NOON - n * SECOND,
            streamed=True,
            first_micros=each,
            micros=each + SECOND,
            output_tokens=n + 1,
        )
        for n, each in enumerate(first)
    ]
    rows.append(row("req_old", at=NOON - 3600 * SECOND, first_micros=10**9, micros=10**10))
    rows.append(row("req_bad", outcome="timeout", first_micros=10**9, micros=10**10))
    async with stored(url, *rows) as database:
        figures = (await EndpointFigures(database).of("acme/small", NOW))["acme/small"]

    def rank(values: list[float]) -> Percentiles:
        ordered = sorted(values)
        return Percentiles(*(ordered[ceil(p * len(ordered) / 100) - 1] for p in (50, 75, 90, 99)))

    assert figures.latency == rank([each / 1000 for each in first])
    assert figures.throughput == rank([float(n + 1) for n in range(137)])
    assert await _none(url) == {}


async def _none(url: str) -> object:
    async with stored(url) as database:
        return await EndpointFigures(database).of("nobody/knows", NOW)
