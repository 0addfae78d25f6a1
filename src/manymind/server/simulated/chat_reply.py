"""Replies of Chat Completions, whole and streamed, written by hand from OpenAI's contract."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from manymind.canon.items import Called, Said, Thought
from manymind.canon.parts import Refusal, Text
from manymind.server.simulated import errors
from manymind.server.simulated.knobs import Knobs
from manymind.server.simulated.talk import Asked, Frame, Json, Reply, pieces, text_of


def whole(asked: Asked, reply: Reply, knobs: Knobs) -> Json:
    """The whole completion."""
    finish = {"sequence": "stop", "refusal": "stop"}.get(reply.stop, reply.stop)
    body: Json = {
        "id": f"chatcmpl-{reply.id('chat')}",
        "object": "chat.completion",
        "created": reply.created,
        "model": reply.model,
        "choices": [
            {
                "index": index,
                "message": _message(reply, index),
                "logprobs": _logprobs(reply) if asked.request.logprobs else None,
                "finish_reason": finish,
            }
            for index in range(asked.request.n or 1)
        ],
        "service_tier": "default",
        "system_fingerprint": "fp_simulated",
    }
    if knobs.house == "openrouter":
        body |= {"provider": "Simulated"}
    if knobs.usage:
        body["usage"] = _usage(reply, knobs)
    return body


def _message(reply: Reply, index: int) -> Json:
    said = [item for item in reply.items if isinstance(item, Said)]
    parts = [part for item in said for part in item.parts]
    refusals = [part.text for part in parts if isinstance(part, Refusal)]
    words = [part.text for part in parts if isinstance(part, Text)]
    calls = [item for item in reply.items if isinstance(item, Called)]
    message: Json = {
        "role": "assistant",
        "content": "".join(words) if words or not (refusals or calls) else None,
        "refusal": "".join(refusals) or None,
        "annotations": [],
    }
    thoughts = [text_of(item) for item in reply.items if isinstance(item, Thought)]
    if thoughts:
        message["reasoning_content"] = "\n".join(thoughts)
    if calls:
        message["tool_calls"] = [
            {
                "id": call.call_id if index == 0 else f"{call.call_id}_{index}",
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in calls
        ]
    return message


def _logprobs(reply: Reply) -> Json:
    text = "".join(text_of(item) for item in reply.items if isinstance(item, Said))
    return {
        "content": [
            {"token": token, "logprob": -0.25, "bytes": list(token.encode()), "top_logprobs": []}
            for token, _ in pieces(text, 1)
        ],
        "refusal": None,
    }


def _usage(reply: Reply, knobs: Knobs) -> Json:
    counts = reply.counts
    written: Json = {"cache_write_tokens": counts.written} if counts.written else {}
    usage: Json = {
        "prompt_tokens": counts.input,
        "completion_tokens": counts.output,
        "total_tokens": counts.total,
        "prompt_tokens_details": {"cached_tokens": counts.cached, "audio_tokens": 0, **written},
        "completion_tokens_details": {
            "reasoning_tokens": counts.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
    if knobs.house == "openrouter":
        usage |= {"cost": errors.dollars(counts), "is_byok": False}
    if knobs.house == "xai":
        usage |= {"num_sources_used": 0, "cost_in_usd_ticks": errors.ticks(counts)}
    return usage


def stream(body: Json, asked: Asked, knobs: Knobs) -> Iterator[Frame]:
    """The same completion, streamed. Some servers count elsewhere than OpenAI does."""
    frames = _stream(body, asked, knobs)
    if knobs.counts == "apart" or "usage" not in body:
        return frames
    return _counted(list(frames), body["usage"], knobs)


def _counted(frames: list[Frame], usage: Json, knobs: Knobs) -> Iterator[Frame]:
    said = 0
    last = max(n for n, frame in enumerate(frames) if _choices(frame))
    for n, frame in enumerate(frames):
        said += frame.words
        if isinstance(frame.data, str):
            yield frame
        elif n == last:
            yield replace(frame, data={**frame.data, "usage": usage})
        elif _choices(frame) and knobs.counts == "each":
            total = usage["prompt_tokens"] + said
            so_far = {**usage, "completion_tokens": said, "total_tokens": total}
            yield replace(frame, data={**frame.data, "usage": so_far})
        elif _choices(frame):
            yield frame


def _choices(frame: Frame) -> bool:
    return not isinstance(frame.data, str) and bool(frame.data["choices"])


def _stream(body: Json, asked: Asked, knobs: Knobs) -> Iterator[Frame]:
    shell: Json = {key: body[key] for key in body if key not in ("choices", "usage")}
    shell["object"] = "chat.completion.chunk"
    with_usage = bool(asked.request.stream_usage) or knobs.house == "openrouter"
    if with_usage and "usage" in body:
        shell["usage"] = None
    for choice in body["choices"]:
        for delta, words in _deltas(choice["message"], knobs):
            yield _chunk(shell, choice["index"], delta, words=words)
        if knobs.unknown:
            yield Frame({**shell, "object": "chat.completion.surprise", "choices": []})
        yield _chunk(shell, choice["index"], {}, finish=choice["finish_reason"])
    if with_usage and "usage" in body:
        yield Frame({**shell, "choices": [], "usage": body["usage"]})
    yield Frame("[DONE]")


def _chunk(
    shell: Json, index: int, delta: Json, *, words: int = 0, finish: str | None = None
) -> Frame:
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
    return Frame({**shell, "choices": [choice]}, words=words)


def _deltas(message: Json, knobs: Knobs) -> Iterator[tuple[Json, int]]:
    yield {"role": "assistant", "content": "", "refusal": None}, 0
    for field in ("reasoning_content", "content", "refusal"):
        for piece, words in pieces(message.get(field) or "", knobs.chunk):
            yield {field: piece}, words
    if message.get("annotations"):
        yield {"annotations": message["annotations"]}, 0
    for place, call in enumerate(message.get("tool_calls") or ()):
        yield from _call_deltas(place, call, knobs)


def _call_deltas(place: int, call: Json, knobs: Knobs) -> Iterator[tuple[Json, int]]:
    """A call in fragments, as OpenAI streams it; xAI sends each call whole."""
    function: dict[str, Any] = call["function"]
    if knobs.house == "xai":
        yield {"tool_calls": [{"index": place, **call}]}, 1
        return
    first = {"index": place, **call, "function": {"name": function["name"], "arguments": ""}}
    yield {"tool_calls": [first]}, 0
    for piece, words in pieces(function["arguments"], knobs.chunk):
        fragment = {"index": place, "function": {"arguments": piece}}
        yield {"tool_calls": [fragment]}, words
