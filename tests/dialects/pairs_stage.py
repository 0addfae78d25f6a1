"""One conversation in the words of each dialect, and what of it must survive a crossing."""

import json
from collections.abc import Iterator
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from manymind.canon.items import Called, Hosted, Returned, Said, Thought, Unread
from manymind.canon.parts import Image, Part, Text
from manymind.canon.requests import Function, HostedTool, Request
from manymind.canon.values import Json
from manymind.dialects import anthropic_messages, gemini, openai_chat, openai_responses
from manymind.dialects.mirror import Dialect
from tests.dialects import pairs_gemini

DIALECTS: dict[str, Dialect] = {
    "chat": openai_chat.DIALECT,
    "responses": openai_responses.DIALECT,
    "messages": anthropic_messages.DIALECT,
    "gemini": gemini.DIALECT,
}
NAMES = tuple(DIALECTS)
PAIRS = [(front, upstream) for front in NAMES for upstream in NAMES]

PICTURE = "iVBORw0KGgo="
SCHEMA: Json = {
    "type": "object",
    "properties": {"animal": {"type": "string"}},
    "required": ["animal"],
    "additionalProperties": False,
}
PARAMETERS: Json = {
    "type": "object",
    "properties": {"x": {"type": "integer"}},
    "required": ["x"],
    "additionalProperties": False,
}
ZOOMED, SEEN = '{"x":1}', "fur"

_CHAT: Json = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is on these?"},
                {
                    "type": "image_url",
                    "image_url": {"url": f"data:image/png;base64,{PICTURE}", "detail": "high"},
                },
                {"type": "image_url", "image_url": {"url": "https://pictures.example/1.png"}},
            ],
        },
        {
            "role": "assistant",
            "content": "I look closer.",
            "reasoning_content": "Too small to see.",
            "tool_calls": [
                {
                    "id": f"call_{n}",
                    "type": "function",
                    "function": {"name": "zoom", "arguments": ZOOMED},
                }
                for n in (1, 2)
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": SEEN},
        {"role": "tool", "tool_call_id": "call_2", "content": SEEN},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "zoom",
                "description": "Looks closer.",
                "parameters": PARAMETERS,
                "strict": True,
            },
        }
    ],
    "tool_choice": "auto",
    "parallel_tool_calls": False,
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
    },
    "reasoning_effort": "high",
    "verbosity": "low",
    "max_completion_tokens": 900,
    "temperature": 0.5,
    "top_p": 0.9,
    "seed": 7,
    "stop": ["END"],
    "user": "ann",
    "stream_options": {"include_usage": True},
    "logit_bias": {"5": 1},
}

_RESPONSES: Json = {
    "model": "m",
    "instructions": "Be brief.",
    "input": [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "What is on these?"},
                {
                    "type": "input_image",
                    "image_url": f"data:image/png;base64,{PICTURE}",
                    "detail": "high",
                },
                {"type": "input_image", "image_url": "https://pictures.example/1.png"},
            ],
        },
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "Too small to see."}],
            "encrypted_content": "gAAA",
        },
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "I look closer.", "annotations": []}],
        },
        *(
            {"type": "function_call", "call_id": f"call_{n}", "name": "zoom", "arguments": ZOOMED}
            for n in (1, 2)
        ),
        *({"type": "function_call_output", "call_id": f"call_{n}", "output": SEEN} for n in (1, 2)),
    ],
    "tools": [
        {
            "type": "function",
            "name": "zoom",
            "description": "Looks closer.",
            "parameters": PARAMETERS,
            "strict": True,
        },
        {"type": "web_search", "search_context_size": "low"},
    ],
    "tool_choice": "auto",
    "parallel_tool_calls": False,
    "text": {
        "format": {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True},
        "verbosity": "low",
    },
    "reasoning": {"effort": "high"},
    "max_output_tokens": 900,
    "temperature": 0.5,
    "top_p": 0.9,
    "user": "ann",
    "truncation": "auto",
    "x_new": 1,
}

_MESSAGES: Json = {
    "model": "m",
    "max_tokens": 900,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is on these?"},
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": PICTURE},
                },
                {
                    "type": "image",
                    "source": {"type": "url", "url": "https://pictures.example/1.png"},
                },
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Too small to see.", "signature": "c2ln"},
                {"type": "text", "text": "I look closer."},
                *(
                    {"type": "tool_use", "id": f"call_{n}", "name": "zoom", "input": {"x": 1}}
                    for n in (1, 2)
                ),
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": SEEN},
                {"type": "tool_result", "tool_use_id": "call_2", "content": SEEN, "is_error": True},
            ],
        },
    ],
    "tools": [
        {
            "name": "zoom",
            "description": "Looks closer.",
            "input_schema": PARAMETERS,
            "strict": True,
            "eager_input_streaming": True,
        }
    ],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
    "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": SCHEMA}},
    "temperature": 0.5,
    "top_p": 0.9,
    "top_k": 40,
    "stop_sequences": ["END"],
    "metadata": {"user_id": "ann"},
}

REQUESTS = {
    "chat": _CHAT,
    "responses": _RESPONSES,
    "messages": _MESSAGES,
    "gemini": pairs_gemini.request(PARAMETERS, SCHEMA, SEEN),
}


def asked(front: str) -> Request:
    """The conversation, as it comes in by one door."""
    return read(front, msgspec.json.encode(REQUESTS[front]))


