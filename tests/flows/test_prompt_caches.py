"""The prompt caches of providers: what a caller says for them arrives, or is named as dropped; what
they read and wrote is told to the caller in its own words, and charged at its own rates."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from manymind.canon.values import Json
from tests.flows.keyed_stage import OPERATOR_KEY
from tests.flows.stage import Stage, on_stage

UPSTREAMS = {
    "openai_chat": "openai",
    "openai_responses": "xai",
    "anthropic_messages": "anthropic",
    "gemini": "gemini",
}
SETTINGS = "".join(
    f'[providers.{name}]\ndialect = "{dialect}"\n[providers.{name}.prices."*"]\n'
    'input = 3\noutput = 15\ncached = "0.3"\nwritten = "3.75"\n'
    "context = 100000\nmax_output = 4000\n"
    for dialect, name in UPSTREAMS.items()
)
CAPPED = "[limits]\nrequest_cost_usd = 1\n" + SETTINGS

COUNTED = "sim-echo;input_tokens=1000;cached=300;written=200;output_tokens=50"
RATES = {"input": 30_000_000_000, "cached": 3_000_000_000, "cache_written": 37_500_000_000}
RATES["output"] = 150_000_000_000
WRITES = {"openai_chat", "openai_responses", "anthropic_messages"}
"""Dialects that have a word for what was written."""

KEY, SHORT, LONG = "cache-key-81", {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}
WORDS = "Sieben kleine Wölfe"
SCHEMA: Json = {"type": "object", "properties": {"x": {"type": "string"}}}
DROPPED = "x-manymind-dropped-parameters"


def asked(dialect: str, model: str, *, stream: bool, hints: bool) -> tuple[str, Json]:
    """A question, with all that its dialect can say for a cache."""
    marked: Json = {"cache_control": SHORT} if hints else {}
    match dialect:
        case "openai_chat":
            said = [{"type": "text", "text": WORDS, **marked}]
            more: Json = {"prompt_cache_key": KEY} if hints else {}
            more |= {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
            messages = [{"role": "user", "content": said}]
            body: Json = {"model": model, "messages": messages, "max_tokens": 500, **more}
            return "/v1/chat/completions", body
        case "openai_responses":
            more = {"prompt_cache_key": KEY, "prompt_cache_retention": "24h"} if hints else {}
            body = {"model": model, "input": WORDS, "store": False, "max_output_tokens": 500}
            return "/v1/responses", {**body, **more, "stream": stream}
        case "anthropic_messages":
            long: Json = {"cache_control": LONG} if hints else {}
            body = {
                "model": model,
                "max_tokens": 500,
                "stream": stream,
                "system": [{"type": "text", "text": "Be brief.", **long}],
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": WORDS, **marked}]}
                ],
                "tools": [{"name": "look", "input_schema": SCHEMA, **long}],
            }
            return "/v1/messages", body
        case _:
            verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
            kept: Json = {"cachedContent": f"cachedContents/{KEY}"} if hints else {}
            contents = [{"role": "user", "parts": [{"text": WORDS}]}]
            return f"/v1beta/models/{model}:{verb}", {"contents": contents, **kept}


async def post(client: httpx.AsyncClient, path: str, body: Json) -> httpx.Response:
    return await client.post(path, json=body, headers={"authorization": f"Bearer {OPERATOR_KEY}"})


def client_of(stage: Stage) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=stage.url, timeout=20)


HINTS = ("prompt_cache_key", "prompt_cache_retention", "cache_control", "cachedContent")


def hints(value: Any) -> Iterator[tuple[str, str]]:
    """What is said for a cache, wherever it stands."""
    if isinstance(value, dict):
        value = cast("Json", value)
        for name, inner in value.items():
            if name in HINTS:
                yield name, json.dumps(inner)
            yield from hints(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from hints(inner)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("caller", UPSTREAMS)
async def test_what_is_said_for_a_cache_arrives_or_is_named(
    tmp_path: Path, caller: str, stream: bool
) -> None:
    environment = {"MANYMIND_API_KEY": OPERATOR_KEY}
    async with (
        on_stage(tmp_path, settings=SETTINGS, environment=environment) as stage,
        client_of(stage) as client,
    ):
        for upstream, provider in UPSTREAMS.items():
            model = f"{provider}/sim-echo"
            path, body = asked(caller, model, stream=stream, hints=True)
            before = len(stage.simulated.visits)
            reply = await post(client, path, body)
            said = sorted(hints(body))
            if caller == "gemini" != upstream:  # Without its content the question is another.
                assert reply.status_code == 400
                assert "cachedContent" in reply.text
                assert len(stage.simulated.visits) == before
                continue
            assert reply.status_code == 200, reply.text
            sent = sorted(hints(stage.simulated.visits[-1].body))
            named = reply.headers.get(DROPPED, "").split(", ")
            lost = sorted(name.rpartition(".")[2] for name in named if name)
            if caller == upstream:
                assert (sent, lost) == (said, []), upstream
            else:
                assert not set(sent) - set(said)
                told = sorted([name for name, _ in sent] + lost)
                assert told == [name for name, _ in said], (upstream, sent, named)


def usage_of(text: str) -> dict[str, Any]:
    """What a reply says it used, in the caller's words: in a stream, what its events add up to."""
    found: dict[str, Any] = {}

    def look(value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in cast("dict[str, Any]", value).items():
                if name in ("usage", "usageMetadata") and isinstance(inner, dict):
                    found.update(cast("Json", inner))
                look(inner)

    bodies = (
        [text]
        if text.startswith("{")
        else [
            line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: {")
        ]
    )
    for body in bodies:
        look(json.loads(body))
    return found


def shown(caller: str, usage: dict[str, Any]) -> tuple[int, int, int | None]:
    """Input in all, what of it was read from a cache, and what was written to one."""
    match caller:
        case "openai_chat":
            inner = usage["prompt_tokens_details"]
            return (
                usage["prompt_tokens"],
                inner["cached_tokens"],
                inner.get("cache_write_tokens", 0),
            )
        case "openai_responses":
            inner = usage["input_tokens_details"]
            return usage["input_tokens"], inner["cached_tokens"], inner.get("cache_write_tokens", 0)
        case "anthropic_messages":
            read, written = usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
            return usage["input_tokens"] + read + written, read, written
        case _:
            return usage["promptTokenCount"], usage["cachedContentTokenCount"], None


@pytest.mark.parametrize("settings", [SETTINGS, CAPPED], ids=["open", "capped"])
@pytest.mark.parametrize("caller", UPSTREAMS)
async def test_cached_and_written_tokens_are_told_and_charged_at_their_own_rates(
    tmp_path: Path, caller: str, settings: str
) -> None:
    environment = {"MANYMIND_API_KEY": OPERATOR_KEY}
    async with (
        on_stage(tmp_path, settings=settings, environment=environment) as stage,
        client_of(stage) as client,
    ):

        async def check(upstream: str, *, stream: bool, hinted: bool) -> None:
            model = f"{UPSTREAMS[upstream]}/{COUNTED}"
            path, body = asked(caller, model, stream=stream, hints=hinted)
            reply = await post(client, path, body)
            assert reply.status_code == 200, reply.text
            written = 200 if upstream in WRITES else 0
            usage = usage_of(reply.text)
            told = written if caller in WRITES else None
            assert shown(caller, usage) == (1000, 300, told), (upstream, stream, usage)
            counts = {"input": 700 - written, "cached": 300, "cache_written": written, "output": 50}
            lines = [
                {"what": what, "quantity": count, "rate": RATES[what]}
                for what, count in counts.items()
                if count
            ]
            ticks = -(-sum(count * RATES[what] for what, count in counts.items()) // 1_000_000)
            assert usage["cost_in_usd_ticks"] == ticks, (upstream, stream)
            name = reply.headers["x-request-id"]
            bearer = {"authorization": f"Bearer {OPERATOR_KEY}"}
            row = (await client.get(f"/v1/logs/{name}", headers=bearer)).json()["attempts"][-1]
            assert (row["ticks"], row["lines"]) == (ticks, lines), (upstream, stream)
            assert (row["cached_tokens"], row["written_tokens"]) == (300, written)

        for upstream in UPSTREAMS:
            for stream in (False, True):
                await check(upstream, stream=stream, hinted=False)
                if caller != "gemini":  # Whose content that is kept nobody can bound the cost of.
                    await check(upstream, stream=stream, hinted=True)
