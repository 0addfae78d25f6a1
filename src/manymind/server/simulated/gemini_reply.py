"""Replies of Gemini, whole and streamed, written by hand from Google's contract."""

from base64 import b64encode
from collections.abc import Iterator

import msgspec

from manymind.canon.items import Called, Item, Said, Thought
from manymind.canon.parts import Text
from manymind.server.simulated import seals
from manymind.server.simulated.knobs import Knobs
from manymind.server.simulated.talk import Asked, Counts, Frame, Json, Reply, pieces, text_of

_STOPS = {"length": "MAX_TOKENS", "refusal": "SAFETY"}
"""A call of a function is no reason of its own: it ends with STOP, too."""


def whole(asked: Asked, reply: Reply, knobs: Knobs) -> Json:
    """The whole answer: one candidate for each that is asked for."""
    shown = _shows_thoughts(asked)
    parts = [part for item in reply.items for part in _parts(item, shown)]
    candidate: Json = {
        "content": {"role": "model", "parts": parts},
        "finishReason": _STOPS.get(reply.stop, "STOP"),
    }
    if reply.stop == "refusal":
        candidate["finishMessage"] = " ".join(text_of(item) for item in reply.items)
    if not parts:
        del candidate["content"]["parts"]
    body: Json = {
        "candidates": [{**candidate, "index": index} for index in range(asked.request.n or 1)],
        "modelVersion": reply.model,
        "responseId": reply.id("gemini"),
    }
    if knobs.usage:
        body["usageMetadata"] = _usage(reply.counts)
    return body


def _shows_thoughts(asked: Asked) -> bool:
    settings: Json = asked.body.get("generationConfig") or {}
    thinking: Json = settings.get("thinkingConfig") or {}
    return bool(thinking.get("includeThoughts"))


def _parts(item: Item, shown: bool) -> Iterator[Json]:
    match item:
        case Thought():
            if shown:
                yield {"text": text_of(item), "thought": True}
        case Said(parts=parts):
            for part in parts:
                if isinstance(part, Text) and part.text:
                    yield {"text": part.text}
        case Called():
            arguments: Json = msgspec.json.decode(item.arguments or "{}")
            call: Json = {"name": item.name, "args": arguments, "id": item.call_id}
            sealed = b64encode(seals.signature(item.name).encode()).decode()
            yield {"functionCall": call, "thoughtSignature": sealed}
        case _:
            raise TypeError(f"No simulated model says {type(item).__name__}.")


def _usage(counts: Counts) -> Json:
    """Google counts thoughts beside the answer, not inside it, and leaves out what is nought."""
    usage: Json = {
        "promptTokenCount": counts.input,
        "candidatesTokenCount": counts.output - counts.reasoning,
        "totalTokenCount": counts.total,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": counts.input}],
    }
    if counts.cached:
        usage["cachedContentTokenCount"] = counts.cached
    if counts.reasoning:
        usage["thoughtsTokenCount"] = counts.reasoning
    return usage


def stream(body: Json, asked: Asked, knobs: Knobs) -> Iterator[Frame]:
    """The same answer, streamed: each event a whole answer with the next piece of each part. The
    last one says why it ended; there is no mark after it."""
    shell: Json = {key: body[key] for key in ("modelVersion", "responseId")}
    early = {**body["usageMetadata"], "candidatesTokenCount": 0} if "usageMetadata" in body else {}
    for candidate in body["candidates"]:
        parts: list[Json] = candidate["content"].get("parts") or []
        for part, words in _pieces(parts, knobs):
            content = {"role": "model", "parts": [part]}
            chunk: Json = {"content": content, "index": candidate["index"]}
            event: Json = {"candidates": [chunk], **shell}
            if early:
                event["usageMetadata"] = early
            yield Frame(event, words=words)
        if knobs.unknown:
            yield Frame({"surprise": {"depth": 1}, **shell})
        last = {**candidate, "content": {"role": "model", "parts": [{"text": ""}]}}
        usage = {key: body[key] for key in ("usageMetadata",) if key in body}
        yield Frame({"candidates": [last], **shell, **usage})


def _pieces(parts: list[Json], knobs: Knobs) -> Iterator[tuple[Json, int]]:
    """A text in pieces; a call always in one."""
    for part in parts:
        if "text" not in part:
            yield part, 1
            continue
        for piece, words in pieces(part["text"], knobs.chunk):
            yield {**part, "text": piece}, words
