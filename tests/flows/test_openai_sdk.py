"""The official OpenAI SDK, unmodified, over sockets, with providers of each dialect behind us."""

from collections.abc import AsyncGenerator
from pathlib import Path

import openai
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageFunctionToolCall
from openai.types.responses import ResponseFunctionToolCall
from pydantic import BaseModel

from tests.flows.forms import PIXEL, chat_weather, given, turns, user, weather
from tests.flows.stage import KEY, on_stage

PROVIDERS = ["openai", "anthropic", "gemini", "openrouter", "vllm", "xai"]


class Fact(BaseModel):
    name: str
    count: int


@pytest.fixture
async def client(tmp_path: Path) -> AsyncGenerator[AsyncOpenAI]:
    async with (
        on_stage(tmp_path) as stage,
        AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as client,
    ):
        yield client


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_chat_whole_and_streamed(client: AsyncOpenAI, provider: str) -> None:
    model, messages = f"{provider}/sim-echo", turns(user("One two three"))
    whole = await client.chat.completions.create(model=model, messages=messages)
    assert whole.choices[0].message.content == "One two three"
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage is not None
    assert whole.usage.total_tokens > 0
    pieces: list[str] = []
    usage = None
    stream = await client.chat.completions.create(
        model=model, messages=messages, stream=True, stream_options={"include_usage": True}
    )
    async for chunk in stream:
        usage = chunk.usage or usage
        pieces += [choice.delta.content or "" for choice in chunk.choices]
    assert "".join(pieces) == "One two three"
    assert usage is not None
    assert usage.prompt_tokens == whole.usage.prompt_tokens


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_responses_whole_and_streamed(client: AsyncOpenAI, provider: str) -> None:
    model = f"{provider}/sim-echo"
    whole = await client.responses.create(model=model, input="One two three")
    assert whole.output_text == "One two three"
    async with client.responses.stream(model=model, input="One two three") as stream:
        kinds = [event.type async for event in stream]
        final = await stream.get_final_response()
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert final.output_text == "One two three"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_tool_round_trips(client: AsyncOpenAI, provider: str) -> None:
    model, asked = f"{provider}/sim-caller", user("What is the weather in Oslo?")
    first = await client.chat.completions.create(
        model=model, messages=turns(asked), tools=chat_weather()
    )
    assert first.choices[0].finish_reason == "tool_calls"
    call = (first.choices[0].message.tool_calls or [])[0]
    assert isinstance(call, ChatCompletionMessageFunctionToolCall)
    assert call.function.name == "weather"
    back = {"role": "tool", "tool_call_id": call.id, "content": "Sunny, 21 degrees"}
    second = await client.chat.completions.create(
        model=model,
        messages=turns(asked, first.choices[0].message, back),
        tools=chat_weather(),
    )
    assert "Sunny, 21 degrees" in (second.choices[0].message.content or "")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_tool_round_trips_on_responses(client: AsyncOpenAI, provider: str) -> None:
    model, asked = f"{provider}/sim-caller", user("What is the weather in Oslo?")
    first = await client.responses.create(model=model, input=given(asked), tools=weather())
    call = next(item for item in first.output if item.type == "function_call")
    assert isinstance(call, ResponseFunctionToolCall)
    back = {"type": "function_call_output", "call_id": call.call_id, "output": "Sunny, 21 degrees"}
    second = await client.responses.create(
        model=model, input=given(asked, *first.output, back), tools=weather()
    )
    assert "Sunny, 21 degrees" in second.output_text


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_answers_are_parsed_into_a_class(client: AsyncOpenAI, provider: str) -> None:
    model = f"{provider}/sim-json"
    chat = await client.chat.completions.parse(
        model=model, messages=turns(user("There are 7 lamps")), response_format=Fact
    )
    assert isinstance(chat.choices[0].message.parsed, Fact)
    responses = await client.responses.parse(model=model, input="7 lamps", text_format=Fact)
    assert isinstance(responses.output_parsed, Fact)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_images_reach_the_model(client: AsyncOpenAI, provider: str) -> None:
    url = f"data:image/png;base64,{PIXEL}"
    image = {"type": "image_url", "image_url": {"url": url}}
    heard = await client.chat.completions.create(
        model=f"{provider}/sim-vision",
        messages=turns(user([{"type": "text", "text": "What is this?"}, image])),
    )
    assert "image/png" in (heard.choices[0].message.content or "")


async def test_reasoning_goes_back_as_it_came(client: AsyncOpenAI) -> None:
    first = await client.responses.create(
        model="openai/sim-thinker",
        input="Think",
        reasoning={"effort": "high", "summary": "auto"},
        include=["reasoning.encrypted_content"],
    )
    thought = next(item for item in first.output if item.type == "reasoning")
    assert thought.encrypted_content
    again = await client.responses.create(
        model="openai/sim-thinker",
        input=given(user("Think"), *first.output, user("on")),
        include=["reasoning.encrypted_content"],
    )
    assert again.status == "completed"


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("openai/sim-echo;fault=429;retry_after=1;times=9", openai.RateLimitError),
        ("openai/sim-echo;fault=500;times=9", openai.InternalServerError),
        ("openai/sim-echo;window=1", openai.BadRequestError),
        ("nobody/nothing", openai.NotFoundError),
    ],
)
async def test_errors_are_those_of_the_sdk(
    client: AsyncOpenAI, model: str, kind: type[openai.APIStatusError]
) -> None:
    with pytest.raises(kind) as chat:
        await client.chat.completions.create(model=model, messages=turns(user("One two three")))
    with pytest.raises(kind):
        await client.responses.create(model=model, input="One two three", stream=True)
    assert chat.value.request_id
    assert KEY not in str(chat.value.body)
