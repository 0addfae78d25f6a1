"""Calls are found by what their replies call themselves, and by nobody but their owner."""

import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from manymind.config import ConfigError
from tests.faults.fronts import FRONTS, Front
from tests.flows.records_stage import Answered, call
from tests.flows.stage import Stage, on_stage

BOSS = "mm-boss"
BOSSED = {"MANYMIND_API_KEY": BOSS}
MODELS = ("vllm/sim-echo", "openai/sim-echo", "anthropic/sim-echo", "gemini/sim-echo")
_ID = re.compile(r'"(?:id|responseId)": ?"([^"]+)"')


async def post(stage: Stage, path: str, body: object, key: str = BOSS) -> Answered:
    headers = {"authorization": f"Bearer {key}", "x-title": "App", "http-referer": "https://a.b/"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(stage.url + path, json=body, headers=headers) as reply,
    ):
        text = await reply.text()
        named = {name.lower(): value for name, value in reply.headers.items()}
        whole = json.loads(text) if text.startswith("{") else None
        return Answered(reply.status, named, text, whole)


async def ask(stage: Stage, face: Front, model: str, *, stream: bool, key: str = BOSS) -> Answered:
    heard = await post(stage, face.path(model, stream=stream), face.body(model, stream=stream), key)
    assert heard.status == 200, heard.text
    return heard


@pytest.mark.parametrize("front", FRONTS)
async def test_a_call_is_found_by_whatever_its_reply_calls_itself(
    tmp_path: Path, front: str
) -> None:
    face = FRONTS[front]
    async with on_stage(tmp_path, environment=BOSSED) as stage:
        for model in MODELS:
            for stream in (False, True):
                heard = await ask(stage, face, model, stream=stream)
                named = _ID.search(heard.text)
                assert named is not None, heard.text
                request = heard.headers["x-request-id"]
                for name in (request, named[1]):
                    said = await call(stage, f"/api/v1/generation?id={name}", key=BOSS)
                    assert said.status == 200, (front, model, stream, name)
                    data = said.json["data"]
                    assert (data["id"], data["request_id"]) == (name, request)
                    assert (data["streamed"], data["finish_reason"]) == (stream, "stop")
                    assert data["tokens_completion"] > 0
                    assert data["http_referer"] == "https://a.b/"
        usage = (await call(stage, "/v1/manage/usage?by=app", key=BOSS)).json
        assert [each["app_title"] for each in usage["data"]] == ["App"]
        assert usage["total"]["requests"] == 2 * len(MODELS)


async def test_what_is_kept_is_found_by_the_id_that_it_is_kept_under(tmp_path: Path) -> None:
    async with on_stage(tmp_path, environment=BOSSED) as stage:
        body = {"model": "openai/sim-echo", "input": "one two", "store": True}
        heard = await post(stage, "/v1/responses", body)
        name = heard.json["id"]
        assert name.startswith("resp_")
        assert (await call(stage, f"/v1/responses/{name}", key=BOSS)).status == 200
        assert (await call(stage, f"/api/v1/generation?id={name}", key=BOSS)).status == 200


async def test_a_call_that_failed_is_found_with_its_attempts_and_lost_parameters(
    tmp_path: Path,
) -> None:
    async with on_stage(tmp_path, environment=BOSSED) as stage:
        model = "vllm/sim-echo;fault=503;retry_after=0"
        body = {"model": model, "messages": [{"role": "user", "content": "x"}]}
        heard = await post(stage, "/v1/chat/completions", body)
        assert heard.status == 503
        name = heard.headers["x-request-id"]
        data = (await call(stage, f"/api/v1/generation?id={name}", key=BOSS)).json["data"]
        assert data["finish_reason"] == "error"
        assert {each["status"] for each in data["provider_responses"]} == {503}
        assert len(data["provider_responses"]) == len(data["attempts"]) > 1
        dropped = {**body, "model": "anthropic/sim-echo", "seed": 7}
        heard = await post(stage, "/v1/chat/completions", dropped)
        name = heard.headers["x-request-id"]
        data = (await call(stage, f"/api/v1/generation?id={name}", key=BOSS)).json["data"]
        assert data["attempts"][-1]["dropped"] == ["seed"]


