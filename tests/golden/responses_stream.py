"""A short stream of the Responses dialect, message by message."""

from typing import TypeAlias

Json: TypeAlias = "dict[str, object]"

CREATED: Json = {
    "type": "response.created",
    "response": {"id": "resp_1", "model": "small", "status": "in_progress", "output": []},
}
ADDED: Json = {
    "type": "response.output_item.added",
    "output_index": 0,
    "item": {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "content": [],
        "status": "in_progress",
    },
}
DONE_ITEM: Json = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "hello", "annotations": []}],
}
DONE: Json = {"type": "response.output_item.done", "output_index": 0, "item": DONE_ITEM}
COMPLETED: Json = {
    "type": "response.completed",
    "response": {
        "id": "resp_1",
        "model": "small",
        "status": "completed",
        "output": [DONE_ITEM],
        "usage": {"input_tokens": 3, "output_tokens": 1},
    },
}


def delta(text: str, **more: object) -> Json:
    kind = "response.output_text.delta"
    return {"type": kind, "output_index": 0, "content_index": 0, "delta": text, **more}
