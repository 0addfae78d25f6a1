"""Google's own SDK, unmodified, talks to the simulated provider as to Google."""

from base64 import b64decode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from manymind.server.simulated import Simulated, fingerprint
from tests.server.simulating import PARAMETERS, PIXEL, Client, Json, simulating
from tests.world import serving

KEY = "sk-simulated"
WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(name="weather", parameters_json_schema=PARAMETERS)
    ]
)


@asynccontextmanager
async def google(simulated: Simulated | None = None, key: str = KEY) -> AsyncGenerator[Any]:
    async with serving(simulated or Simulated(key=KEY)) as url:
        options = types.HttpOptions(base_url=url)
        client = genai.Client(api_key=key, http_options=options, vertexai=False)
        yield client.aio.models
        await client.aio.aclose()


def asked(text: str, **more: Any) -> Json:
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **more}


async def ask(client: Client, model: str, sent: Json, *, stream: bool = False) -> Any:
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return await client.post(f"/v1beta/models/{model}:{method}", sent)


async def test_google_asks_whole_and_streamed() -> None:
    async with google() as models:
        whole = await models.generate_content(model="sim-adder", contents="2 and 3")
        assert whole.text == "2 + 3 = 5"
        assert whole.candidates[0].finish_reason == types.FinishReason.STOP
        stream = await models.generate_content_stream(model="sim-adder", contents="2 and 3")
        chunks = [chunk async for chunk in stream]
        assert "".join(chunk.text or "" for chunk in chunks) == "2 + 3 = 5"
        assert chunks[-1].usage_metadata == whole.usage_metadata
        assert len({chunk.response_id for chunk in chunks}) == 1


async def test_google_calls_a_function_and_sends_its_result() -> None:
    async with google() as models:
        config = types.GenerateContentConfig(
            tools=[WEATHER],
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        )
        said = types.Content(role="user", parts=[types.Part(text="Bern for 3 days")])
        first = await models.generate_content(model="sim-caller", contents=[said], config=config)
        call = first.function_calls[0]
        assert call.name == "weather" and call.args["days"] == 3
        result = types.FunctionResponse(id=call.id, name=call.name, response={"output": "rain"})
        history = [
            said,
            first.candidates[0].content,
            types.Content(role="user", parts=[types.Part(function_response=result)]),
        ]
        second = await models.generate_content(model="sim-caller", contents=history, config=config)
        assert second.text == "rain"


async def test_thoughts_are_shown_if_asked_for_and_counted_beside_the_answer() -> None:
    async with google() as models:
        thinking = types.ThinkingConfig(include_thoughts=True)
        config = types.GenerateContentConfig(thinking_config=thinking)
        shown = await models.generate_content(
            model="sim-thinker", contents="one two", config=config
        )
        parts = shown.candidates[0].content.parts
        assert [part.thought for part in parts] == [True, None]
        usage = shown.usage_metadata
        assert usage.thoughts_token_count > 0
        told = usage.candidates_token_count + usage.thoughts_token_count
        assert usage.total_token_count == usage.prompt_token_count + told
        hidden = await models.generate_content(model="sim-thinker", contents="one two")
        assert len(hidden.candidates[0].content.parts) == 1


async def test_a_schema_a_picture_a_cap_and_a_refusal_come_as_google_has_them() -> None:
    async with google() as models:
        schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
        config = types.GenerateContentConfig(
            response_mime_type="application/json", response_json_schema=schema
        )
        filled = await models.generate_content(model="sim-json", contents="it is 7", config=config)
        assert filled.text == '{"n":7}'
        picture = types.Part(inline_data=types.Blob(mime_type="image/png", data=b64decode(PIXEL)))
        seen = await models.generate_content(model="sim-vision", contents=[picture])
        assert seen.text.startswith("image: image/png")
        short = types.GenerateContentConfig(max_output_tokens=1)
        cut = await models.generate_content(model="sim-echo", contents="a b c", config=short)
        assert cut.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS
        refused = await models.generate_content(model="sim-refuser", contents="x")
        assert refused.candidates[0].finish_reason == types.FinishReason.SAFETY
        counted = await models.count_tokens(model="sim-echo", contents="one two three")
        assert counted.total_tokens == 3


