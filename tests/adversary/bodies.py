"""One rich request of each dialect, and ways to tamper with it."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, cast

from tests.adversary.stage import Json

Path: TypeAlias = tuple[str | int, ...]

SCHEMA: Json = {"type": "object", "properties": {"city": {"type": "string"}}}

CHAT: Json = {
    "model": "openai/gpt-5.4-mini",
    "max_tokens": 50,
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "The weather?"}], "name": "ada"},
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "weather", "arguments": "{}"},
                }
            ],
            "annotations": [
                {
                    "type": "url_citation",
                    "url_citation": {
                        "url": "http://a",
                        "title": "a",
                        "start_index": 0,
                        "end_index": 1,
                    },
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "Rain."},
    ],
    "tools": [
        {
            "type": "function",
            "function": {"name": "weather", "description": "d", "parameters": SCHEMA},
        }
    ],
    "tool_choice": {"type": "function", "function": {"name": "weather"}},
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "out", "schema": SCHEMA, "description": "d"},
    },
    "metadata": {"team": "a"},
}

RESPONSES: Json = {
    "model": "openai/gpt-5.4-mini",
    "max_output_tokens": 50,
    "instructions": "Be brief.",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "The weather?"}]},
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "I look."}],
        },
        {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "c1",
            "name": "weather",
            "arguments": "{}",
        },
        {"type": "function_call_output", "call_id": "c1", "output": "Rain."},
        {
            "type": "message",
            "role": "assistant",
            "content": [
                {
                    "type": "output_text",
                    "text": "Rain.",
                    "annotations": [
                        {
                            "type": "url_citation",
                            "url": "http://a",
                            "title": "a",
                            "start_index": 0,
                            "end_index": 1,
                        }
                    ],
                }
            ],
        },
        {"role": "user", "content": "And tomorrow?"},
    ],
    "tools": [{"type": "function", "name": "weather", "parameters": SCHEMA}],
    "tool_choice": {"type": "function", "name": "weather"},
    "text": {"format": {"type": "json_schema", "name": "out", "schema": SCHEMA}},
    "reasoning": {"effort": "low"},
}

MESSAGES: Json = {
    "model": "anthropic/claude-sonnet-4-5",
    "max_tokens": 50,
    "system": [{"type": "text", "text": "Be brief."}],
    "messages": [
        {
            "role": "user",
            "content": [
                {
                    "type": "document",
                    "title": "t",
                    "source": {"type": "text", "media_type": "text/plain", "data": "x"},
                },
                {"type": "text", "text": "The weather?"},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "I look.", "signature": "c2ln"},
                {
                    "type": "text",
                    "text": "I look.",
                    "citations": [
                        {
                            "type": "char_location",
                            "cited_text": "x",
                            "document_index": 0,
                            "document_title": "t",
                            "start_char_index": 0,
                            "end_char_index": 1,
                        }
                    ],
                },
                {"type": "tool_use", "id": "c1", "name": "weather", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "c1",
                    "content": [{"type": "text", "text": "Rain."}],
                }
            ],
        },
    ],
    "tools": [{"name": "weather", "description": "d", "input_schema": SCHEMA}],
    "tool_choice": {"type": "tool", "name": "weather"},
}

BODIES: Mapping[str, tuple[str, Json]] = {
    "chat": ("/v1/chat/completions", CHAT),
    "responses": ("/v1/responses", RESPONSES),
    "messages": ("/v1/messages", MESSAGES),
}


def objects(value: object, path: Path = ()) -> Iterator[Path]:
    """Where every object inside a value is."""
    match value:
        case dict():
            yield path
            for name, inner in cast("dict[str, object]", value).items():
                yield from objects(inner, (*path, name))
        case list():
            for number, inner in enumerate(cast("list[object]", value)):
                yield from objects(inner, (*path, number))
        case _:
            pass


def tampered(body: Json, path: Path, name: str, value: object) -> Json:
    """The body with one more field in the object at `path`."""
    changed = copy.deepcopy(body)
    place: Any = changed
    for step in path:
        place = place[step]
    place[name] = value
    return changed
