"""Whatever the simulated provider says has the shape that the vendor's own SDK describes."""

from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from anthropic.types import Message, MessageTokensCount, ModelInfo, RawMessageStreamEvent
from anthropic.types.shared import ErrorResponse
from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from manymind.providers.forms import is_list, is_object
from tests.server.simulating import PIXEL, Client, Json, body, simulating, text_of, tool

WHOLE: dict[str, TypeAdapter[Any]] = {
    "chat": TypeAdapter(ChatCompletion),
    "responses": TypeAdapter(Response),
    "messages": TypeAdapter(Message),
}
STREAMED: dict[str, TypeAdapter[Any]] = {
    "chat": TypeAdapter(ChatCompletionChunk),
    "responses": TypeAdapter(ResponseStreamEvent),
    "messages": TypeAdapter(RawMessageStreamEvent),
}
HOUSES = tuple(WHOLE)
SCHEMA: Json = {
    "type": "object",
    "properties": {"words": {"type": "string"}, "count": {"type": "integer"}},
    "required": ["words", "count"],
    "additionalProperties": False,
}
BEYOND = {"reasoning_content", "store", "frequency_penalty", "presence_penalty"}
"""What vendors send though their SDK's types do not name it."""


def strangers(value: object, path: str = "") -> Iterator[str]:
    """The fields that the SDK's types do not know."""
    if isinstance(value, BaseModel):
        for name in value.model_extra or {}:
            if name not in BEYOND:
                yield f"{path}.{name}"
        for name in type(value).model_fields:
            yield from strangers(getattr(value, name), f"{path}.{name}")
    if is_list(value):
        for place, item in enumerate(value):
            yield from strangers(item, f"{path}[{place}]")


def checked(adapter: TypeAdapter[Any], data: Json) -> Any:
    value = adapter.validate_python(data)
    assert list(strangers(value)) == []
    return value


