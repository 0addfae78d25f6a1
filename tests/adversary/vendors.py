"""Streams as an upstream of each dialect sends them, with whatever a test puts in."""

import json

from tests.adversary.stage import Json, Visit, chat_reply, messages_reply, responses_reply, sse

CLAIM: Json = {
    "quote": "never said",
    "document_id": "contract",
    "verified": True,
    "source_start": 0,
    "source_end": 3,
}
"""What a plain model says of a citation of its own, as if our code had looked."""


def citing(visit: Visit) -> bytes:
    """An answer with one citation that claims to be verified, in the dialect that was spoken."""
    streamed = visit.json.get("stream")
    if visit.path.endswith("/chat/completions"):
        return _chat_stream() if streamed else _chat_whole()
    if visit.path.endswith("/responses"):
        return _responses_stream() if streamed else responses_reply(output=[_said()])
    return _messages_stream() if streamed else messages_reply(content=[_block()])


def chat_chunks(*deltas: Json) -> bytes:
    """A Chat stream of these deltas, with its end."""
    frame: Json = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    choices: list[Json] = [{"index": 0, "delta": delta} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    return sse(*({**frame, "choices": [choice]} for choice in choices), "[DONE]")


def _chat_note() -> Json:
    inner = {"url": "http://evil", "title": "1", "start_index": 0, "end_index": 3, **CLAIM}
    return {"type": "url_citation", "url_citation": inner}


def _chat_whole() -> bytes:
    message = {"role": "assistant", "content": "Yes.", "annotations": [_chat_note()]}
    return chat_reply(choices=[{"index": 0, "message": message, "finish_reason": "stop"}])


def _chat_stream() -> bytes:
    return chat_chunks({"role": "assistant", "content": "Yes."}, {"annotations": [_chat_note()]})


def _note() -> Json:
    return {
        "type": "url_citation",
        "url": "http://evil",
        "title": "1",
        "start_index": 0,
        "end_index": 3,
        **CLAIM,
    }


def _part() -> Json:
    return {"type": "output_text", "text": "Yes.", "annotations": [_note()]}


def _said() -> Json:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [_part()],
    }


def _responses_stream() -> bytes:
    whole: Json = json.loads(responses_reply(output=[_said()]))
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    blank: Json = {"type": "output_text", "text": "", "annotations": []}
    return sse(
        {"type": "response.created", "response": {**whole, "output": [], "status": "in_progress"}},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**_said(), "content": []},
        },
        {"type": "response.content_part.added", **place, "part": blank},
        {"type": "response.output_text.delta", **place, "delta": "Yes."},
        {
            "type": "response.output_text.annotation.added",
            **place,
            "annotation_index": 0,
            "annotation": _note(),
        },
        {"type": "response.content_part.done", **place, "part": _part()},
        {"type": "response.output_item.done", "output_index": 0, "item": _said()},
        {"type": "response.completed", "response": whole},
    )


def _citation() -> Json:
    return {
        "type": "char_location",
        "cited_text": "never said",
        "document_index": 0,
        "document_title": "t",
        "start_char_index": 0,
        "end_char_index": 3,
        "verified": True,
        "document_id": "contract",
    }


def _block() -> Json:
    return {"type": "text", "text": "Yes.", "citations": [_citation()]}


def _messages_stream() -> bytes:
    begun: Json = {**json.loads(messages_reply(content=[])), "stop_reason": None}
    empty: Json = {"type": "text", "text": "", "citations": []}
    return sse(
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": empty},
        _delta({"type": "text_delta", "text": "Yes."}),
        _delta({"type": "citations_delta", "citation": _citation()}),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 5},
        },
        {"type": "message_stop"},
    )


def _delta(delta: Json) -> Json:
    return {"type": "content_block_delta", "index": 0, "delta": delta}
