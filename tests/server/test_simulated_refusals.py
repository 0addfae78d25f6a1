"""The simulated provider is as strict as the vendors, and nothing breaks it."""

from base64 import b64decode
from typing import Any

import anyio
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.server.simulated import Simulated, seals
from manymind.server.simulated.door import BODY_BYTES_MAX
from tests.server.simulating import PATHS, Json, body, simulating, tool

HOUSES = tuple(PATHS)
USER: Json = {"role": "user", "content": "x"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL_USE: Json = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}

THINKING: Json = {"type": "adaptive"}

REFUSED: list[tuple[str, Json, str | None]] = [
    ("chat", {"messages": []}, "messages"),
    ("chat", {"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
    ("chat", {"messages": [{"role": "user"}]}, "messages"),
    ("chat", {"messages": [{"role": "user", "content": [{"type": "input_text"}]}]}, None),
    ("chat", {"messages": [USER, {"role": "tool", "content": "x"}]}, "messages"),
    ("chat", {"messages": [USER, {"role": "assistant", "tool_calls": [CALL]}, USER]}, "messages"),
    ("chat", {"tools": [{"type": "function", "name": "f"}]}, "tools[0].function"),
    ("chat", {"tools": [{"type": "function", "function": {"name": "f g"}}]}, None),
    ("chat", {"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    ("chat", {"max_tokens": 0}, "max_tokens"),
    ("chat", {"temperature": "hot"}, "temperature"),
    ("chat", {"n": 1000}, "n"),
    ("responses", {"input": []}, "input"),
    ("responses", {"input": 7}, "input"),
    ("responses", {"input": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}, None),
    (
        "responses",
        {"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}]},
        "input[0].content[0].type",
    ),
    ("responses", {"input": [{"type": "function_call", "call_id": "c", "name": "f"}]}, None),
    (
        "responses",
        {"input": [{"type": "function_call_output", "call_id": "c", "output": "x"}]},
        "input",
    ),
    ("responses", {"tools": [{"function": {"name": "f"}}]}, "tools[0].type"),
    ("responses", {"tools": [{"type": "function", "function": {}}]}, "tools[0].name"),
    ("responses", {"text": {"format": {"type": "json_schema"}}}, "text.format"),
    (
        "responses",
        {"input": [{"type": "reasoning", "summary": [], "encrypted_content": "xx"}]},
        "input[0].encrypted_content",
    ),
    ("messages", {"max_tokens": None}, None),
    ("messages", {"messages": [{"role": "user", "content": ""}]}, None),
    ("messages", {"messages": [{"role": "user", "content": [TOOL_USE]}]}, None),
    ("messages", {"messages": [USER, {"role": "assistant", "content": [TOOL_USE]}, USER]}, None),
    ("messages", {"tools": [{"name": "f"}]}, None),
    ("messages", {"thinking": {"type": "enabled", "budget_tokens": 5000}}, None),
    ("messages", {"temperature": 1.5}, None),
    ("messages", {"messages": [{"role": "assistant", "content": "x"}]}, None),
    ("messages", {"thinking": THINKING, "tool_choice": {"type": "any"}}, None),
    ("messages", {"thinking": THINKING, "temperature": 0.5}, None),
    ("responses", {"previous_response_id": "resp_1"}, "previous_response_id"),
]


@pytest.mark.parametrize(("house", "fields", "param"), REFUSED)
async def test_what_the_vendor_refuses_is_refused(
    house: str, fields: Json, param: str | None
) -> None:
    async with simulating() as client:
        refused = await client.ask(house, "sim-echo", "x", **fields)
        assert refused.status == 400, refused.data
        error = refused.json["error"]
        assert error["type"] == "invalid_request_error"
        if param is not None:
            assert error["param"] == param


@pytest.mark.parametrize("house", HOUSES)
async def test_a_body_must_be_a_json_object_with_a_known_model(house: str) -> None:
    deep = b'{"a":' * 100_000
    async with simulating() as client:
        for sent in (b"", b"{", b"[]", b"null", b"\xff", deep, b'{"model": 7}'):
            assert (await client.post(PATHS[house], sent)).status == 400
        unknown = await client.ask(house, "nobody")
        assert unknown.status == 404
        assert "nobody" in unknown.json["error"]["message"]


async def test_a_body_beyond_all_bounds_is_refused_and_not_kept() -> None:
    simulated = Simulated()
    async with simulating(simulated) as client:
        refused = await client.post("/v1/messages", b" " * (BODY_BYTES_MAX + 1))
    assert refused.status == 413
    assert refused.json["error"]["type"] == "request_too_large"
    assert simulated.visits[0].raw == b""


async def test_paths_methods_and_missing_headers_are_told_apart() -> None:
    async with simulating() as client:
        assert (await client.post("/v1/nothing", {})).status == 404
        assert (await client.get("/v1/messages")).status == 405
        assert (await client.get("/v1/models/nobody")).status == 404
        under = await client.post("/api/v1/chat/completions", body("chat", "sim-echo", "x"))
        assert under.status == 200
        async with client.session.post(
            client.url + "/v1/messages", json=body("messages", "sim-echo", "x")
        ) as reply:
            assert "anthropic-version" in await reply.text()
            assert reply.status == 400


async def test_the_key_must_come_as_the_vendor_wants_it() -> None:
    async with simulating(Simulated(key="sk-1")) as client:
        ways: list[tuple[str, dict[str, str], int]] = [
            ("chat", {}, 401),
            ("chat", {"authorization": "Bearer sk-1"}, 200),
            ("chat", {"authorization": "Basic sk-1"}, 401),
            ("chat", {"x-api-key": "sk-1"}, 401),
            ("responses", {"authorization": "Bearer sk-2"}, 401),
            ("messages", {"x-api-key": "sk-1"}, 200),
            ("messages", {"authorization": "Bearer sk-1"}, 200),
            ("messages", {}, 401),
        ]
        for house, headers, status in ways:
            came = await client.post(PATHS[house], body(house, "sim-echo", "x"), **headers)
            assert (house, headers, came.status) == (house, headers, status)
        assert (await client.get("/v1/models")).status == 401


async def test_hosted_and_unknown_tools_are_no_error_where_the_vendor_has_them() -> None:
    async with simulating() as client:
        tools: list[Json] = [
            {"type": "web_search"},
            {"type": "namespace", "name": "multi_agent_v1"},
            tool("responses"),
        ]
        came = await client.ask("responses", "sim-caller", tools=tools)
        assert [item["type"] for item in came.json["output"]] == ["function_call"]
        tools = [{"type": "web_search_20250305", "name": "web_search"}, tool("messages")]
        assert (await client.ask("messages", "sim-caller", tools=tools)).status == 200


@pytest.mark.parametrize("house", HOUSES)
async def test_stop_sequences_and_caps_end_an_answer_as_the_vendor_tells_it(house: str) -> None:
    cap = {"responses": "max_output_tokens"}.get(house, "max_tokens")
    async with simulating() as client:
        cut = (await client.ask(house, "sim-echo", "one two three", **{cap: 2})).json
        if house == "chat":
            assert cut["choices"][0]["finish_reason"] == "length"
            stopped = (await client.ask(house, "sim-echo", "one STOP two", stop="STOP")).json
            assert stopped["choices"][0]["message"]["content"] == "one "
            assert stopped["choices"][0]["finish_reason"] == "stop"
        elif house == "messages":
            assert cut["stop_reason"] == "max_tokens"
            fields: Json = {"stop_sequences": ["STOP"]}
            stopped = (await client.ask(house, "sim-echo", "one STOP two", **fields)).json
            assert (stopped["stop_reason"], stopped["stop_sequence"]) == ("stop_sequence", "STOP")
        else:
            assert cut["status"] == "incomplete"
            assert cut["incomplete_details"] == {"reason": "max_output_tokens"}


async def test_chat_gives_as_many_choices_and_logprobs_as_are_asked_for() -> None:
    async with simulating() as client:
        fields: Json = {"n": 3, "tools": [tool("chat")], "logprobs": True}
        whole = (await client.ask("chat", "sim-caller", "city: Oslo, 2", **fields)).json
        calls = [choice["message"]["tool_calls"][0]["id"] for choice in whole["choices"]]
        assert len(set(calls)) == 3
        whole = (await client.ask("chat", "sim-echo", "ab cd", logprobs=True)).json
        tokens = whole["choices"][0]["logprobs"]["content"]
        assert [token["token"] for token in tokens] == ["ab", " cd"]
        events = (await client.ask("chat", "sim-echo", "ab", n=2, stream=True)).events
        ends = [
            choice for event in events for choice in event["choices"] if choice["finish_reason"]
        ]
        assert [choice["index"] for choice in ends] == [0, 1]


@given(thought=st.text(max_size=40), place=st.integers(0, 200))
@settings(max_examples=200, deadline=None)
def test_a_seal_opens_whole_and_never_altered(thought: str, place: int) -> None:
    sealed = seals.sealed(thought)
    assert seals.unsealed(sealed) == thought
    assert seals.genuine(thought, seals.signature(thought))
    place %= len(sealed)
    other = "A" if sealed[place] != "A" else "B"
    altered = sealed[:place] + other + sealed[place + 1 :]
    assert seals.unsealed(altered) in (None, thought if _same(sealed, altered) else None)


def _same(left: str, right: str) -> bool:
    """Base64 has spare bits at its end: two spellings may be the same bytes."""
    try:
        return b64decode(left) == b64decode(right)
    except ValueError:
        return False


WORDS = st.sampled_from(
    ["model", "messages", "input", "role", "user", "content", "type", "text", "tools"]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["messages", "input", "tools", "tool_choice", "response_format", "text", "stop", "system"]
)


@given(changes=st.dictionaries(FIELDS, VALUES, max_size=3), house=st.sampled_from(HOUSES))
@settings(max_examples=150, deadline=None)
def test_no_body_however_odd_gets_a_500_or_no_reply(changes: Json, house: str) -> None:
    sent = body(house, "sim-caller", "x") | {"tools": [tool(house)]} | changes

    async def ask() -> None:
        simulated = Simulated()
        messages: list[Json] = [{"type": "http.request", "body": msgspec.json.encode(sent)}]
        went: list[Json] = []

        async def receive() -> Json:
            if messages:
                return messages.pop()
            await anyio.sleep_forever()
            raise AssertionError

        async def send(message: Json) -> None:
            went.append(message)

        scope: Json = {
            "type": "http",
            "method": "POST",
            "path": PATHS[house],
            "query_string": b"",
            "headers": [(b"anthropic-version", b"2023-06-01")],
        }
        await simulated(scope, receive, send)
        assert went[0]["status"] in (200, 400)
        assert went[-1]["more_body"] is False

    anyio.run(ask)
