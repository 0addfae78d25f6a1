"""Secrets that are planted on the way in come out nowhere: no log, no refusal, no header."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from manymind.server.simulated import Simulated
from tests.faults.fronts import FRONTS, Front, Heard, post
from tests.faults.program import program
from tests.faults.stage import UPSTREAMS, facing, model
from tests.flows.stage import KEY
from tests.world import serving

CALLER, PROMPT, HEADER, PATH, QUERY = (
    "mm-canary-caller-55",
    "canary-prompt-93",
    "canary-header-12",
    "canary-path-77",
    "canary-query-31",
)
PLANTED = (KEY, CALLER, PROMPT, HEADER, PATH, QUERY)

MISHAPS = (
    "fault=400",
    "fault=401",
    "fault=429;retry_after=31",
    "fault=500;retry_after=0",
    "window=1",
    "html",
    "redirect=/canary",
    "malformed=1",
    "cut=0",
    "cut=8",
    "malformed=8",
    "error=8",
    "unfinished=8",
)
PATHS = (
    f"/v1/{PATH}",
    f"/{PATH}/v1/chat/completions",
    f"/client/v4/accounts/{PATH}/ai/v1/responses",
    f"/client/v4/accounts/{PATH}/ai/run",
    f"/client/v4/accounts/{PATH}/ai/v1/{PATH}",
)
HEADERS = {"authorization": f"Bearer {CALLER}", "x-canary": HEADER, "cookie": HEADER}


def found(text: str, *allowed: str) -> list[str]:
    return [canary for canary in PLANTED if canary in text and canary not in allowed]


def all_of(heard: Heard) -> str:
    return f"{heard.headers} {heard.body.decode()}"


@pytest.mark.matrix(keep=6)
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("front", FRONTS)
async def test_no_canary_is_in_a_log_or_a_refusal(
    tmp_path: Path, front: str, upstream: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    face = FRONTS[front]
    async with facing(tmp_path, upstream, environment={"MANYMIND_API_KEY": CALLER}) as stage:
        mishaps = [(model(upstream, m), stream) for m in MISHAPS for stream in (False, True)]
        asked = [probe(face, stage.url, named, stream=stream) for named, stream in mishaps]
        for heard in await asyncio.gather(*asked):
            # A stream may have said some of the prompt before it broke.
            assert found(all_of(heard), PROMPT if heard.status == 200 else "") == []
        answered = await probe(face, stage.url, model(upstream, ""), stream=False)
        assert found(all_of(answered)) == [PROMPT], "the echo says it, and only that"
        wrong = {"x-api-key": HEADER}
        stranger = await probe(face, stage.url, "x/y", stream=False, headers=wrong)
        assert stranger.status == 401
        assert found(all_of(stranger)) == []
    assert "manymind.server" in caplog.text
    assert found(caplog.text) == []
    assert found(" ".join(str(record.__dict__) for record in caplog.records)) == []


async def test_no_canary_of_a_path_is_in_a_log_or_a_refusal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with facing(tmp_path, "vllm", environment={"MANYMIND_API_KEY": CALLER}) as stage:
        for path in PATHS:
            body = FRONTS["responses"].body("nobody/nothing", stream=False)
            heard = await post(f"{stage.url}{path}?{QUERY}", prompted(body), HEADERS)
            assert heard.status == 404
            assert found(all_of(heard)) == []
    assert "POST /… 404" in caplog.text
    assert "/client/v4/accounts/…/ai/run" in caplog.text
    assert found(caplog.text) == []


async def test_a_key_in_the_query_of_googles_paths_is_in_no_log_and_no_refusal(
    tmp_path: Path,
) -> None:
    body = {"contents": [{"parts": [{"text": PROMPT}]}]}
    async with serving(Simulated(key=KEY)) as upstream:
        seen = {
            "GEMINI_BASE_URL": f"{upstream}/v1beta",
            "GEMINI_API_KEY": KEY,
            "MANYMIND_API_KEY": CALLER,
        }
        async with program(tmp_path, "--port", "0", "-v", environment=seen) as running:
            url = await running.url()
            for knobs in ("", "fault=401", "fault=400", "malformed=8", "cut=8"):
                place = f"{url}/v1beta/models/{model('gemini', knobs)}"
                for verb in ("generateContent?", "streamGenerateContent?alt=sse&", "countTokens?"):
                    heard = await post(f"{place}:{verb}key={CALLER}", body)
                    assert heard.status != 401
                    assert found(all_of(heard), PROMPT if heard.status == 200 else "") == []
                    stranger = await post(f"{place}:{verb}key={QUERY}", body)
                    assert stranger.status == 401
                    assert found(all_of(stranger)) == []
            running.process.terminate()
            assert await running.end(10) == 0
            assert ":generateContent" in running.said
            assert found(running.said) == []


async def test_no_canary_is_in_what_the_program_writes(tmp_path: Path) -> None:
    async with serving(Simulated(key=KEY)) as upstream:
        seen = {
            "VLLM_BASE_URL": f"{upstream}/v1",
            "VLLM_API_KEY": KEY,
            "MANYMIND_API_KEY": CALLER,
        }
        async with program(tmp_path, "--port", "0", "-v", environment=seen) as running:
            url = await running.url()
            for knobs in ("", "fault=401", "fault=400", "malformed=8", "cut=8"):
                for front, face in FRONTS.items():
                    await probe(face, url, model("vllm", knobs), stream=front != "chat")
            await post(f"{url}/{PATH}", {}, HEADERS)
            running.process.terminate()
            assert await running.end(10) == 0
            assert "/v1/chat/completions" in running.said
            assert found(running.said) == []


async def probe(
    face: Front, url: str, named: str, *, stream: bool, headers: Mapping[str, str] = HEADERS
) -> Heard:
    """One call with all that is planted."""
    path = face.path(named, stream=stream)
    queried = f"{path}{'&' if '?' in path else '?'}canary={QUERY}"
    return await post(url + queried, prompted(face.body(named, stream=stream)), headers)


def prompted(body: dict[str, object]) -> dict[str, object]:
    """The same question, with the planted word first."""
    if "input" in body:
        return {**body, "input": f"{PROMPT} {body['input']}"}
    words = f"{PROMPT} one two three four five six seven eight nine"
    if "contents" in body:
        return {**body, "contents": [{"role": "user", "parts": [{"text": words}]}]}
    return {**body, "messages": [{"role": "user", "content": words}]}
