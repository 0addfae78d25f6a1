"""What was done, as its owners are shown it by HTTP: in OpenRouter's forms and in our own."""

import csv
import json
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from openrouter import OpenRouter

from tests.flows.records_stage import call, with_records
from tests.store.rows import DAY, SECOND, row

NOW = int(time.time() * SECOND)
FAILED = row(
    "req_a1", 1, owner="owner", at=NOW - 4 * SECOND, outcome="overloaded", ticks=0, finish=None
)
ANSWERED = row(
    "req_a1",
    2,
    owner="owner",
    at=NOW - 2 * SECOND,
    slug="openai/gpt-5",
    provider="openai",
    offer="openai/gpt-5",
    ticks=12_345_678_901,
    streamed=True,
    reply="chatcmpl-77",
    session="s1",
    app="https://app.example/",
    app_title="App",
    tools={"web_search": 3},
)


def sdk(url: str) -> OpenRouter:
    return OpenRouter(api_key="sk-any", server_url=f"{url}/api/v1")


async def test_openrouters_own_client_reads_a_generation_with_all_its_attempts(
    tmp_path: Path,
) -> None:
    async with with_records(tmp_path, FAILED, ANSWERED) as stage, sdk(stage.url) as client:
        for name in ("gen-77", "chatcmpl-77", "req_a1", "gen-a1"):
            data = (await client.generations.get_generation_async(id=name)).data
            assert (data.id, data.request_id, data.upstream_id) == (name, "req_a1", "chatcmpl-77")
            assert (data.model, data.provider_name) == ("openai/gpt-5", "OpenAI")
            assert (data.latency, data.generation_time) == (1000.0, 2000.0)
            assert (data.tokens_prompt, data.tokens_completion) == (10, 5)
            assert (data.finish_reason, data.streamed, data.cancelled) == ("stop", True, False)
            assert data.total_cost == 1.2345678901
            assert data.num_search_results == 3
            assert data.http_referer == "https://app.example/"
            assert [each.status for each in data.provider_responses or []] == [503, 200]
        told = (await call(stage, "/api/v1/generation?id=gen-77")).json["data"]
        assert told["cost_in_usd_ticks"] == 12_345_678_901
        assert told["session_id"] == "s1"
        assert [each["outcome"] for each in told["attempts"]] == ["overloaded", "completed"]


@pytest.mark.parametrize("query", ["", "?id=", "?id=a&id=b", "?id=nobody", "?id=%00", "?id=%ff"])
async def test_what_is_no_generation_is_refused_in_openrouters_words(
    tmp_path: Path, query: str
) -> None:
    async with with_records(tmp_path, ANSWERED) as stage:
        said = await call(stage, f"/api/v1/generation{query}")
        assert said.status == (404 if "nobody" in query or "%00" in query else 400)
        assert said.json["error"]["code"] == said.status


async def test_openrouters_own_client_reads_activity_and_rankings(tmp_path: Path) -> None:
    old = row("req_old", owner="owner", at=NOW - 3 * DAY, app="https://b.example/", ticks=7)
    async with with_records(tmp_path, FAILED, ANSWERED, old) as stage, sdk(stage.url) as client:
        items = (await client.analytics.get_user_activity_async()).data
        assert [(each.model, each.requests) for each in items] == [
            ("acme/small", 1),
            ("openai/gpt-5", 1),
            ("acme/small", 1),
        ]
        assert items[1].usage == 1.2345678901
        assert items[0].date_ == items[1].date_ > items[2].date_
        ranked = await client.datasets.get_rankings_daily_async()
        assert [each.total_tokens for each in ranked.data] == ["15", "15", "15"]
        weeks = await client.datasets.get_rankings_daily_async(period="month")
        assert sum(int(each.total_tokens) for each in weeks.data) == 45
        apps = await client.datasets.get_app_rankings_async()
        assert apps is not None
        assert [each.app_name for each in apps.result.data] == ["App", "https://b.example/"]
        days = (await call(stage, f"/api/v1/activity?date={items[2].date_}")).json["data"]
        assert [each["cost_in_usd_ticks"] for each in days] == [7]


async def test_endpoints_tell_how_a_provider_has_done_of_late(tmp_path: Path) -> None:
    just_now = ANSWERED | {"at": int((time.time() - 2) * SECOND)}
    async with with_records(tmp_path, just_now) as stage, sdk(stage.url) as client:
        listed = await client.endpoints.list_async(author="openai", slug="gpt-5")
        seen = {each.tag: each for each in listed.data.endpoints}["openai"]
        assert (seen.uptime_last_5m, seen.uptime_last_30m, seen.uptime_last_1d) == (100, 100, 100)
        assert seen.latency_last_30m is not None
        assert seen.latency_last_30m.p50 == 1000.0
        assert seen.throughput_last_30m is not None
        assert seen.throughput_last_30m.p99 == 5.0


