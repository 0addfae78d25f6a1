"""The team and the reader through the official SDKs: on all three dialects, streamed and whole."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from openai.types.responses import Response, ResponseFunctionToolCall, ResponseOutputText
from pydantic import BaseModel

from tests.flows.forms import given, turns, user, weather
from tests.flows.stage import HANDBOOK, TEAM_OF_SIMULATED, Stage, on_stage

TEAM, READER = "manymind/multi-agent", "manymind/reader"
QUESTION = HANDBOOK + "Who approves leave?"


class Leave(BaseModel):
    approver: str
    days: int


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    async with on_stage(tmp_path, settings=TEAM_OF_SIMULATED) as stage:
        yield stage


@pytest.fixture
async def client(stage: Stage) -> AsyncGenerator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def content(response: Response) -> ResponseOutputText:
    message = next(item for item in response.output if item.type == "message")
    assert isinstance(message.content[0], ResponseOutputText)
    return message.content[0]


def check(said: ResponseOutputText) -> None:
    """Every mark is where its annotation says, and every quote is in its document."""
    assert "station master" in said.text
    assert said.annotations
    for annotation in said.annotations:
        assert annotation.type == "url_citation"
        mark = said.text[annotation.start_index : annotation.end_index]
        assert mark == f"[[{annotation.title}]]({annotation.url})"
        more = annotation.model_extra or {}
        assert more["quote"] in HANDBOOK
        assert more["verified"] is True
    assert said.text.count("[[") == len(said.annotations)


@pytest.mark.parametrize("model", [TEAM, READER])
async def test_responses_cite_what_is_there(client: AsyncOpenAI, model: str) -> None:
    check(content(await client.responses.create(model=model, input=QUESTION)))
    async with client.responses.stream(model=model, input=QUESTION) as stream:
        kinds = [event.type async for event in stream]
        check(content(await stream.get_final_response()))
    assert "response.output_text.annotation.added" in kinds
    assert kinds[-1] == "response.completed"


@pytest.mark.parametrize("model", [TEAM, READER])
async def test_chat_cites_what_is_there(client: AsyncOpenAI, model: str) -> None:
    messages = turns(user(QUESTION))
    whole = await client.chat.completions.create(model=model, messages=messages)
    message = whole.choices[0].message
    assert "station master" in (message.content or "")
    assert message.annotations
    stream = await client.chat.completions.create(model=model, messages=messages, stream=True)
    pieces = [choice.delta.content or "" async for chunk in stream for choice in chunk.choices]
    assert "station master" in "".join(pieces)


@pytest.mark.parametrize("model", [TEAM, READER])
async def test_chat_streams_gather_every_citation(client: AsyncOpenAI, model: str) -> None:
    asked = turns(user(HANDBOOK + "Who approves leave, and when was the lamp electrified?"))
    async with client.chat.completions.stream(model=model, messages=asked) as stream:
        streamed = (await stream.get_final_completion()).choices[0].message
    text, notes = streamed.content or "", streamed.annotations or []
    assert len(notes) > 1
    for note in notes:
        cited = note.url_citation
        mark = text[cited.start_index : cited.end_index]
        assert mark == f"[[{cited.title}]]({cited.url})"


@pytest.mark.parametrize("model", [TEAM, READER])
async def test_messages_cite_what_is_there(stage: Stage, model: str) -> None:
    async with AsyncAnthropic(base_url=stage.url, api_key="none", max_retries=0) as client:
        whole = await client.messages.create(
            model=model, max_tokens=2000, messages=[{"role": "user", "content": QUESTION}]
        )
        text = "".join(block.text for block in whole.content if block.type == "text")
        assert "station master" in text
        assert any(block.citations for block in whole.content if block.type == "text")
        async with client.messages.stream(
            model=model, max_tokens=2000, messages=[{"role": "user", "content": QUESTION}]
        ) as stream:
            assert "station master" in await stream.get_final_text()


async def test_the_team_calls_the_callers_functions(tmp_path: Path) -> None:
    settings = '[team]\nleader = "vllm/sim-caller"\nagent = "vllm/sim-researcher"\n'
    asked = user("What is the weather in Oslo?")
    async with (
        on_stage(tmp_path, settings=settings) as stage,
        AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as client,
    ):
        first = await client.responses.create(model=TEAM, input=given(asked), tools=weather())
        call = next(item for item in first.output if item.type == "function_call")
        assert isinstance(call, ResponseFunctionToolCall)
        assert call.name == "weather"
        output = "Sunny, 21 degrees"
        back = {"type": "function_call_output", "call_id": call.call_id, "output": output}
        second = await client.responses.create(
            model=TEAM, input=given(asked, *first.output, back), tools=weather()
        )
        assert output in second.output_text


async def test_the_team_fills_a_class(client: AsyncOpenAI) -> None:
    heard = await client.responses.parse(
        model=TEAM, input=HANDBOOK + "How many days of leave?", text_format=Leave
    )
    assert isinstance(heard.output_parsed, Leave)


async def test_agents_are_shown_to_those_who_ask(stage: Stage, client: AsyncOpenAI) -> None:
    heard: dict[bool, set[str]] = {}
    for wanted in (False, True):
        body = {"include": ["agents"]} if wanted else {}
        stream = await client.responses.create(
            model=TEAM, input=QUESTION, stream=True, extra_body=body
        )
        heard[wanted] = {event.type async for event in stream}
    assert "manymind.agent.event" in heard[True]
    assert "manymind.agent.event" not in heard[False]
