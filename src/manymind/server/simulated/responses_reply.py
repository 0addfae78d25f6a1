"""Replies of Responses, whole and streamed, written by hand from OpenAI's contract; with
`house=xai` in the shape that xAI gives them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from manymind.canon.items import Called, Item, Said, Thought
from manymind.canon.parts import Part, Refusal, Text
from manymind.server.simulated import errors, seals
from manymind.server.simulated.knobs import Knobs
from manymind.server.simulated.talk import Asked, Frame, Json, Reply, pieces, text_of

_NONE: list[Json] = []


def whole(asked: Asked, reply: Reply, knobs: Knobs) -> Json:
    """The whole response."""
    sent = asked.body
    text: Json = sent.get("text") or {}
    reasoning: Json = sent.get("reasoning") or {}
    cut = reply.stop == "length"
    body: Json = {
        "id": f"resp_{reply.id('response')}",
        "object": "response",
        "created_at": reply.created,
        "completed_at": reply.created,
        "status": "incomplete" if cut else "completed",
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "instructions": sent.get("instructions"),
        "max_output_tokens": sent.get("max_output_tokens"),
        "max_tool_calls": sent.get("max_tool_calls"),
        "model": reply.model,
        "output": _output(asked, reply, knobs, cut),
        "parallel_tool_calls": sent.get("parallel_tool_calls", True),
        "previous_response_id": sent.get("previous_response_id"),
        "prompt_cache_key": sent.get("prompt_cache_key"),
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "safety_identifier": sent.get("safety_identifier"),
        "service_tier": "default",
        "store": sent.get("store", True),
        "temperature": sent.get("temperature", 1.0),
        "text": {"format": {"type": "text"}, "verbosity": "medium"} | text,
        "tool_choice": sent.get("tool_choice") or "auto",
        "tools": [_tool(tool) for tool in sent.get("tools") or ()],
        "top_logprobs": sent.get("top_logprobs") or 0,
        "top_p": sent.get("top_p", 1.0),
        "truncation": sent.get("truncation") or "disabled",
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "usage": _usage(reply, knobs) if knobs.usage else None,
        "user": sent.get("user"),
        "metadata": sent.get("metadata") or {},
    }
    if knobs.house == "xai":
        body |= {"id": _uuid(reply), "metadata": {"system_fingerprint": ""}}
    return body


def _uuid(reply: Reply) -> str:
    return str(UUID(hex=(reply.id("response") + reply.id("tail"))[:32]))


def _tool(tool: Json) -> Json:
    if tool.get("type") != "function":
        return tool
    return {"description": None, "parameters": None, "strict": None} | tool


def _output(asked: Asked, reply: Reply, knobs: Knobs, cut: bool) -> list[Json]:
    last = len(reply.items) - 1
    return [
        _item(asked, reply, item, 0 if knobs.same_ids else place, cut and place == last, knobs)
        for place, item in enumerate(reply.items)
    ]


def _item(asked: Asked, reply: Reply, item: Item, place: int, cut: bool, knobs: Knobs) -> Json:
    status = "incomplete" if cut else "completed"
    number = reply.id("item", place)
    match item:
        case Thought():
            sealed = "reasoning.encrypted_content" in (asked.request.include or ())
            summary = [] if knobs.redacted else [part.text for part in item.summary]
            return {
                "id": f"rs_{number}",
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": text} for text in summary],
                "encrypted_content": seals.sealed(text_of(item)) if sealed else None,
                "status": status,
            }
        case Called():
            return {
                "id": f"fc_{number}",
                "type": "function_call",
                "call_id": item.call_id,
                "name": item.name,
                "arguments": item.arguments,
                "status": status,
            }
        case Said():
            return {
                "id": f"msg_{_uuid(reply) if knobs.house == 'xai' else number}",
                "type": "message",
                "role": "assistant",
                "status": status,
                "content": [_part(part) for part in item.parts],
            }
        case _:
            raise TypeError(f"No simulated model says {type(item).__name__}.")


def _part(part: Part) -> Json:
    match part:
        case Refusal():
            return {"type": "refusal", "refusal": part.text}
        case Text():
            return {"type": "output_text", "text": part.text, "annotations": [], "logprobs": []}
        case _:
            raise TypeError(f"No simulated model says {type(part).__name__}.")


def _usage(reply: Reply, knobs: Knobs) -> Json:
    counts = reply.counts
    usage: Json = {
        "input_tokens": counts.input,
        "input_tokens_details": {"cached_tokens": counts.cached},
        "output_tokens": counts.output,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning},
        "total_tokens": counts.total,
    }
    if knobs.house == "xai":
        usage |= {
            "num_sources_used": 0,
            "num_server_side_tools_used": 0,
            "cost_in_usd_ticks": errors.ticks(counts),
        }
    else:
        usage["input_tokens_details"]["cache_write_tokens"] = counts.written
    return usage


def stream(body: Json, asked: Asked, knobs: Knobs) -> Iterator[Frame]:
    """The same response, streamed: its events in order and numbered without gaps."""
    for number, frame in enumerate(_events(body, knobs)):
        data: Any = frame.data
        event = data["type"]
        yield Frame({"type": event, "sequence_number": number, **data}, event, frame.words)


def _events(body: Json, knobs: Knobs) -> Iterator[Frame]:
    begun: Json = {
        **body,
        "status": "in_progress",
        "completed_at": None,
        "output": [],
        "error": None,
        "incomplete_details": None,
        "usage": None,
    }
    yield Frame({"type": "response.created", "response": begun})
    yield Frame({"type": "response.in_progress", "response": begun})
    if knobs.unknown:
        yield Frame({"type": "response.surprise", "depth": 1})
    for index, item in enumerate(body["output"]):
        yield from _item_events(item, index, knobs)
    yield Frame({"type": f"response.{body['status']}", "response": body})


def _item_events(item: Json, index: int, knobs: Knobs) -> Iterator[Frame]:
    where: Json = {"output_index": index, "item_id": item.get("id", "")}
    empty: Json = {}
    match item["type"]:
        case "message":
            empty["content"] = []
            inner = _message_events(item, where, knobs)
        case "reasoning":
            empty["summary"] = []
            if item.get("content"):
                empty["content"] = []
            inner = _thought_events(item, where, knobs)
        case "function_call":
            empty["arguments"] = ""
            inner = _call_events(item, where, knobs)
        case "web_search_call":
            inner = _search_events(where)
        case _:
            inner = iter(())
    shell = {**item, "status": "in_progress", **empty}
    yield Frame({"type": "response.output_item.added", "output_index": index, "item": shell})
    yield from inner
    yield Frame({"type": "response.output_item.done", "output_index": index, "item": item})


def _message_events(item: Json, where: Json, knobs: Knobs) -> Iterator[Frame]:
    for place, part in enumerate(item["content"]):
        here = {**where, "content_index": place}
        written = part["type"] == "output_text"
        field = "text" if written else "refusal"
        shell: Json = {**part, field: ""}
        if written:
            shell["annotations"] = _NONE
        event = "response.output_text" if written else "response.refusal"
        extra: Json = {"logprobs": []} if written else {}
        yield Frame({"type": "response.content_part.added", **here, "part": shell})
        for piece, words in pieces(part[field], knobs.chunk):
            yield Frame({"type": f"{event}.delta", **here, "delta": piece, **extra}, None, words)
        for number, annotation in enumerate(part.get("annotations") or ()):
            yield Frame(
                {
                    "type": "response.output_text.annotation.added",
                    **here,
                    "annotation_index": number,
                    "annotation": annotation,
                }
            )
        yield Frame({"type": f"{event}.done", **here, field: part[field], **extra})
        yield Frame({"type": "response.content_part.done", **here, "part": part})


def _thought_events(item: Json, where: Json, knobs: Knobs) -> Iterator[Frame]:
    for place, part in enumerate(item["summary"]):
        here = {**where, "summary_index": place}
        event = "response.reasoning_summary"
        yield Frame({"type": f"{event}_part.added", **here, "part": {**part, "text": ""}})
        for piece, words in pieces(part["text"], knobs.chunk):
            yield Frame({"type": f"{event}_text.delta", **here, "delta": piece}, None, words)
        yield Frame({"type": f"{event}_text.done", **here, "text": part["text"]})
        yield Frame({"type": f"{event}_part.done", **here, "part": part})
    for place, part in enumerate(item.get("content") or ()):
        here = {**where, "content_index": place}
        for piece, words in pieces(part["text"], knobs.chunk):
            delta = {"type": "response.reasoning_text.delta", **here, "delta": piece}
            yield Frame(delta, None, words)
        yield Frame({"type": "response.reasoning_text.done", **here, "text": part["text"]})


def _call_events(item: Json, where: Json, knobs: Knobs) -> Iterator[Frame]:
    event = "response.function_call_arguments"
    for piece, words in pieces(item["arguments"], knobs.chunk):
        yield Frame({"type": f"{event}.delta", **where, "delta": piece}, None, words)
    yield Frame({"type": f"{event}.done", **where, "arguments": item["arguments"]})


def _search_events(where: Json) -> Iterator[Frame]:
    for state in ("in_progress", "searching", "completed"):
        yield Frame({"type": f"response.web_search_call.{state}", **where})