def formatted(house: str) -> Json:
    if house == "chat":
        schema = {"name": "words", "schema": SCHEMA, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    form: Json = {"type": "json_schema", "schema": SCHEMA}
    if house == "responses":
        return {"text": {"format": form | {"name": "words", "strict": True}}}
    return {"output_config": {"format": form}}


def pictured(house: str) -> Json:
    data = f"data:image/png;base64,{PIXEL}"
    if house == "chat":
        part: Json = {"type": "image_url", "image_url": {"url": data}}
        return {"messages": [{"role": "user", "content": [part]}]}
    if house == "responses":
        return {
            "input": [{"role": "user", "content": [{"type": "input_image", "image_url": data}]}]
        }
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    return {"messages": [{"role": "user", "content": [{"type": "image", "source": source}]}]}


def capped(house: str) -> Json:
    return {{"chat": "max_tokens", "responses": "max_output_tokens"}.get(house, "max_tokens"): 3}


def cases(house: str) -> Iterator[tuple[str, Json]]:
    """Each model, with what it is there for."""
    yield "sim-echo", {}
    yield "sim-adder", {}
    yield "sim-caller", {"tools": [tool(house)]}
    yield "sim-json", formatted(house)
    yield "sim-researcher", {"tools": [tool(house)]}
    yield "sim-thinker", {"include": ["reasoning.encrypted_content"]}
    yield "sim-vision", pictured(house)
    yield "sim-refuser", {}
    yield "sim-echo;empty=1", {}
    yield "sim-echo;chunk=5;cached=1", {}
    yield "sim-echo;input_tokens=200000;output_tokens=7", {}
    yield "sim-echo", capped(house)
    yield "sim-thinker;redacted=1", {}
    yield "sim-thinker;same_ids=1", {}


async def replies(client: Client, house: str, model: str, fields: Json) -> tuple[Json, list[Json]]:
    whole = await client.ask(house, model, "Two words and 3 more are here", **fields)
    assert whole.status == 200, whole.data
    if house == "chat":
        fields = fields | {"stream_options": {"include_usage": True}}
    streamed = await client.ask(
        house, model, "Two words and 3 more are here", stream=True, **fields
    )
    assert streamed.status == 200, streamed.data
    return whole.json, streamed.events


@pytest.mark.parametrize("house", HOUSES)
async def test_every_reply_and_event_has_the_shape_of_the_vendors_sdk(house: str) -> None:
    async with simulating() as client:
        for model, fields in cases(house):
            whole, events = await replies(client, house, model, fields)
            checked(WHOLE[house], whole)
            assert len(events) > 2
            for event in events:
                if event.get("type") != "ping":
                    checked(STREAMED[house], event)


async def test_a_streamed_response_ends_in_what_the_whole_one_says() -> None:
    async with simulating() as client:
        for model, fields in cases("responses"):
            whole, events = await replies(client, "responses", model, fields)
            assert [event["sequence_number"] for event in events] == list(range(len(events)))
            assert anonymous(events[-1]["response"]) == anonymous(whole)
            done = [e["item"] for e in events if e["type"] == "response.output_item.done"]
            assert done == events[-1]["response"]["output"]


async def test_streamed_chat_pieces_make_the_whole_message() -> None:
    async with simulating() as client:
        for model, fields in cases("chat"):
            whole, events = await replies(client, "chat", model, fields)
            message = whole["choices"][0]["message"]
            deltas = [event["choices"][0]["delta"] for event in events if event["choices"]]
            for field in ("content", "refusal", "reasoning_content"):
                told = "".join(delta.get(field) or "" for delta in deltas)
                assert told == (message.get(field) or "")
            calls = [call for delta in deltas for call in delta.get("tool_calls", [])]
            written = "".join(call["function"]["arguments"] for call in calls)
            expected = message.get("tool_calls", [])
            assert written == "".join(call["function"]["arguments"] for call in expected)
            assert events[-1]["usage"] == whole["usage"]


async def test_streamed_message_blocks_are_numbered_and_never_nested() -> None:
    async with simulating() as client:
        for model, fields in cases("messages"):
            whole, events = await replies(client, "messages", model, fields)
            kinds = [(e["type"], e["index"]) for e in events if "index" in e]
            bounds = [kind for kind in kinds if kind[0] != "content_block_delta"]
            assert bounds == [
                (kind, index)
                for index in range(len(whole["content"]))
                for kind in ("content_block_start", "content_block_stop")
            ]
            assert events[-1] == {"type": "message_stop"}
            assert events[-2]["delta"]["stop_reason"] == whole["stop_reason"]


def anonymous(value: object) -> object:
    """The same JSON without ids and times."""
    if is_list(value):
        return [anonymous(item) for item in value]
    if not is_object(value):
        return value
    times = ("id", "created_at", "completed_at")
    return {name: anonymous(inner) for name, inner in value.items() if name not in times}


@pytest.mark.parametrize("house", HOUSES)
async def test_the_models_say_what_they_compute(house: str) -> None:
    pixel = b64decode(PIXEL)
    digest = sha256(pixel).hexdigest()[:16]
    async with simulating() as client:
        echo = await client.ask(house, "sim-echo", "Say this again")
        assert text_of(house, echo.json) == "Say this again"
        added = await client.ask(house, "sim-adder", "2 and 40")
        assert text_of(house, added.json) == "2 + 40 = 42"
        seen = await client.ask(house, "sim-vision", **pictured(house))
        assert text_of(house, seen.json) == f"image: image/png, {len(pixel)} bytes, sha256 {digest}"
        filled = await client.ask(house, "sim-json", "count: 7", **formatted(house))
        assert text_of(house, filled.json) == '{"words":"count: 7","count":7}'


async def test_errors_have_the_shape_of_the_vendor() -> None:
    async with simulating() as client:
        for status in (400, 401, 402, 403, 404, 413, 429, 500, 503, 529):
            for house in HOUSES:
                came = await client.ask(house, f"sim-echo;fault={status}")
                assert came.status == status
                if house == "messages":
                    if status != 413:
                        TypeAdapter(ErrorResponse).validate_python(came.json)
                    assert came.headers["request-id"] == came.json["request_id"]
                else:
                    assert set(came.json["error"]) == {"message", "type", "param", "code"}
                    assert came.headers["x-request-id"].startswith("req_")


async def test_models_are_listed_as_each_vendor_does() -> None:
    async with simulating() as client:
        openai = (await client.get("/v1/models")).json
        assert {"sim-echo", "sim-thinker"} <= {model["id"] for model in openai["data"]}
        for model in openai["data"]:
            checked(TypeAdapter(Model), model)
        version = {"anthropic-version": "2023-06-01"}
        anthropic = (await client.get("/v1/models", **version)).json
        for model in anthropic["data"]:
            checked(TypeAdapter(ModelInfo), model)
        one = (await client.get("/v1/models/sim-echo")).json
        assert one in openai["data"]
        tags = (await client.get("/api/tags")).json
        assert [model["name"] for model in tags["models"]] == [m["id"] for m in openai["data"]]


async def test_tokens_are_counted_where_the_vendors_count_them() -> None:
    async with simulating() as client:
        sent = body("messages", "sim-echo", "three words here")
        del sent["max_tokens"]
        counted = await client.post("/v1/messages/count_tokens", sent)
        assert checked(TypeAdapter(MessageTokensCount), counted.json).input_tokens == 3
        sent = body("responses", "sim-echo", "three words here")
        counted = await client.post("/v1/responses/input_tokens", sent)
        assert counted.json == {"object": "response.input_tokens", "input_tokens": 3}


async def test_xai_and_openrouter_tell_what_a_call_cost() -> None:
    knobs = "input_tokens=11014;cached=8448;output_tokens=3159"
    async with simulating() as client:
        xai = (await client.ask("responses", f"sim-echo;house=xai;{knobs}")).json
        assert xai["usage"]["cost_in_usd_ticks"] == 127_946_000
        assert xai["output"][0]["id"] == f"msg_{xai['id']}"
        router = (await client.ask("chat", f"sim-echo;house=openrouter;{knobs}")).json
        assert router["usage"]["cost"] == 0.0127946
        streamed = await client.ask("chat", f"sim-echo;house=openrouter;{knobs}", stream=True)
        assert streamed.events[-1]["usage"] == router["usage"]