async def new_key(stage: Stage, boss: str, tenant: str = "", **fields: object) -> str:
    whose = f"?tenant={tenant}" if tenant else ""
    heard = await post(stage, f"/api/v1/keys{whose}", {"name": "k", **fields}, boss)
    assert heard.status in (200, 201), heard.text
    return heard.json["key"]


async def test_each_key_sees_what_is_its_own_and_no_more(tmp_path: Path) -> None:
    async with on_stage(tmp_path, environment=BOSSED) as stage:
        made = await post(stage, "/v1/manage/tenants", {"name": "Other"})
        assert made.status in (200, 201), made.text
        other_tenant = made.json["id"]
        one, two = await new_key(stage, BOSS), await new_key(stage, BOSS)
        manager = await new_key(stage, BOSS, rights={"manages": True})
        there = await new_key(stage, BOSS, other_tenant)
        names: dict[str, str] = {}
        for key in (one, two, there):
            heard = await ask(stage, FRONTS["chat"], "vllm/sim-echo", stream=False, key=key)
            names[key] = heard.headers["x-request-id"]
        seen: dict[str, set[str]] = {
            one: {one},
            two: {two},
            there: {there},
            manager: {one, two},
            BOSS: {one, two, there},
        }
        for key, visible in seen.items():
            for other, name in names.items():
                said = await call(stage, f"/api/v1/generation?id={name}", key=key)
                assert said.status == (200 if other in visible else 404)
                log = await call(stage, f"/v1/logs/{name}", key=key)
                assert log.status == said.status
            assert await rows(stage, "/v1/logs", key) == {names[each] for each in visible}
            total = (await call(stage, "/v1/usage", key=key)).json["total"]
            assert total["requests"] == len(visible)
        for path in ("/v1/manage/logs", "/v1/manage/usage", "/api/v1/activity", "/metrics"):
            assert (await call(stage, path, key=one)).status == 403
            assert (await call(stage, path, key=manager)).status == 200
        gone = await call(stage, "/v1/manage/logs?before=0d", key=one, method="DELETE")
        assert gone.status == 403
        foreign = f"/v1/manage/logs?before=0d&tenant={other_tenant}"
        assert (await call(stage, foreign, key=manager, method="DELETE")).status == 403
        mine = await call(stage, "/v1/manage/logs?before=0d", key=manager, method="DELETE")
        assert mine.json["deleted"] == 2
        assert await rows(stage, "/v1/logs", BOSS) == {names[there]}
        assert (await call(stage, "/v1/usage", key=manager)).json["total"]["requests"] == 2


async def rows(stage: Stage, path: str, key: str) -> set[str]:
    said: Any = (await call(stage, path, key=key)).json
    return {each["request"] for each in said["data"]}


@pytest.mark.parametrize(
    ("settings", "environment", "said"),
    [
        ('[webhooks]\nurls = ["https://x.example/"]', {}, "no secret to sign with"),
        (
            '[webhooks]\nurls = ["https://x.example/"]',
            {"MANYMIND_WEBHOOK_SECRET": "plain-4711"},
            "whsec_",
        ),
        (
            '[webhooks]\nurls = ["nowhere"]',
            {"MANYMIND_WEBHOOK_SECRET": "whsec_" + "a" * 40},
            r"webhooks\.urls\[0\]",
        ),
        ('[otel]\nendpoint = "collector:4318"', {}, r"otel\.endpoint"),
        ("[records]\ndays = 0", {}, r"records\.days"),
    ],
)
async def test_a_setting_that_cannot_work_is_refused_at_the_start(
    tmp_path: Path, settings: str, environment: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as hit:
        async with on_stage(tmp_path, settings=settings, environment=environment):
            pass
    assert "4711" not in str(hit.value)
