"""The official Anthropic SDK, unmodified, over sockets, with each dialect behind us."""

from collections.abc import AsyncGenerator
from pathlib import Path

import anthropic
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import MessageParam, ToolParam, ToolUseBlock
from pydantic import BaseModel

from tests.flows.forms import PIXEL, WEATHER
from tests.flows.stage import KEY, on_stage

PROVIDERS = ["anthropic", "gemini", "openai", "openrouter", "vllm", "xai"]
TOOL: ToolParam = {"name": "weather", "description": "The weather", "input_schema": {**WEATHER}}


class Fact(BaseModel):
    name: str
    count: int


@pytest.fixture
async def client(tmp_path: Path) -> AsyncGenerator[AsyncAnthropic]:
    async with (
        on_stage(tmp_path) as stage,
        AsyncAnthropic(base_url=stage.url, api_key="none", max_retries=0) as client,
    ):
        yield client


def user(content: str) -> MessageParam:
    return {"role": "user", "content": content}


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_messages_whole_and_streamed(client: AsyncAnthropic, provider: str) -> None:
    model = f"{provider}/sim-echo"
    whole = await client.messages.create(
        model=model, max_tokens=100, system="Be brief.", messages=[user("One two three")]
    )
    assert [block.text for block in whole.content if block.type == "text"] == ["One two three"]
    assert whole.stop_reason == "end_turn"
    assert whole.usage.output_tokens > 0
    async with client.messages.stream(
        model=model, max_tokens=100, system="Be brief.", messages=[user("One two three")]
    ) as stream:
        kinds = [event.type async for event in stream]
        final = await stream.get_final_message()
    assert kinds[0] == "message_start"
    assert kinds[-1] == "message_stop"
    assert final.content[0].type == "text"
    assert final.usage.input_tokens == whole.usage.input_tokens


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_tool_round_trips(client: AsyncAnthropic, provider: str) -> None:
    model, asked = f"{provider}/sim-caller", user("What is the weather in Oslo?")
    first = await client.messages.create(
        model=model, max_tokens=500, messages=[asked], tools=[TOOL]
    )
    assert first.stop_reason == "tool_use"
    call = next(block for block in first.content if isinstance(block, ToolUseBlock))
    assert call.name == "weather"
    assert isinstance(call.input, dict)
    second = await client.messages.create(
        model=model,
        max_tokens=500,
        tools=[TOOL],
        messages=[
            asked,
            {"role": "assistant", "content": first.content},
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": call.id,
                        "content": "Sunny, 21 degrees",
                    }
                ],
            },
        ],
    )
    assert any("Sunny, 21" in block.text for block in second.content if block.type == "text")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_answers_are_parsed_into_a_class(client: AsyncAnthropic, provider: str) -> None:
    heard = await client.messages.parse(
        model=f"{provider}/sim-json",
        max_tokens=500,
        messages=[user("There are 7 lamps")],
        output_format=Fact,
    )
    assert isinstance(heard.parsed_output, Fact)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_images_reach_the_model(client: AsyncAnthropic, provider: str) -> None:
    heard = await client.messages.create(
        model=f"{provider}/sim-vision",
        max_tokens=500,
        messages=[
            {
                "role": "user",
                "content": [
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
                    },
                    {"type": "text", "text": "What is this?"},
                ],
            }
        ],
    )
    assert any("image/png" in block.text for block in heard.content if block.type == "text")


async def test_thinking_goes_back_with_its_signature(client: AsyncAnthropic) -> None:
    model, asked = "anthropic/sim-thinker", user("Think")
    first = await client.messages.create(
        model=model,
        max_tokens=5000,
        messages=[asked],
        thinking={"type": "enabled", "budget_tokens": 1024},
    )
    thought = next(block for block in first.content if block.type == "thinking")
    assert thought.signature
    turns: list[MessageParam] = [asked, {"role": "assistant", "content": first.content}, asked]
    again = await client.messages.create(
        model=model,
        max_tokens=5000,
        messages=turns,
        thinking={"type": "enabled", "budget_tokens": 1024},
    )
    assert again.stop_reason == "end_turn"
    forged = thought.model_copy(update={"thinking": thought.thinking + "!"})
    turns[1] = {"role": "assistant", "content": [forged, *first.content[1:]]}
    with pytest.raises(anthropic.BadRequestError):
        await client.messages.create(
            model=model,
            max_tokens=5000,
            messages=turns,
            thinking={"type": "enabled", "budget_tokens": 1024},
        )


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("anthropic/sim-echo;fault=429;retry_after=1;times=9", anthropic.RateLimitError),
        ("anthropic/sim-echo;fault=500;times=9", anthropic.InternalServerError),
        ("openai/sim-echo;window=1", anthropic.BadRequestError),
        ("nobody/nothing", anthropic.NotFoundError),
    ],
)
async def test_errors_are_those_of_the_sdk(
    client: AsyncAnthropic, model: str, kind: type[anthropic.APIStatusError]
) -> None:
    with pytest.raises(kind) as fault:
        await client.messages.create(model=model, max_tokens=9, messages=[user("One two three")])
    assert fault.value.request_id
    assert KEY not in str(fault.value.body)


async def test_models_are_listed(client: AsyncAnthropic) -> None:
    listed = await client.models.list(limit=1000)
    assert "manymind/multi-agent" in [model.id for model in listed.data]
