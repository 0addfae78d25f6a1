"""What a streamed call used and cost is what the same call used and cost whole, for a caller of
each dialect and an upstream of each, however the upstream counts."""

from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx
import pytest
from msgspec import Struct

from manymind import dialects
from manymind.canon.answers import Answer, fold
from manymind.canon.events import Chunk
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.sse import Parser
from tests.flows.stage import on_stage

_PRICED = '[providers.{name}.prices."*"]\ninput = 3\noutput = 15\ncached = 1\n'
_UPSTREAMS = {
    "openai_chat": "openai",
    "openai_responses": "xai",
    "anthropic_messages": "anthropic",
    "gemini": "gemini",
}
SETTINGS = "".join(
    f'[providers.{name}]\ndialect = "{dialect}"\n'
    + _PRICED.format(name=name)
    + "context = 100000\nmax_output = 4000\n"
    for dialect, name in _UPSTREAMS.items()
)
CAPPED = "[limits]\nrequest_cost_usd = 1\n" + SETTINGS

CASES = {
    "plain": "sim-echo",
    "cached": "sim-echo;cached=3;input_tokens=9",
    "thinking": "sim-thinker",
    "calls": "sim-caller",
    "missing": "sim-echo;usage=0",
    "on the last choice": "sim-echo;counts=last",
    "on every chunk": "sim-echo;counts=each",
    "unknown beside it": "sim-echo;unknown=1",
}

WORDS = "Sieben kleine Wölfe laufen in den Wald."
_TOOL: Json = {"type": "object", "properties": {"x": {"type": "string"}}}


class Ask(Struct, frozen=True):
    path: str
    body: Json


def ask(dialect: str, model: str, *, stream: bool) -> Ask:
    said = [{"role": "user", "content": WORDS}]
    match dialect:
        case "openai_chat":
            more: Json = {"stream": True, "stream_options": {"include_usage": True}}
            body: Json = {"model": model, "messages": said, "max_tokens": 500}
            function = {"name": "look", "parameters": _TOOL}
            body["tools"] = [{"type": "function", "function": function}]
            return Ask("/v1/chat/completions", body | (more if stream else {}))
        case "openai_responses":
            tool = {"type": "function", "name": "look", "parameters": _TOOL}
            body = {"model": model, "input": said, "store": False, "max_output_tokens": 500}
            return Ask("/v1/responses", {**body, "tools": [tool], "stream": stream})
        case "anthropic_messages":
            tool = {"name": "look", "input_schema": _TOOL}
            body = {"model": model, "messages": said, "max_tokens": 500, "tools": [tool]}
            return Ask("/v1/messages", {**body, "stream": stream})
        case _:
            verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
            body = {
                "contents": [{"role": "user", "parts": [{"text": WORDS}]}],
                "generationConfig": {"maxOutputTokens": 500},
                "tools": [{"functionDeclarations": [{"name": "look", "parameters": _TOOL}]}],
            }
            return Ask(f"/v1beta/models/{model}:{verb}", body)


async def heard(client: httpx.AsyncClient, dialect: str, model: str, *, stream: bool) -> Answer:
    """The answer, as a client of the dialect reads it."""
    asked = ask(dialect, model, stream=stream)
    reply = await client.post(asked.path, json=asked.body)
    assert reply.status_code == 200, reply.text
    spoken = dialects.find()[dialect]
    return fold(_chunks(dialect, reply.content) if stream else [spoken.read_reply(reply.content)])


def _chunks(dialect: str, stream: bytes) -> Iterator[Chunk]:
    reader, parser = dialects.find()[dialect].reader(), Parser()
    for message in [*parser.feed(stream), *parser.end()]:
        yield reader.feed(message)
    yield reader.end()


def counted(usage: Usage | None) -> tuple[object, ...]:
    """What is on the bill; a cost reaches the caller as what the server says it charges."""
    assert usage is not None
    return (
        usage.input_tokens,
        usage.cached_tokens,
        usage.output_tokens,
        usage.reasoning_tokens,
        usage.reported_cost,
        usage.tools,
    )


@pytest.mark.parametrize("settings", [SETTINGS, CAPPED], ids=["open", "capped"])
@pytest.mark.parametrize("caller", _UPSTREAMS)
async def test_a_streamed_call_uses_and_costs_what_the_same_call_does_whole(
    tmp_path: Path, caller: str, settings: str
) -> None:
    wrong: list[str] = []
    async with (
        on_stage(tmp_path, settings=settings) as stage,
        httpx.AsyncClient(base_url=stage.url, timeout=20) as client,
    ):

        async def compare(upstream: str, case: str) -> None:
            model = f"{_UPSTREAMS[upstream]}/{CASES[case]}"
            whole = await heard(client, caller, model, stream=False)
            streamed = await heard(client, caller, model, stream=True)
            told = counted(whole.usage), counted(streamed.usage)
            if told[0] != told[1] or whole.text != streamed.text or not told[0][0]:
                wrong.append(f"{caller} over {upstream}, {case}: {told[0]} is not {told[1]}")

        async with anyio.create_task_group() as group:
            for upstream in _UPSTREAMS:
                for case in CASES:
                    group.start_soon(compare, upstream, case)
    assert wrong == []
