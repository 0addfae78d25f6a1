"""The official SDKs, unmodified, talk to the simulated provider as to their own vendor."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import openai
import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic import BaseModel

from manymind.server.simulated import Simulated, fingerprint
from tests.server.simulating import PARAMETERS, PIXEL
from tests.world import serving

KEY = "sk-simulated"


class Words(BaseModel):
    words: str
    count: int


@asynccontextmanager
async def clients(
    simulated: Simulated | None = None, key: str = KEY
) -> AsyncGenerator[tuple[AsyncOpenAI, AsyncAnthropic]]:
    async with (
        serving(simulated or Simulated(key=KEY)) as url,
        AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as of_openai,
        AsyncAnthropic(base_url=url, api_key=key, max_retries=0) as of_anthropic,
    ):
        yield of_openai, of_anthropic


async def test_openai_chats_whole_and_streamed() -> None:
    async with clients() as (client, _):
        asked: list[Any] = [{"role": "user", "content": "2 and 3"}]
        whole = await client.chat.completions.create(model="sim-adder", messages=asked)
        assert whole.choices[0].message.content == "2 + 3 = 5"
        stream = await client.chat.completions.create(
            model="sim-adder",
            messages=asked,
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]
        told = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
        assert told == "2 + 3 = 5"
        assert chunks[-1].usage == whole.usage


async def test_openai_calls_a_tool_and_sends_its_result_on_chat() -> None:
    async with clients() as (client, _):
        tools: list[Any] = [
            {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}
        ]
        said: list[Any] = [{"role": "user", "content": "city: Bergen, 3 days"}]
        first = await client.chat.completions.create(model="sim-caller", messages=said, tools=tools)
        message = first.choices[0].message
        assert first.choices[0].finish_reason == "tool_calls"
        assert message.tool_calls is not None
        call: Any = message.tool_calls[0]
        assert json.loads(call.function.arguments) == {"city": "Bergen", "days": 3}
        result = {"role": "tool", "tool_call_id": call.id, "content": "It rains."}
        said += [message.model_dump(exclude_none=True), result]
        second = await client.chat.completions.create(
            model="sim-caller", messages=said, tools=tools
        )
        assert second.choices[0].message.content == "It rains."


async def test_openai_parses_into_a_class_on_both_paths() -> None:
    async with clients() as (client, _):
        chat = await client.chat.completions.parse(
            model="sim-json",
            messages=[{"role": "user", "content": "count: 7"}],
            response_format=Words,
        )
        assert chat.choices[0].message.parsed == Words(words="count: 7", count=7)
        response = await client.responses.parse(
            model="sim-json", input="count: 7", text_format=Words
        )
        assert response.output_parsed == Words(words="count: 7", count=7)


async def test_openai_streams_typed_response_events() -> None:
    async with clients() as (client, _):
        async with client.responses.stream(model="sim-thinker", input="one two") as stream:
            kinds = [event.type async for event in stream]
            final = await stream.get_final_response()
        assert kinds[:2] == ["response.created", "response.in_progress"]
        assert "response.reasoning_summary_text.delta" in kinds
        assert kinds[-1] == "response.completed"
        assert final.output_text.startswith("Your message has 2 words")


async def test_openai_carries_encrypted_reasoning_and_a_tool_result_on_responses() -> None:
    async with clients() as (client, _):
        first = await client.responses.create(
            model="sim-thinker", input="one two", include=["reasoning.encrypted_content"]
        )
        asked: Any = {"role": "user", "content": "three"}
        again: list[Any] = [*(item.model_dump() for item in first.output), asked]
        second = await client.responses.create(model="sim-thinker", input=again)
        assert second.status == "completed"
        again[0]["encrypted_content"] = "A" + again[0]["encrypted_content"][1:]
        with pytest.raises(openai.BadRequestError) as refused:
            await client.responses.create(model="sim-thinker", input=again)
        assert refused.value.code == "invalid_encrypted_content"


async def test_anthropic_speaks_whole_and_streamed_with_thoughts() -> None:
    async with clients() as (_, client):
        asked: list[Any] = [{"role": "user", "content": "one two three"}]
        whole = await client.messages.create(model="sim-thinker", max_tokens=100, messages=asked)
        assert [block.type for block in whole.content] == ["thinking", "text"]
        async with client.messages.stream(
            model="sim-thinker", max_tokens=100, messages=asked
        ) as stream:
            final = await stream.get_final_message()
        assert [block.type for block in final.content] == ["thinking", "text"]
        thought: Any = final.content[0]
        assert thought == whole.content[0]
        assert final.stop_reason == "end_turn"
        assert final.usage.output_tokens == whole.usage.output_tokens


async def test_anthropic_is_refused_a_thought_that_was_altered() -> None:
    async with clients() as (_, client):
        asked: Any = {"role": "user", "content": "one two three"}
        first = await client.messages.create(model="sim-thinker", max_tokens=100, messages=[asked])
        blocks: list[Any] = [block.model_dump(exclude_none=True) for block in first.content]
        again: list[Any] = [asked, {"role": "assistant", "content": blocks}, asked]
        second = await client.messages.create(model="sim-thinker", max_tokens=100, messages=again)
        assert second.stop_reason == "end_turn"
        blocks[0]["thinking"] += " I was never here."
        with pytest.raises(anthropic.BadRequestError, match="Invalid `signature`"):
            await client.messages.create(model="sim-thinker", max_tokens=100, messages=again)


async def test_anthropic_calls_a_tool_and_sends_its_result() -> None:
    async with clients() as (_, client):
        tools: list[Any] = [{"name": "weather", "input_schema": PARAMETERS}]
        asked: Any = {"role": "user", "content": "city: Bergen, 3 days"}
        async with client.messages.stream(
            model="sim-caller", max_tokens=100, messages=[asked], tools=tools
        ) as stream:
            first = await stream.get_final_message()
        call: Any = first.content[0]
        assert (first.stop_reason, call.input) == ("tool_use", {"city": "Bergen", "days": 3})
        result: Any = {"type": "tool_result", "tool_use_id": call.id, "content": "It rains."}
        second = await client.messages.create(
            model="sim-caller",
            max_tokens=100,
            tools=tools,
            messages=[
                asked,
                {"role": "assistant", "content": [call.model_dump(exclude_none=True)]},
                {"role": "user", "content": [result]},
            ],
        )
        block: Any = second.content[0]
        assert block.text == "It rains."


async def test_anthropic_sends_a_picture_and_counts_tokens() -> None:
    source: Any = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    said: list[Any] = [{"role": "user", "content": [{"type": "image", "source": source}]}]
    async with clients() as (_, client):
        seen = await client.messages.create(model="sim-vision", max_tokens=100, messages=said)
        block: Any = seen.content[0]
        assert block.text.startswith("image: image/png, 70 bytes")
        counted = await client.messages.count_tokens(model="sim-vision", messages=said)
        assert counted.input_tokens == seen.usage.input_tokens


async def test_a_wrong_key_is_refused_and_no_key_is_kept() -> None:
    simulated = Simulated(key=KEY)
    async with clients(simulated, key="sk-wrong") as (of_openai, of_anthropic):
        with pytest.raises(openai.AuthenticationError):
            await of_openai.responses.create(model="sim-echo", input="x")
        with pytest.raises(anthropic.AuthenticationError):
            await of_anthropic.messages.create(
                model="sim-echo", max_tokens=1, messages=[{"role": "user", "content": "x"}]
            )
    kept = [visit.headers["authorization"] for visit in simulated.visits]
    assert kept == [f"Bearer {fingerprint('sk-wrong')}"] * 2
    assert "sk-wrong" not in repr([visit.headers for visit in simulated.visits])


async def test_faults_reach_the_sdks_as_their_own_exceptions() -> None:
    async with clients() as (of_openai, of_anthropic):
        with pytest.raises(openai.RateLimitError) as limited:
            await of_openai.responses.create(model="sim-echo;fault=429;retry_after=2", input="x")
        assert limited.value.response.headers["retry-after"] == "2"
        with pytest.raises(openai.BadRequestError) as long:
            await of_openai.responses.create(model="sim-echo;window=2", input="a b c")
        assert long.value.code == "context_length_exceeded"
        with pytest.raises(openai.NotFoundError) as unknown:
            await of_openai.responses.create(model="gpt-nine", input="x")
        assert unknown.value.code == "model_not_found"
        with pytest.raises(anthropic.APIStatusError, match="overloaded_error"):
            async with of_anthropic.messages.stream(
                model="sim-echo;error=4",
                max_tokens=100,
                messages=[{"role": "user", "content": "a b c d"}],
            ) as stream:
                await stream.get_final_message()


async def test_both_sdks_read_past_fields_and_events_that_nobody_has_heard_of() -> None:
    async with clients() as (of_openai, of_anthropic):
        stream = await of_openai.chat.completions.create(
            model="sim-echo;unknown=1",
            messages=[{"role": "user", "content": "still here"}],
            stream=True,
        )
        said = [choice.delta.content async for chunk in stream for choice in chunk.choices]
        assert "".join(piece or "" for piece in said) == "still here"
        events = await of_openai.responses.create(
            model="sim-echo;unknown=1", input="still here", stream=True
        )
        told = [getattr(event, "delta", None) or "" async for event in events]
        assert "".join(told) == "still here"
        whole = await of_anthropic.messages.create(
            model="sim-echo;unknown=1",
            max_tokens=100,
            messages=[{"role": "user", "content": "still here"}],
        )
        assert whole.model_extra == {"x_unheard_of": {"depth": 1}}
