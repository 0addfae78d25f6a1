"""Valid requests of each dialect, and what spoils them: one wrong thing, or a few, at random."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeAlias

from hypothesis import strategies as st

from tests.flows.forms import PIXEL, WEATHER

Json: TypeAlias = dict[str, Any]

_CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
_FUNCTION = {"type": "function", "function": {"name": "weather", "parameters": WEATHER}}
_SCHEMA = {"name": "fact", "schema": WEATHER, "strict": True}
_URL = f"data:image/png;base64,{PIXEL}"

CHAT: Json = {
    "model": "acme/small",
    "messages": [
        {"role": "system", "content": "Be brief.", "name": "rules"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?", "cache_control": {"type": "ephemeral"}},
                {"type": "image_url", "image_url": {"url": _URL, "detail": "low"}},
                {"type": "file", "file": {"file_data": "data:text/plain;base64,aGk="}},
            ],
        },
        {"role": "assistant", "content": None, "tool_calls": [_CALL], "reasoning_content": "Hm."},
        {"role": "tool", "tool_call_id": "call_1", "content": "Sunny"},
    ],
    "tools": [_FUNCTION],
    "tool_choice": {"type": "function", "function": {"name": "weather"}},
    "parallel_tool_calls": False,
    "response_format": {"type": "json_schema", "json_schema": _SCHEMA},
    "reasoning_effort": "low",
    "reasoning": {"effort": "low", "max_tokens": 5},
    "max_completion_tokens": 50,
    "temperature": 0.5,
    "top_p": 1,
    "stop": ["\n"],
    "seed": 3,
    "n": 1,
    "logprobs": True,
    "top_logprobs": 2,
    "stream": True,
    "stream_options": {"include_usage": True},
    "metadata": {"a": "b"},
    "provider": {"require_parameters": False},
    "max_cost_usd": 0.5,
    "agent_count": 4,
}
RESPONSES: Json = {
    "model": "acme/small",
    "instructions": "Be brief.",
    "input": [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "image_url": _URL, "detail": "low"},
                {"type": "input_file", "file_data": "data:text/plain;base64,aGk=", "filename": "a"},
            ],
        },
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "Hm."}],
            "encrypted_content": "abc",
        },
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "A lamp.", "annotations": []}],
        },
        {"type": "function_call", "call_id": "c", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "Sunny"},
    ],
    "tools": [{"type": "function", "name": "weather", "parameters": WEATHER, "strict": True}],
    "tool_choice": {"type": "function", "name": "weather"},
    "text": {"format": {"type": "json_schema", **_SCHEMA}, "verbosity": "low"},
    "reasoning": {"effort": "low", "summary": "auto"},
    "include": ["reasoning.encrypted_content"],
    "max_output_tokens": 50,
    "max_tool_calls": 3,
    "temperature": 0.5,
    "stream": True,
    "store": False,
    "metadata": {"a": "b"},
    "truncation": "auto",
}
MESSAGES: Json = {
    "model": "acme/small",
    "max_tokens": 50,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
                },
                {
                    "type": "document",
                    "source": {"type": "text", "media_type": "text/plain", "data": "hi"},
                    "title": "a",
                },
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "abc"},
                {"type": "tool_use", "id": "t", "name": "weather", "input": {"city": "Oslo"}},
            ],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t", "content": "Sunny"}],
        },
    ],
    "tools": [{"name": "weather", "input_schema": WEATHER}],
    "tool_choice": {"type": "tool", "name": "weather"},
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "stop_sequences": ["x"],
    "temperature": 0.5,
    "stream": True,
    "metadata": {"user_id": "u"},
}
BODIES = {"/v1/chat/completions": CHAT, "/v1/responses": RESPONSES, "/v1/messages": MESSAGES}

WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**31, 2**53 + 1, 2**63, -(2**64), 10**30, 10**400]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["", "\0", "\ud800", "data:", "data:image/png;base64,!", "http://[", "a" * 999]
    ),
    st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=5)), max_size=3),
    st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.text(max_size=5)), max_size=3),
    st.sampled_from([[[]], {"type": []}, {"type": {}}, {"type": "x"}, {"role": 1}, {"": ""}]),
)
"""Values that hardly any field takes."""


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of all values within JSON, the outermost left out."""
    inside: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inside = list(value.items())  # pyright: ignore[reportUnknownArgumentType] # JSON
    elif isinstance(value, list):
        inside = list(enumerate(value))  # pyright: ignore[reportUnknownArgumentType] # JSON
    found = [(*path, step) for step, _ in inside]
    return found + [deep for step, inner in inside for deep in places(inner, (*path, step))]


@st.composite
def spoilt(draw: st.DrawFn, body: Json) -> Json:
    """The body with one to four values replaced, removed, doubled or moved."""
    body = json.loads(json.dumps(body))
    for _ in range(draw(st.integers(1, 4))):
        found = places(body)
        if not found:
            break
        path = draw(st.sampled_from(found))
        holder: Any = body
        for step in path[:-1]:
            holder = holder[step]
        _spoil(draw, holder, path[-1])
    return body


def _spoil(draw: st.DrawFn, holder: Any, step: Any) -> None:
    match draw(st.sampled_from(["replace", "replace", "remove", "wrap", "add", "move"])):
        case "replace":
            holder[step] = deepcopy(draw(WRONG))
        case "remove":
            del holder[step]
        case "wrap":
            holder[step] = draw(st.sampled_from([[holder[step]], {"text": holder[step]}]))
        case "add" if isinstance(holder, dict):
            holder[draw(st.text(max_size=10))] = deepcopy(draw(WRONG))
        case "move" if isinstance(holder, dict):
            holder[draw(st.sampled_from(["type", "content", "text", "role"]))] = holder[step]
        case _:
            holder[step] = [holder[step], holder[step]]


def _nested(written: bytes, depth: int) -> bytes:
    return written.replace(b'"acme/small"', b"[" * depth + b"]" * depth, 1)


DAMAGES: tuple[Callable[[bytes, int], bytes], ...] = (
    lambda written, n: written[: n % len(written)],
    lambda written, n: written[: n % len(written)] + b"\xff" + written[n % len(written) :],
    lambda written, n: written.replace(b"a", b"\xc0\xaf", 1 + n % 5),
    lambda written, n: written.replace(b"0.5", [b"NaN", b"Infinity", b"1e999", b"-"][n % 4]),
    lambda written, n: written.replace(b'"What', b'"\\ud800What', 1),
    lambda written, n: written.replace(b'"model":', b'"model": 1, "model":', 1),
    lambda written, n: written.replace(b'{"role"', b'{"role": "tool", "role"', 1 + n % 3),
    lambda written, n: _nested(written, n % 5000),
    lambda written, n: b"[" * (n % 50_000),
    lambda written, n: written * 2,
    lambda written, n: written.replace(b"Be brief.", b"x" * (n % 2_000_000), 1),
    lambda written, n: written.replace(b"Be brief.", b"\\u0000" * (n % 9999), 1),
    lambda written, n: b"\xef\xbb\xbf" + written,
    lambda written, n: written.decode().encode("utf-16"),
)
"""What happens to bytes: cut, not UTF-8, not JSON, given twice, nested, huge."""