async def test_models_are_listed_as_google_does() -> None:
    async with google() as models:
        names = [model.name async for model in await models.list()]
        assert "models/sim-echo" in names


async def test_a_wrong_key_and_none_are_refused_and_no_key_is_kept() -> None:
    simulated = Simulated(key=KEY)
    async with google(simulated, "wrong") as models:
        with pytest.raises(errors.ClientError) as caught:
            await models.generate_content(model="sim-echo", contents="x")
        assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    assert simulated.visits[0].headers["x-goog-api-key"] == fingerprint("wrong")
    async with simulating(Simulated(key=KEY)) as client:
        came = await ask(client, "sim-echo", asked("x"))
        assert (came.status, came.json["error"]["status"]) == (403, "PERMISSION_DENIED")


REFUSED: list[tuple[Json, str]] = [
    ({}, "contents"),
    ({"contents": []}, "contents"),
    (asked("x", surprise=1), "surprise"),
    (asked("x", generationconfig={}), "generationconfig"),
    (asked("x", generationConfig={"temperature": 3}), "temperature"),
    (asked("x", generationConfig={"responseSchema": {"type": "STRING"}}), "schema"),
    ({"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}, "role"),
    ({"contents": [{"role": "user", "parts": [{}]}]}, "oneof"),
    (
        {
            "contents": [
                {"role": "model", "parts": [{"functionCall": {"name": "f"}}]},
                {"role": "user", "parts": [{"text": "x"}]},
            ]
        },
        "function response parts",
    ),
]


@pytest.mark.parametrize(("sent", "word"), REFUSED)
async def test_what_google_refuses_is_refused(sent: Json, word: str) -> None:
    async with simulating() as client:
        came = await ask(client, "sim-echo", sent)
        assert (came.status, came.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
        assert word in came.json["error"]["message"]


async def test_every_mishap_can_be_asked_for_here_too() -> None:
    async with simulating() as client:
        refused = await ask(client, "sim-echo;fault=429;retry_after=2", asked("x"))
        assert (refused.status, refused.headers["retry-after"]) == (429, "2")
        assert refused.json["error"]["status"] == "RESOURCE_EXHAUSTED"
        gone = await ask(client, "nobody", asked("x"))
        assert (gone.status, gone.json["error"]["status"]) == (404, "NOT_FOUND")
        broken = await ask(client, "sim-echo;error=1", asked("a b c"), stream=True)
        assert broken.events[-1]["error"]["code"] == 503
        early = await ask(client, "sim-echo;unfinished=2", asked("a b c"), stream=True)
        assert not any("finishReason" in str(event) for event in early.events)
        spoilt = await ask(client, "sim-echo;malformed=1", asked("a b c"))
        with pytest.raises(ValueError, match="JSON"):
            _ = spoilt.json
        planted = await ask(client, "sim-echo;unknown=1", asked("a b c"), stream=True)
        assert all("x_unheard_of" in event for event in planted.events)
        assert any("surprise" in event for event in planted.events)
        silent = await ask(client, "sim-echo;usage=0", asked("a"))
        assert "usageMetadata" not in silent.json
        empty = await ask(client, "sim-echo;empty=1", asked("a"))
        assert "parts" not in empty.json["candidates"][0]["content"]
        long = await ask(client, "sim-echo;window=1", asked("a b c"))
        assert "exceeds the maximum" in long.json["error"]["message"]
        claimed = await ask(client, "sim-echo;input_tokens=9;cached=4;output_tokens=5", asked("a"))
        usage = claimed.json["usageMetadata"]
        assert (usage["promptTokenCount"], usage["cachedContentTokenCount"]) == (9, 4)
        assert usage["candidatesTokenCount"] == 5