def read(front: str, body: bytes) -> Request:
    """A request as its door reads it: Gemini's has the model from the URL."""
    request = DIALECTS[front].read_request(body)
    return replace(request, model=request.model or "m")


Meaning: TypeAlias = dict[str, object]
"""What a request means, aspect by aspect, whatever dialect it was read from."""


def meaning(request: Request) -> Meaning:
    """Aspects that say nothing are left out. Not compared is what only names or marks things: a
    schema's name, ids of items, how messages are cut, that strings stand for blocks."""
    said: Meaning = {
        "system": _system(request),
        "talk": tuple(_talk(request)),
        "thoughts": tuple(_thoughts(request)),
        "signatures": _thought_fields(request, "signature"),
        "sealed": _thought_fields(request, "encrypted"),
        "images": tuple(
            (i.media_type if i.data else None, i.data or i.url) for i in _parts(request, Image)
        ),
        "detail": tuple(i.detail for i in _parts(request, Image) if i.detail),
        "failed": tuple(i.call_id for i in request.items if isinstance(i, Returned) and i.failed),
        "cache": sum(text.cache is not None for text in request.instructions or ()),
        "functions": tuple(
            (tool.name, tool.description, json.dumps(tool.parameters), tool.strict is True)
            for tool in request.tools or ()
            if isinstance(tool, Function)
        ),
        "hosted tools": tuple(
            tool.data.get("search_context_size", tool.tool)
            for tool in request.tools or ()
            if isinstance(tool, HostedTool)
        ),
        "choice": request.tool_choice and request.tool_choice.mode,
        "one call at a time": request.parallel_tool_calls is False,
        "format": request.output and json.dumps(request.output.schema),
        "effort": request.reasoning and request.reasoning.effort,
        "unknown": tuple(sorted(_unknown(request))),
    }
    scalars = "model verbosity max_output_tokens temperature top_p top_k seed stop user truncation"
    said |= {name: getattr(request, name) for name in scalars.split()}
    return {aspect: value for aspect, value in said.items() if value}


def _system(request: Request) -> tuple[str, ...]:
    texts = list(request.instructions or ())
    for item in request.items:
        if isinstance(item, Said) and item.role in ("system", "developer"):
            texts += [part for part in item.parts if isinstance(part, Text)]
    return tuple(text.text for text in texts)


def _talk(request: Request) -> Iterator[tuple[object, ...]]:
    for item in request.items:
        match item:
            case Said() if item.role not in ("system", "developer"):
                yield item.role, _words(item.parts)
            case Called():
                yield "call", item.call_id, item.name, json.dumps(json.loads(item.arguments))
            case Returned():
                yield "result", item.call_id, _words(item.parts)
            case Said() | Thought() | Hosted() | Unread():
                pass


def _words(parts: tuple[Part, ...]) -> tuple[str, ...]:
    return tuple(part.text for part in parts if isinstance(part, Text))


def _thoughts(request: Request) -> Iterator[str]:
    for item in request.items:
        if isinstance(item, Thought):
            yield "".join(text.text for text in (*item.summary, *item.content))


def _thought_fields(request: Request, name: str) -> tuple[str, ...]:
    thoughts = [item for item in request.items if isinstance(item, Thought)]
    return tuple(getattr(thought, name) for thought in thoughts if getattr(thought, name))


def _parts(request: Request, kind: type[Image]) -> list[Image]:
    said = [item for item in request.items if isinstance(item, Said)]
    return [part for item in said for part in item.parts if isinstance(part, kind)]


def _unknown(request: Request) -> Iterator[str]:
    asides = [request.aside, *(getattr(tool, "aside", None) for tool in request.tools or ())]
    for aside in asides:
        if aside is not None:
            yield from (name for name, value in aside.fields.items() if value != {})


ASPECTS = {
    "seed": "seed",
    "generationConfig.seed": "seed",
    "generationConfig.stopSequences": "stop",
    "cachedContent": "unknown",
    "user": "user",
    "metadata.user_id": "user",
    "parallel_tool_calls": "one call at a time",
    "tool_choice.disable_parallel_tool_use": "one call at a time",
    "contents[1]": "thoughts",
    "contents[1].encrypted_content": "sealed",
    "contents[1].reasoning": "thoughts",
    "messages[1].reasoning": "thoughts",
    "top_k": "top_k",
    "generationConfig.topK": "top_k",
    "stop_sequences": "stop",
    "stop": "stop",
    "verbosity": "verbosity",
    "text.verbosity": "verbosity",
    "truncation": "truncation",
    "logit_bias": "unknown",
    "x_new": "unknown",
    "tools[0].eager_input_streaming": "unknown",
    "tools[0].behavior": "unknown",
    "tools[0].strict": "functions",
    "tools[1]": "hosted tools",
    "tools[1].search_context_size": "hosted tools",
    "system[0].cache_control": "cache",
    "system.cache_control": "cache",
    "messages[2].is_error": "failed",
    "messages[1].content[1].detail": "detail",
    "input[0].content[1].detail": "detail",
    "messages[2].reasoning": "thoughts",
    "messages[1].signature": "signatures",
    "messages[1]": "thoughts",
    "input[1]": "thoughts",
}
"""The aspect that each lost name is about."""

CONSEQUENCES = {"thoughts": {"signatures", "sealed"}}
"""Aspects that go when another goes."""
