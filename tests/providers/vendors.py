"""Answers of three vendors, as they stand on the wire: each says Hello for 3 tokens and 2."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from manymind.dialects.sse import frame

Object: TypeAlias = dict[str, Any]

CHAT_USAGE: Object = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
CHAT_STREAM: list[Object] = [
    {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant"}}]},
    {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {"content": "Hel"}}]},
    {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {"content": "lo"}}]},
    {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {
        "id": "c1",
        "model": "m",
        "choices": [],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    },
]
CHAT_WHOLE: Object = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello"},
            "finish_reason": "stop",
        }
    ],
    "usage": CHAT_USAGE,
}
MESSAGE: Object = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
MESSAGE_STREAM: list[Object] = [
    {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo"}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 2},
    },
    {"type": "message_stop"},
]
SPOKEN: Object = {"type": "output_text", "text": "Hello", "annotations": []}
SAID: Object = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [SPOKEN],
}
RESPONSE: Object = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "status": "completed",
    "output": [SAID],
    "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
}
HERE: Object = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
RESPONSE_STREAM: list[Object] = [
    {
        "type": "response.created",
        "response": {**RESPONSE, "status": "in_progress", "output": [], "usage": None},
    },
    {
        "type": "response.output_item.added",
        "output_index": 0,
        "item": {**SAID, "status": "in_progress", "content": []},
    },
    {"type": "response.content_part.added", **HERE, "part": {**SPOKEN, "text": ""}},
    {"type": "response.output_text.delta", **HERE, "delta": "Hel"},
    {"type": "response.output_text.delta", **HERE, "delta": "lo"},
    {"type": "response.output_text.done", **HERE, "text": "Hello"},
    {"type": "response.content_part.done", **HERE, "part": SPOKEN},
    {"type": "response.output_item.done", "output_index": 0, "item": SAID},
    {"type": "response.completed", "response": RESPONSE},
]


def chat_stream() -> bytes:
    return (
        b"".join(frame(msgspec.json.encode(chunk)) for chunk in CHAT_STREAM) + b"data: [DONE]\n\n"
    )


def named_stream(events: list[Object]) -> bytes:
    return b"".join(
        frame(msgspec.json.encode({"sequence_number": n, **event}), str(event["type"]))
        for n, event in enumerate(events)
    )


ANSWERS: Mapping[str, tuple[bytes, bytes]] = {
    "/v1/chat/completions": (msgspec.json.encode(CHAT_WHOLE), chat_stream()),
    "/v1/messages": (msgspec.json.encode(MESSAGE), named_stream(MESSAGE_STREAM)),
    "/v1/responses": (msgspec.json.encode(RESPONSE), named_stream(RESPONSE_STREAM)),
}
