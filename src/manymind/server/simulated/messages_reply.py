"""Replies of Messages, whole and streamed, written by hand from Anthropic's contract."""

from collections.abc import Iterator

import msgspec

from manymind.canon.items import Called, Item, Said, Thought
from manymind.canon.parts import Text
from manymind.providers.forms import is_object
from manymind.server.simulated import seals
from manymind.server.simulated.knobs import Knobs
from manymind.server.simulated.talk import Asked, Counts, Frame, Json, Reply, pieces, text_of

_STOPS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "refusal": "refusal",
    "sequence": "stop_sequence",
}


def whole(asked: Asked, reply: Reply, knobs: Knobs) -> Json:
    """The whole message."""
    thinking: Json = asked.body.get("thinking") or {}
    silent = thinking.get("type") == "disabled"
    blocks = [block for item in reply.items for block in _blocks(item, knobs, silent)]
    body: Json = {
        "id": f"msg_{reply.id('message')}",
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": blocks,
        "stop_reason": _STOPS[reply.stop],
        "stop_sequence": reply.sequence,
    }
    if reply.stop == "refusal":
        said = " ".join(text_of(item) for item in reply.items)
        body["stop_details"] = {"type": "refusal", "category": None, "explanation": said}
    if knobs.usage:
        body["usage"] = _usage(reply.counts)
    return body


def _blocks(item: Item, knobs: Knobs, silent: bool) -> Iterator[Json]:
    """The blocks of an item. A refusal has none: its words stand in `stop_details`."""
    match item:
        case Thought():
            if not silent:
                yield _thought(text_of(item), knobs)
        case Said(parts=parts):
            for part in parts:
                if isinstance(part, Text) and part.text:
                    yield {"type": "text", "text": part.text}
        case Called():
            yield {
                "type": "tool_use",
                "id": item.call_id.replace("call_", "toolu_"),
                "name": item.name,
                "input": _arguments(item.arguments),
            }
        case _:
            raise TypeError(f"No simulated model says {type(item).__name__}.")


def _thought(text: str, knobs: Knobs) -> Json:
    if knobs.redacted:
        return {"type": "redacted_thinking", "data": seals.sealed(text)}
    return {"type": "thinking", "thinking": text, "signature": seals.signature(text)}


def _arguments(written: str) -> Json:
    value: object = msgspec.json.decode(written or "{}")
    return value if is_object(value) else {}


def _usage(counts: Counts) -> Json:
    """Anthropic counts cached tokens beside the input, not inside it."""
    return {
        "input_tokens": counts.input - counts.cached - counts.written,
        "cache_creation_input_tokens": counts.written,
        "cache_read_input_tokens": counts.cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts.written,
            "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": counts.output,
        "service_tier": "standard",
    }


def stream(body: Json, asked: Asked, knobs: Knobs) -> Iterator[Frame]:
    """The same message, streamed."""
    for data, words in _events(body, knobs):
        yield Frame(data, data["type"], words)


def _events(body: Json, knobs: Knobs) -> Iterator[tuple[Json, int]]:
    usage: Json | None = body.get("usage")
    start: Json = {**body, "content": [], "stop_reason": None, "stop_sequence": None}
    start.pop("stop_details", None)
    end: Json = {"stop_reason": body["stop_reason"], "stop_sequence": body["stop_sequence"]}
    if "stop_details" in body:
        end["stop_details"] = body["stop_details"]
    last: Json = {"type": "message_delta", "delta": end}
    if usage is not None:
        start["usage"] = {**usage, "output_tokens": 1}
        counted = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        last["usage"] = {key: usage[key] for key in (*counted, "output_tokens") if key in usage}
    yield {"type": "message_start", "message": start}, 0
    yield {"type": "ping"}, 0
    if knobs.unknown:
        yield {"type": "surprise", "depth": 1}, 0
    for index, block in enumerate(body["content"]):
        yield from _block_events(block, index, knobs)
    yield last, 0
    yield {"type": "message_stop"}, 0


def _block_events(block: Json, index: int, knobs: Knobs) -> Iterator[tuple[Json, int]]:
    shell, deltas = dict(block), list[tuple[Json, int]]()
    match block["type"]:
        case "text":
            shell |= {"text": ""}
            deltas += _deltas("text_delta", "text", block["text"], knobs)
            for citation in shell.pop("citations", None) or ():
                deltas.append(({"type": "citations_delta", "citation": citation}, 0))
        case "thinking":
            shell |= {"thinking": "", "signature": ""}
            deltas += _deltas("thinking_delta", "thinking", block["thinking"], knobs)
            deltas.append(({"type": "signature_delta", "signature": block["signature"]}, 0))
        case "tool_use":
            shell |= {"input": {}}
            written = msgspec.json.encode(block["input"]).decode()
            deltas.append(({"type": "input_json_delta", "partial_json": ""}, 0))
            if block["input"]:
                deltas += _deltas("input_json_delta", "partial_json", written, knobs)
        case _:
            pass
    yield {"type": "content_block_start", "index": index, "content_block": shell}, 0
    for delta, words in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}, words
    yield {"type": "content_block_stop", "index": index}, 0


def _deltas(kind: str, field: str, text: str, knobs: Knobs) -> Iterator[tuple[Json, int]]:
    for piece, words in pieces(text, knobs.chunk):
        yield {"type": kind, field: piece}, words
