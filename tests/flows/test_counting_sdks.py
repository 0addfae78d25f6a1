"""The official SDKs count tokens through us, over sockets, and hear how it was done."""

from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import openai
import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from tests.flows.stage import Stage, on_stage

COUNT_HEADER = "x-manymind-count"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    async with on_stage(tmp_path) as stage:
        yield stage


def of_openai(stage: Stage, path: str = "/v1") -> AsyncOpenAI:
    return AsyncOpenAI(base_url=stage.url + path, api_key="none", max_retries=0)


@pytest.mark.parametrize("path", ["/v1", "/api/v1"])
async def test_openai_counts_exactly_what_is_public(stage: Stage, path: str) -> None:
    async with of_openai(stage, path) as client:
        heard = await client.responses.input_tokens.with_raw_response.count(
            model="openai/gpt-4o", input="hello world"
        )
    counted = heard.parse()
    assert (counted.object, counted.input_tokens) == ("response.input_tokens", 3 + 1 + 2 + 3)
    assert heard.headers[COUNT_HEADER] == "exact"


async def test_a_provider_that_counts_is_asked(stage: Stage) -> None:
    async with of_openai(stage) as client:
        heard = await client.responses.input_tokens.with_raw_response.count(
            model="openai/sim-echo", input="hello world", instructions="Be brief."
        )
    assert heard.headers[COUNT_HEADER] == "provider"
    assert heard.parse().input_tokens > 0
    async with AsyncAnthropic(base_url=stage.url, api_key="none", max_retries=0) as client:
        said = await client.messages.with_raw_response.count_tokens(
            model="anthropic/sim-echo",
            system="Be brief.",
            messages=[{"role": "user", "content": "hello world"}],
        )
    assert said.headers[COUNT_HEADER] == "provider"


@pytest.mark.parametrize("model", ["xai/sim-echo", "manymind/reader", "manymind/multi-agent"])
async def test_anyone_elses_model_gets_an_estimate(stage: Stage, model: str) -> None:
    async with AsyncAnthropic(base_url=stage.url, api_key="none", max_retries=0) as client:
        said = await client.messages.with_raw_response.count_tokens(
            model=model,
            messages=[{"role": "user", "content": "hello world"}],
            tools=[{"name": "weather", "input_schema": {"type": "object", "properties": {}}}],
        )
    assert said.headers[COUNT_HEADER] == "estimate"
    assert (await said.parse()).input_tokens > 5


async def test_what_went_before_is_counted_too(stage: Stage) -> None:
    async with of_openai(stage) as client:
        first = await client.responses.create(model="xai/sim-echo", input="word " * 200)
        alone = await client.responses.input_tokens.count(model="xai/sim-echo", input="And?")
        after = await client.responses.input_tokens.count(
            model="xai/sim-echo", input="And?", previous_response_id=first.id
        )
        assert after.input_tokens > alone.input_tokens + 400
        with pytest.raises(openai.BadRequestError):
            await client.responses.input_tokens.count(
                model="xai/sim-echo", input="And?", previous_response_id="resp_absent"
            )


async def test_a_count_without_a_model_is_an_estimate(stage: Stage) -> None:
    async with of_openai(stage) as client:
        heard = await client.responses.input_tokens.with_raw_response.count(input="hello world")
    assert heard.headers[COUNT_HEADER] == "estimate"


async def test_nothing_and_nobody_are_refused(stage: Stage) -> None:
    async with of_openai(stage) as client:
        with pytest.raises(openai.BadRequestError):
            await client.responses.input_tokens.count(model="openai/gpt-4o")
        with pytest.raises(openai.NotFoundError):
            await client.responses.input_tokens.count(model="manymind/absent", input="hello")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"input": 3}', b'{"messages": "x", "model": "a/b"}', b"\xff"]
)
@pytest.mark.parametrize("path", ["/v1/responses/input_tokens", "/v1/messages/count_tokens"])
async def test_a_body_that_is_none_is_the_callers_fault(
    stage: Stage, path: str, body: bytes
) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            stage.url + path, data=body, headers={"content-type": "application/json"}
        ) as reply,
    ):
        assert reply.status == 400


async def test_eight_megabytes_are_counted(stage: Stage) -> None:
    text = "The lamp at Grey Point was electrified in 1931.\n" * 170_000
    async with of_openai(stage) as client:
        heard = await client.responses.input_tokens.with_raw_response.count(
            model="openai/gpt-4o", input=text
        )
    assert heard.headers[COUNT_HEADER] == "exact"
    assert 2_000_000 < heard.parse().input_tokens < 3_000_000


async def test_estimates_learn_from_answers(stage: Stage) -> None:
    text = "The lamp at Grey Point was electrified in 1931. " * 60
    async with of_openai(stage) as client, aiohttp.ClientSession() as session:
        await client.responses.input_tokens.count(model="xai/sim-echo", input=text)
        await client.responses.create(model="xai/sim-echo", input=text)
        known: list[dict[str, object]] = []
        for _ in range(100):
            async with session.get(f"{stage.url}/api/v1/tokens/drift") as reply:
                known = (await reply.json())["data"]
            if known:
                break
        learnt = await client.responses.input_tokens.count(model="xai/sim-echo", input=text)
        answer = await client.responses.create(model="xai/sim-echo", input=text)
    assert [row["model"] for row in known] == ["xai/sim-echo"]
    assert known[0]["samples"] == 1
    assert answer.usage is not None
    assert answer.usage.input_tokens <= learnt.input_tokens
    assert learnt.input_tokens <= answer.usage.input_tokens * 1.1
