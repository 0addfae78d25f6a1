"""Google's official SDK, unmodified, over sockets, with other dialects behind us."""

from base64 import b64decode
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest
from google.genai.errors import ClientError
from google.genai.types import (
    Content,
    FinishReason,
    FunctionDeclaration,
    GenerateContentConfig,
    GenerateContentResponse,
    ListModelsConfig,
    Part,
    ThinkingConfig,
    Tool,
)
from pydantic import BaseModel

from tests.flows.forms import PIXEL, WEATHER
from tests.flows.googles import Models, googles
from tests.flows.stage import on_stage

PROVIDERS = ["anthropic", "gemini", "openai", "openrouter", "vllm", "xai"]
TOOL = Tool(
    function_declarations=[
        FunctionDeclaration(
            name="weather", description="The weather", parameters_json_schema={**WEATHER}
        )
    ]
)


class Fact(BaseModel):
    name: str
    count: int


@pytest.fixture
async def models(tmp_path: Path) -> AsyncGenerator[Models]:
    async with on_stage(tmp_path) as stage, googles(stage.url) as models:
        yield models


async def heard(stream: AsyncIterator[GenerateContentResponse]) -> list[GenerateContentResponse]:
    return [chunk async for chunk in stream]


def only(reply: GenerateContentResponse) -> Content:
    assert reply.candidates
    content = reply.candidates[0].content
    assert content is not None
    return content


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_generate_content_whole_and_streamed(models: Models, provider: str) -> None:
    model = f"{provider}/sim-echo"
    config = GenerateContentConfig(system_instruction="Be brief.", max_output_tokens=100)
    whole = await models.generate_content(model=model, contents="One two three", config=config)
    assert whole.text == "One two three"
    assert whole.candidates
    assert whole.candidates[0].finish_reason == FinishReason.STOP
    assert whole.usage_metadata is not None
    chunks = await heard(
        await models.generate_content_stream(model=model, contents="One two three", config=config)
    )
    assert "".join(chunk.text or "" for chunk in chunks) == "One two three"
    last = chunks[-1]
    assert last.candidates
    assert last.candidates[0].finish_reason == FinishReason.STOP
    assert last.usage_metadata is not None
    assert last.usage_metadata.prompt_token_count == whole.usage_metadata.prompt_token_count


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_tool_round_trips(models: Models, provider: str) -> None:
    model, asked = f"{provider}/sim-caller", "What is the weather in Oslo?"
    config = GenerateContentConfig(tools=[TOOL], max_output_tokens=100)
    first = await models.generate_content(model=model, contents=asked, config=config)
    assert first.function_calls
    call = first.function_calls[0]
    assert call.name == "weather"
    assert call.args is not None
    result = Part.from_function_response(name="weather", response={"output": "Sunny"})
    assert result.function_response is not None
    result.function_response.id = call.id
    history = [
        Content(role="user", parts=[Part(text=asked)]),
        only(first),
        Content(role="user", parts=[result]),
    ]
    chunks = await heard(
        await models.generate_content_stream(model=model, contents=history, config=config)
    )
    assert "Sunny" in "".join(chunk.text or "" for chunk in chunks)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_structured_output_is_parsed(models: Models, provider: str) -> None:
    config = GenerateContentConfig(
        response_mime_type="application/json", response_schema=Fact, max_output_tokens=100
    )
    reply = await models.generate_content(
        model=f"{provider}/sim-echo", contents='{"name": "cat", "count": 2}', config=config
    )
    assert reply.parsed == Fact(name="cat", count=2)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_images_are_taken(models: Models, provider: str) -> None:
    picture = Part.from_bytes(data=b64decode(PIXEL.rpartition(",")[2]), mime_type="image/png")
    reply = await models.generate_content(
        model=f"{provider}/sim-echo",
        contents=[Content(role="user", parts=[Part(text="A cat?"), picture])],
        config=GenerateContentConfig(max_output_tokens=100),
    )
    assert "A cat?" in (reply.text or "")


@pytest.mark.parametrize("provider", ["anthropic", "gemini", "vllm"])
async def test_thoughts_are_shown_apart(models: Models, provider: str) -> None:
    config = GenerateContentConfig(
        thinking_config=ThinkingConfig(include_thoughts=True), max_output_tokens=2000
    )
    chunks = await heard(
        await models.generate_content_stream(
            model=f"{provider}/sim-thinker", contents="Hard question", config=config
        )
    )
    parts = [
        part for chunk in chunks if chunk.candidates for part in only(chunk).parts or () if part
    ]
    assert "".join(part.text or "" for part in parts if part.thought)
    assert "".join(part.text or "" for part in parts if not part.thought)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_tokens_are_counted(models: Models, provider: str) -> None:
    model = f"{provider}/sim-echo"
    short = await models.count_tokens(model=model, contents="One two three")
    long = await models.count_tokens(model=model, contents="One two three " * 100)
    assert short.total_tokens
    assert long.total_tokens
    assert long.total_tokens > 50 * short.total_tokens / 2


async def test_models_are_listed_page_by_page(models: Models) -> None:
    pager = await models.list(config=ListModelsConfig(page_size=2))
    names = [model.name async for model in pager]
    assert len(names) == len(set(names)) > 2
    assert "models/manymind/multi-agent" in names
    model = await models.get(model="manymind/multi-agent")
    assert model.name == "models/manymind/multi-agent"


async def test_faults_are_in_googles_form(models: Models) -> None:
    with pytest.raises(ClientError) as unknown:
        await models.generate_content(
            model="nobody/none", contents="Hi", config=GenerateContentConfig()
        )
    assert (unknown.value.code, unknown.value.status) == (404, "NOT_FOUND")
    with pytest.raises(ClientError) as wrong:
        await models.generate_content(
            model="vllm/sim-echo", contents="Hi", config=GenerateContentConfig(candidate_count=0)
        )
    assert (wrong.value.code, wrong.value.status) == (400, "INVALID_ARGUMENT")
    assert "generationConfig.candidateCount" in str(wrong.value.message)
