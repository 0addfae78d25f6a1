"""What the Open Responses specification asks of a server, over HTTP and over a socket."""

import asyncio
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError
from openai.types.responses import (
    CompactedResponse,
    Response,
    ResponsesServerEvent,
    ResponseStreamEvent,
)
from pydantic import TypeAdapter

from tests.flows.stage import Stage, on_stage
from tests.server.socketing import Event, Talker, talking

MODELS = (
    "manymind/reader",
    "openai/sim-caller",
    "anthropic/sim-caller",
    "vllm/sim-caller",
)
"""Our own, and one behind each dialect of an upstream."""

SERVER_EVENT: TypeAdapter[Any] = TypeAdapter(ResponsesServerEvent)
STREAM_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)

REQUIRED = frozenset(
    re.findall(
        r"\w+",
        "id object created_at completed_at status incomplete_details model previous_response_id "
        "instructions output error tools tool_choice truncation parallel_tool_calls text top_p "
        "presence_penalty frequency_penalty top_logprobs temperature reasoning usage "
        "max_output_tokens max_tool_calls store background service_tier metadata "
        "safety_identifier prompt_cache_key ",
    )
)
"""What the specification's response object always holds."""

NUMBERS = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "top_logprobs")

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Tells the weather.",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    },
}

DOT = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhg"
    "GAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stage]:
    folder: Path = tmp_path_factory.mktemp("open_responses")
    async with on_stage(folder) as stage:
        yield stage


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    return request.param


def client(stage: Stage) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0)


def message(role: str, content: object, **more: object) -> dict[str, object]:
    return {"type": "message", "role": role, "content": content, **more}


def check(response: Event) -> None:
    """A whole answer, as the specification and the official types have it."""
    assert response.keys() >= REQUIRED
    assert response["status"] == "completed"
    assert all(isinstance(response[name], int | float) for name in NUMBERS)
    assert response["output"]
    Response.model_validate(response)
    for tool in response["tools"]:
        assert tool.keys() >= {"description", "parameters", "strict"}


async def answered(stage: Stage, model: str, given: object, **more: object) -> Event:
    async with client(stage) as openai:
        body = {"model": model, "input": given, **more}
        reply = await openai.post("/responses", cast_to=dict[str, Any], body=body)
    check(reply)
    return reply


def check_turn(events: list[Event]) -> Event:
    """A turn on a socket: known events, numbered without a gap, the last with a whole answer."""
    for event in events:
        SERVER_EVENT.validate_python(event)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["type"] == "response.completed"
    check(events[-1]["response"])
    return events[-1]["response"]


async def turn(talker: Talker, model: str, words: object, **more: object) -> Event:
    await talker.send(model=model, input=words, store=False, **more)
    return check_turn(await talker.rest())


async def refused(talker: Talker, model: str, words: object, previous: str) -> Event:
    """A turn that fails before its first event; what its error says."""
    await talker.send(model=model, input=words, store=False, previous_response_id=previous)
    events = await talker.rest()
    assert [event["type"] for event in events] == ["error"]
    SERVER_EVENT.validate_python(events[0])
    assert events[0]["status"] in (400, 404)
    return events[0]["error"]


async def test_a_plain_question_is_answered(stage: Stage, model: str) -> None:
    await answered(stage, model, [message("user", "Say hello in exactly three words.")])


async def test_what_an_assistant_said_may_be_marked_with_its_phase(
    stage: Stage, model: str
) -> None:
    phases = ("commentary", "final_answer")
    said = [message("assistant", f"This is {phase}.", phase=phase) for phase in phases]
    await answered(stage, model, [*said, message("user", "Go on.")])


async def test_the_phase_of_an_output_comes_back_as_it_was_said(stage: Stage) -> None:
    """Our models have no phases, so that none is made up for them."""
    reply = await answered(stage, "manymind/reader", "Hello")
    said = [item for item in reply["output"] if item["type"] == "message"]
    assert said and all("phase" not in item for item in said)


async def test_a_stream_has_known_events_and_ends_completed(stage: Stage, model: str) -> None:
    async with client(stage) as openai:
        stream = await openai.responses.create(model=model, input="Count to five.", stream=True)
        events = [event.model_dump(mode="json", exclude_unset=True) async for event in stream]
    for event in events:
        STREAM_EVENT.validate_python(event)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["type"] == "response.completed"
    check(events[-1]["response"])


async def test_a_system_message_may_come_first(stage: Stage, model: str) -> None:
    system = message("system", "You are a pirate.")
    await answered(stage, model, [system, message("user", "Say hello.")])


async def test_a_function_that_is_offered_is_called(stage: Stage, model: str) -> None:
    given = [message("user", "What's the weather like in San Francisco?")]
    reply = await answered(stage, model, given, tools=[WEATHER])
    (call,) = [item for item in reply["output"] if item["type"] == "function_call"]
    assert call["name"] == "get_weather"


async def test_a_picture_may_be_shown(stage: Stage, model: str) -> None:
    parts = [{"type": "input_text", "text": "What is this?"}]
    shown = [*parts, {"type": "input_image", "image_url": DOT}]
    await answered(stage, model, [message("user", shown)])


