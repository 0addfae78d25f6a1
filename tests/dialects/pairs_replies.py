"""Replies in the words of each dialect, and what of them a caller must hear through any other."""

import json
from collections.abc import Callable

import msgspec
from anthropic.types import Message, RawMessageStreamEvent
from msgspec.structs import replace
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from manymind.canon.answers import Answer, fold
from manymind.canon.events import Chunk, Happened, Spent
from manymind.canon.items import Called, Said, Thought
from manymind.canon.parts import Text
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.mirror import Dialect, View
from manymind.dialects.sse import Parser
from tests.dialects import pairs_gemini
from tests.dialects.pairs_stage import DIALECTS, ZOOMED, Meaning

COST = 1_234_567
THOUGHT, SAID, ANSWER = "Too small to see.", "I look closer.", '{"animal":"cat"}'
CITED = "Cats purr."

_CHAT_USAGE: Json = {
    "prompt_tokens": 120,
    "completion_tokens": 30,
    "total_tokens": 150,
    "prompt_tokens_details": {"cached_tokens": 100},
    "completion_tokens_details": {"reasoning_tokens": 8},
}
_RESPONSES_USAGE: Json = {
    "input_tokens": 120,
    "input_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 0},
    "output_tokens": 30,
    "output_tokens_details": {"reasoning_tokens": 8},
    "total_tokens": 150,
}
_MESSAGES_USAGE: Json = {
    "input_tokens": 20,
    "cache_read_input_tokens": 100,
    "cache_creation_input_tokens": 0,
    "output_tokens": 30,
    "output_tokens_details": {"thinking_tokens": 8},
}


def _chat(message: Json, reason: str) -> Json:
    choice: Json = {
        "index": 0,
        "message": {"role": "assistant", "refusal": None, **message},
        "finish_reason": reason,
        "logprobs": None,
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": "m",
        "choices": [choice],
        "usage": _CHAT_USAGE,
    }


def _responses(output: list[Json], status: str, reason: str | None) -> Json:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_760_000_000,
        "status": status,
        "incomplete_details": None if reason is None else {"reason": reason},
        "model": "m",
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "usage": _RESPONSES_USAGE,
    }


def _messages(content: list[Json], reason: str) -> Json:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": _MESSAGES_USAGE,
    }


def _message(text: str, status: str = "completed", notes: tuple[Json, ...] = ()) -> Json:
    part: Json = {"type": "output_text", "text": text, "annotations": list(notes)}
    return {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": status,
        "content": [part],
    }


_CALLS = ("call_1", "call_2")
_LINK: Json = {"url": "https://cats.example", "title": "Cats"}
_SPAN: Json = {**_LINK, "start_index": 0, "end_index": len(CITED)}

REPLIES: dict[str, dict[str, Json]] = {
    "chat": {
        "calls": _chat(
            {
                "content": SAID,
                "reasoning_content": THOUGHT,
                "tool_calls": [
                    {
                        "id": name,
                        "type": "function",
                        "function": {"name": "zoom", "arguments": ZOOMED},
                    }
                    for name in _CALLS
                ],
            },
            "tool_calls",
        ),
        "answer": _chat({"content": ANSWER}, "stop"),
        "cut": _chat({"content": ANSWER[:5]}, "length"),
        "cited": _chat(
            {
                "content": CITED,
                "annotations": [{"type": "url_citation", "url_citation": _SPAN}],
            },
            "stop",
        ),
    },
    "responses": {
        "calls": _responses(
            [
                {
                    "type": "reasoning",
                    "id": "rs_1",
                    "summary": [{"type": "summary_text", "text": THOUGHT}],
                    "encrypted_content": "gAAA",
                },
                _message(SAID),
                *(
                    {
                        "type": "function_call",
                        "id": f"fc_{name}",
                        "call_id": name,
                        "name": "zoom",
                        "arguments": ZOOMED,
                        "status": "completed",
                    }
                    for name in _CALLS
                ),
            ],
            "completed",
            None,
        ),
        "answer": _responses([_message(ANSWER)], "completed", None),
        "cut": _responses([_message(ANSWER[:5], "incomplete")], "incomplete", "max_output_tokens"),
        "cited": _responses(
            [_message(CITED, notes=({"type": "url_citation", **_SPAN},))], "completed", None
        ),
    },
    "messages": {
        "calls": _messages(
            [
                {"type": "thinking", "thinking": THOUGHT, "signature": "c2ln"},
                {"type": "text", "text": SAID},
                *(
                    {"type": "tool_use", "id": name, "name": "zoom", "input": {"x": 1}}
                    for name in _CALLS
                ),
            ],
            "tool_use",
        ),
        "answer": _messages([{"type": "text", "text": ANSWER}], "end_turn"),
        "cut": _messages([{"type": "text", "text": ANSWER[:5]}], "max_tokens"),
        "cited": _messages(
            [
                {
                    "type": "text",
                    "text": CITED,
                    "citations": [
                        {
                            "type": "web_search_result_location",
                            **_LINK,
                            "cited_text": "They purr.",
                            "encrypted_index": "aW5k",
                        }
                    ],
                }
            ],
            "end_turn",
        ),
    },
}
REPLIES["gemini"] = pairs_gemini.replies(THOUGHT, SAID, ANSWER, CITED)
CASES = ("calls", "answer", "cut", "cited")