async def test_sums_are_told_apart_as_asked_and_equal_their_total(tmp_path: Path) -> None:
    rows = [
        row(f"req_{n}", owner="owner", at=NOW - n * DAY // 3, ticks=n, slug=f"acme/m{n % 3}")
        for n in range(30)
    ]
    async with with_records(tmp_path, *rows) as stage:
        for query in ("", "by=model", "by=model,provider&period=week", "by=key&period=day"):
            said = (await call(stage, f"/v1/manage/usage?{query}")).json
            assert said["total"]["ticks"] == sum(each["ticks"] for each in said["data"]) == 435
        said = (await call(stage, "/v1/manage/usage?model=acme/m1&by=model")).json
        assert [each["ticks"] for each in said["data"]] == [145]
        table = await call(stage, "/v1/usage?by=model&format=csv")
        lines = list(csv.DictReader(StringIO(table.text)))
        assert [line["model"] for line in lines] == ["acme/m0", "acme/m1", "acme/m2"]
        recent = (await call(stage, "/v1/manage/usage?since=2d")).json
        assert recent["total"]["attempts"] < 10


async def test_logs_come_in_pages_and_as_a_whole(tmp_path: Path) -> None:
    rows = [
        row(f"req_{n:04}", owner="owner", at=NOW - n * SECOND, app_title="=cmd()")
        for n in range(700)
    ]
    async with with_records(tmp_path, *rows) as stage:
        seen: list[str] = []
        path = "/v1/manage/logs?limit=300"
        while True:
            page = (await call(stage, path)).json
            seen += [each["request"] for each in page["data"]]
            if page["next"] is None:
                break
            path = f"/v1/manage/logs?limit=300&after={page['next']}"
        assert seen == [f"req_{n:04}" for n in range(700)]
        lines = (await call(stage, "/v1/logs?format=ndjson")).text.splitlines()
        assert [json.loads(line)["request"] for line in lines] == seen
        table = list(csv.DictReader(StringIO((await call(stage, "/v1/logs?format=csv")).text)))
        assert [line["request"] for line in table] == seen
        assert table[0]["app_title"] == "'=cmd()"
        one = (await call(stage, "/v1/manage/logs/req_0007")).json
        assert one["attempts"][0]["request"] == "req_0007"


BAD = (
    "/v1/manage/usage?by=prompt",
    "/v1/manage/usage?by=",
    "/v1/usage?by=model,",
    "/v1/manage/usage?period=year",
    "/v1/manage/usage?since=yesterday",
    "/v1/manage/usage?modle=x",
    "/v1/manage/usage?outcome=completed",
    "/v1/manage/logs?after=!!",
    "/v1/manage/logs?after=W10",
    "/v1/manage/logs?limit=0",
    "/v1/manage/logs?format=xml",
    "/v1/manage/logs?format=",
    "/v1/manage/logs?format=csv&limit=3",
    "/v1/manage/usage?period=",
    "/v1/manage/logs?model=%00",
    "/v1/manage/logs?since=99999999999999999999",
    "/v1/manage/logs?until=9999-12-31T23:59:59Z&since=0001-01-01",
    "/api/v1/activity?date=1999-01-01",
    "/api/v1/activity?date=x",
    "/api/v1/activity?group_by=workspace",
    "/api/v1/datasets/rankings-daily?start_date=2026-01-02&end_date=2026-01-01",
    "/api/v1/datasets/rankings-daily?period=hour",
    "/api/v1/datasets/rankings-daily?modality=text",
    "/api/v1/datasets/app-rankings?limit=1000",
    "/api/v1/datasets/app-rankings?sort=trending",
)


async def test_a_question_that_nobody_can_answer_is_refused_with_what_to_do(tmp_path: Path) -> None:
    async with with_records(tmp_path, ANSWERED) as stage:
        for path in BAD:
            said = await call(stage, path)
            if "0001-01-01" in path:
                assert said.status in (200, 400), (path, said)
                continue
            assert said.status == 400, (path, said)
            assert said.json["error"]["message"], path
        assert (await call(stage, "/v1/manage/logs", method="DELETE")).status == 400
        assert (await call(stage, "/v1/manage/logs/nobody")).status == 404


async def test_records_are_deleted_by_age_and_their_sums_stay(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        row("req_new", owner="owner", at=NOW, ticks=1),
        row("req_old", owner="owner", at=NOW - 9 * DAY, ticks=2),
        row("req_bob", owner="bob", at=NOW - 9 * DAY, ticks=4),
    ]
    async with with_records(tmp_path, *rows) as stage:
        path = "/v1/manage/logs?before=7d&tenant=owner"
        assert (await call(stage, path, method="DELETE")).json["deleted"] == 1
        left = (await call(stage, "/v1/manage/logs")).json["data"]
        assert {each["request"] for each in left} == {"req_new", "req_bob"}
        assert (await call(stage, "/v1/manage/usage")).json["total"]["ticks"] == 7
