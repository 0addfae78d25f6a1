"""The operator's keys are seen by nobody but their upstream, and a caller's key by us alone."""

import asyncio
import json
import logging
from pathlib import Path

import pytest

from tests.adversary.stage import (
    FRONTS,
    KEY,
    Said,
    Visit,
    chat_reply,
    facing,
    messages_reply,
    replied,
    responses_reply,
    sse,
)

MODELS = ("openai/gpt-5.4-mini", "anthropic/claude-sonnet-4-5", "openrouter/x-ai/grok-4.20")

PLACES = ("message", "param", "code", "type", "metadata", "end of a long message")


def _error(place: str) -> bytes:
    error: dict[str, object] = {"message": "No.", "type": "t", "param": None, "code": "c"}
    match place:
        case "message":
            error["message"] = f"These are your headers: Authorization: Bearer {KEY}"
        case "metadata":
            error["metadata"] = {"raw": KEY, "provider_name": KEY}
        case "end of a long message":
            error["message"] = "x" * 490 + f" {KEY}"
        case _:
            error[place] = KEY
    return json.dumps({"type": "error", "error": error, "request_id": KEY}).encode()


@pytest.mark.parametrize("place", PLACES)
async def test_an_upstream_that_echoes_our_key_in_a_refusal_does_not_show_it_to_callers(
    tmp_path: Path, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    status = 0

    def answers(visit: Visit) -> Said:
        streamed = visit.json.get("stream")
        if streamed and status == 200:
            return Said(body=sse(json.loads(_error(place))))
        told = (("x-request-id", KEY), ("retry-after", KEY), ("location", f"http://evil/{KEY}"))
        return Said(status=status, body=_error(place), headers=told)

    async with facing(tmp_path, answers) as stage:
        for status in (200, 307, 400, 401, 404, 422):
            asked = (
                stage.post(path, {**ask(model), "stream": status == 200})
                for path, ask in FRONTS.values()
                for model in MODELS
            )
            for heard in await asyncio.gather(*asked):
                assert heard.status >= 400
                assert KEY[:12] not in heard.body.decode() + str(heard.headers)
    assert KEY not in caplog.text


async def test_an_upstream_that_echoes_our_key_in_an_answer_does_not_show_it_either(
    tmp_path: Path,
) -> None:
    def answers(visit: Visit) -> bytes:
        seen = dict(visit.headers)
        if visit.path.endswith("/chat/completions"):
            return chat_reply(f"Hello {KEY}", debug=seen)
        if visit.path.endswith("/responses"):
            return responses_reply(f"Hello {KEY}", debug=seen)
        return messages_reply(f"Hello {KEY}", debug=seen)

    async with facing(tmp_path, answers) as stage:
        for path, ask in FRONTS.values():
            for model in MODELS:
                heard = await stage.post(path, ask(model))
                assert heard.status == 200
                assert KEY not in heard.body.decode()


async def test_nothing_that_a_caller_says_in_headers_reaches_an_upstream(tmp_path: Path) -> None:
    async with facing(tmp_path, replied, environment={"MANYMIND_API_KEY": "mm-canary"}) as stage:
        for path, ask in FRONTS.values():
            heard = await stage.post(
                path,
                ask("openai/gpt-5.4-mini"),
                authorization="Bearer mm-canary",
                x_api_key="caller-canary",
                cookie="session=caller-canary",
                openai_organization="caller-canary",
                x_forwarded_for="203.0.113.9",
                anthropic_version="caller-canary",
                anthropic_beta="caller-canary-beta",
            )
            assert heard.status == 200
            sent = str(stage.upstream.visits[-1])
            assert "caller-canary" not in sent
            assert "mm-canary" not in sent
            assert "203.0.113.9" not in sent


HOSTILE_MODELS = (
    "openai/../../v1/files",
    "openai/x?key=1#frag",
    "openai/%2e%2e%2ffiles",
    "openai/x\r\nx-evil: 1",
    "openai/\u0000",
    "openai/\u202egpt",
    "openai//evil.example/v1",
    "openai/http://169.254.169.254/",
    "vllm/../admin",
    "ОpenAI/gpt-5.4-mini",
    "openai",
    "/",
    "",
    "a" * 300,
    "openai/" + "b" * 100_000,
)


@pytest.mark.parametrize("front", FRONTS)
async def test_the_name_of_a_model_never_becomes_a_path_or_a_header(
    tmp_path: Path, front: str
) -> None:
    path, ask = FRONTS[front]
    usual = {"/v1/chat/completions", "/v1/responses", "/v1/messages"}
    async with facing(tmp_path, replied) as stage:
        for model in HOSTILE_MODELS:
            heard = await stage.post(path, ask(model))
            assert heard.status in (200, 400, 404), model
        for visit in stage.upstream.visits:
            assert visit.path in usual
            assert all("evil" not in f"{name}{value}" for name, value in visit.headers)