async def test_a_history_may_be_sent_whole(stage: Stage, model: str) -> None:
    history = [
        message("user", "My name is Alice."),
        message("assistant", "Hello Alice!"),
        message("user", "What is my name?"),
    ]
    await answered(stage, model, history)


HISTORY = [
    message("user", "We launch on Tuesday."),
    message("assistant", "Noted: Tuesday."),
]


async def test_a_conversation_is_compacted(stage: Stage, model: str) -> None:
    async with client(stage) as openai:
        reply = await openai.post(
            "/responses/compact",
            cast_to=dict[str, Any],
            body={"model": model, "input": HISTORY},
        )
    assert reply["object"] == "response.compaction"
    assert "compaction" in [item["type"] for item in reply["output"]]
    # The official type knows no user's message there, although its own words promise them.
    sealed = [item for item in reply["output"] if item["type"] == "compaction"]
    CompactedResponse.model_validate({**reply, "output": sealed})


async def test_compacting_without_a_model_is_refused(stage: Stage) -> None:
    async with client(stage) as openai:
        with pytest.raises(BadRequestError):
            await openai.post("/responses/compact", cast_to=object, body={"input": HISTORY})


async def test_a_socket_answers_with_the_events_of_a_stream(stage: Stage, model: str) -> None:
    async with talking(stage.url) as talker:
        await turn(talker, model, "Hello")


async def test_turns_follow_one_another(stage: Stage, model: str) -> None:
    async with talking(stage.url) as talker:
        first = await turn(talker, model, "Reply with: first")
        second = await turn(talker, model, "Reply with: second")
    assert first["id"] != second["id"]


async def test_a_turn_goes_on_from_another(stage: Stage, model: str) -> None:
    async with talking(stage.url) as talker:
        first = await turn(talker, model, "The code word is ember.")
        second = await turn(talker, model, "Which?", previous_response_id=first["id"])
    assert second["previous_response_id"] == first["id"]


async def test_after_a_warm_up_a_turn_goes_on(stage: Stage, model: str) -> None:
    async with talking(stage.url) as talker:
        await talker.send(model=model, input="Remember ember.", store=False, generate=False)
        events = await talker.rest()
        for event in events:
            SERVER_EVENT.validate_python(event)
        warm = events[-1]["response"]
        assert (warm["status"], warm["output"]) == ("completed", [])
        await turn(talker, model, "Which?", previous_response_id=warm["id"])


async def test_what_was_not_stored_is_gone_with_its_connection(stage: Stage, model: str) -> None:
    async with talking(stage.url) as talker:
        first = await turn(talker, model, "The code word is ember.")
    async with talking(stage.url) as talker:
        error = await refused(talker, model, "Which?", first["id"])
        assert error["code"] == "previous_response_not_found"
        await turn(talker, model, "Then anew.")


async def test_an_answer_that_never_was_is_not_found(stage: Stage, model: str) -> None:
    async with talking(stage.url) as talker:
        error = await refused(talker, model, "Which?", "resp_missing")
    assert error["code"] == "previous_response_not_found"


async def test_what_failed_is_not_gone_on_from_again(stage: Stage, model: str) -> None:
    result = {"type": "function_call_output", "call_id": "call_missing", "output": "?"}
    async with talking(stage.url) as talker:
        first = await turn(talker, model, "The code word is ember.")
        await refused(talker, model, [result], first["id"])
        error = await refused(talker, model, "Which?", first["id"])
    assert error["code"] == "previous_response_not_found"


async def test_a_compacted_conversation_begins_a_new_chain(stage: Stage, model: str) -> None:
    async with client(stage) as openai:
        body = {"model": model, "input": HISTORY}
        compact = await openai.post("/responses/compact", cast_to=dict[str, Any], body=body)
    async with talking(stage.url) as talker:
        first = await turn(talker, model, [*compact["output"], message("user", "When?")])
        assert first["previous_response_id"] is None
        await turn(talker, model, "Sure?", previous_response_id=first["id"])


async def test_what_is_stored_is_gone_on_from_on_any_connection(stage: Stage, model: str) -> None:
    async with talking(stage.url) as talker:
        await talker.send(model=model, input="The code word is ember.")
        first = check_turn(await talker.rest())
    assert first["store"] is True
    async with talking(stage.url) as talker:
        second = await turn(talker, model, "Which?", previous_response_id=first["id"])
        await turn(talker, model, "Sure?", previous_response_id=second["id"])
    async with client(stage) as openai:
        last = await openai.responses.create(
            model=model, input="And now?", previous_response_id=first["id"]
        )
    assert last.previous_response_id == first["id"]


async def test_sockets_of_openais_own_client_work(stage: Stage) -> None:
    async with client(stage) as openai, openai.responses.connect() as connection:
        await connection.response.create(model="manymind/reader", input="Hello", store=False)
        async with asyncio.timeout(5):
            kinds = [event.type async for event in _until_done(connection)]
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"


async def _until_done(connection: Any) -> AsyncGenerator[Any]:
    async for event in connection:
        yield event
        if event.type in ("response.completed", "error"):
            return