_RESPONSE_EVENT: TypeAdapter[object] = TypeAdapter(ResponseStreamEvent)
_MESSAGE_EVENT: TypeAdapter[object] = TypeAdapter(RawMessageStreamEvent)

WHOLE: dict[str, Callable[[object], object]] = {
    "chat": ChatCompletion.model_validate,
    "responses": Response.model_validate,
    "messages": Message.model_validate,
    "gemini": pairs_gemini.validate,
}
EVENT: dict[str, Callable[[object], object]] = {
    "chat": ChatCompletionChunk.model_validate,
    "responses": _RESPONSE_EVENT.validate_python,
    "messages": _MESSAGE_EVENT.validate_python,
    "gemini": pairs_gemini.validate,
}
"""The vendors' own types, which refuse what their clients would stumble over."""


def whole(upstream: str, case: str) -> Chunk:
    """A whole reply as it was read, with the cost that the gateway has added."""
    chunk = DIALECTS[upstream].read_reply(msgspec.json.encode(REPLIES[upstream][case]))
    return priced(chunk)


def streamed(upstream: str, case: str, request: Request) -> list[Chunk]:
    """The same reply as its dialect streams it."""
    dialect = DIALECTS[upstream]
    native = replace(request, dialect=dialect.name, stream_usage=True)
    events = dialect.read_reply(msgspec.json.encode(REPLIES[upstream][case])).events
    return [priced(chunk) for chunk in through(dialect, [Chunk((one,)) for one in events], native)]


def through(dialect: Dialect, chunks: list[Chunk], request: Request) -> list[Chunk]:
    """What a client of the dialect hears of these chunks."""
    parser, reader = Parser(), dialect.reader()
    heard = [reader.feed(one) for one in parser.feed(b"".join(frames(dialect, chunks, request)))]
    return [*heard, reader.end()]


def frames(dialect: Dialect, chunks: list[Chunk], request: Request) -> list[bytes]:
    writer = dialect.writer(request, View(created=1_760_000_000))
    return [frame for chunk in chunks for frame in writer.write(chunk)]


def priced(chunk: Chunk) -> Chunk:
    return replace(chunk, events=tuple(_priced(event) for event in chunk.events))


def _priced(event: Happened) -> Happened:
    return (
        replace(event, usage=replace(event.usage, cost=COST)) if isinstance(event, Spent) else event
    )


def heard(chunks: list[Chunk]) -> Meaning:
    """What a caller learns from a reply, whatever dialect it was read from."""
    answer = fold(chunks)
    usage = answer.usage
    assert usage is not None
    return {
        "text": answer.text,
        "thoughts": _thoughts(answer),
        "calls": [
            (item.call_id, item.name, json.loads(item.arguments))
            for item in answer.items
            if isinstance(item, Called)
        ],
        "citations": [
            (note.url, note.title, note.start, note.end, note.quote)
            for item in answer.items
            if isinstance(item, Said)
            for part in item.parts
            if isinstance(part, Text)
            for note in part.citations
        ],
        "stop": answer.stops[0].reason,
        "status": answer.status,
        "tokens": (usage.input_tokens, usage.cached_tokens, usage.output_tokens),
        "reasoning": usage.reasoning_tokens,
        "cost": usage.cost if usage.cost is not None else usage.reported_cost,
    }


def _thoughts(answer: Answer) -> str:
    thoughts = [item for item in answer.items if isinstance(item, Thought)]
    return "".join(text.text for one in thoughts for text in (*one.summary, *one.content))
