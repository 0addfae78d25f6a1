"""Secrets with which a call is filled, one for each place, and a vendor that leaks its own."""

import base64
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tests.faults.wire import Json

PLACES = (
    *("caller_key", "wrong_key", "upstream_key", "prompt", "system", "thought", "result"),
    *("arguments", "image", "file", "filename", "header", "cookie", "agent", "query", "path"),
    *("metadata", "user", "referer", "tool", "vendor_error", "vendor_page", "vendor_header"),
)
CANARY = {place: f"zq-{place.replace('_', '-')}-4f81c2" for place in PLACES}

HEADERS = {
    "x-canary": CANARY["header"],
    "cookie": f"session={CANARY['cookie']}",
    "user-agent": CANARY["agent"],
    "http-referer": f"https://{CANARY['referer']}@app.example/?token={CANARY['referer']}",
}
_FILE = base64.b64encode(CANARY["file"].encode()).decode()
_IMAGE = f"https://img.example/{CANARY['image']}.png"
_ARGUMENTS = json.dumps({"q": CANARY["arguments"]})
_SCHEMA: Json = {"type": "object", "properties": {"q": {"type": "string"}}}
_TOLD = f"What does the tool say of {CANARY['tool']}?"


def body(front: str, model: str, *, stream: bool, rich: bool) -> Json:
    """A request with everything in it; `rich` adds what not every vendor takes."""
    return {"chat": _chat, "responses": _responses, "messages": _messages, "gemini": _gemini}[
        front
    ](model, stream, rich)


def _chat(model: str, stream: bool, rich: bool) -> Json:
    said: list[Json] = [{"type": "text", "text": CANARY["prompt"]}]
    if rich:
        said.append({"type": "image_url", "image_url": {"url": _IMAGE}})
        file = {"filename": CANARY["filename"], "file_data": f"data:text/plain;base64,{_FILE}"}
        said.append({"type": "file", "file": file})
    function = {"name": "look", "arguments": _ARGUMENTS}
    return {
        "model": model,
        "stream": stream,
        "user": CANARY["user"],
        "messages": [
            {"role": "system", "content": CANARY["system"]},
            {"role": "user", "content": said if rich else CANARY["prompt"]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": CANARY["result"]},
            {"role": "user", "content": f"{CANARY['prompt']} one two three four five six"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "look", "description": _TOLD, "parameters": _SCHEMA},
            }
        ],
    }


def _responses(model: str, stream: bool, rich: bool) -> Json:
    said: list[Json] = [{"type": "input_text", "text": CANARY["prompt"]}]
    if rich:
        said.append({"type": "input_image", "image_url": _IMAGE, "detail": "auto"})
        data = f"data:text/plain;base64,{_FILE}"
        said.append({"type": "input_file", "filename": CANARY["filename"], "file_data": data})
    return {
        "model": model,
        "stream": stream,
        "store": False,
        "instructions": CANARY["system"],
        "metadata": {"note": CANARY["metadata"]},
        "input": [
            {"role": "user", "content": said},
            {
                "type": "function_call",
                "call_id": "call_1",
                "name": "look",
                "arguments": _ARGUMENTS,
            },
            {"type": "function_call_output", "call_id": "call_1", "output": CANARY["result"]},
            {"role": "user", "content": f"{CANARY['prompt']} one two three four five six"},
        ],
        "tools": [
            {"type": "function", "name": "look", "description": _TOLD, "parameters": _SCHEMA}
        ],
    }


def _messages(model: str, stream: bool, rich: bool) -> Json:
    said: list[Json] = [{"type": "text", "text": CANARY["prompt"]}]
    if rich:
        said.append({"type": "image", "source": {"type": "url", "url": _IMAGE}})
        source = {"type": "text", "media_type": "text/plain", "data": CANARY["file"]}
        said.append({"type": "document", "title": CANARY["filename"], "source": source})
    used = {
        "type": "tool_use",
        "id": "toolu_1",
        "name": "look",
        "input": {"q": CANARY["arguments"]},
    }
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": CANARY["result"]}
    more = {"type": "text", "text": f"{CANARY['prompt']} one two three four five six"}
    return {
        "model": model,
        "stream": stream,
        "max_tokens": 500,
        "system": CANARY["system"],
        "metadata": {"user_id": CANARY["user"]},
        "messages": [
            {"role": "user", "content": said},
            {"role": "assistant", "content": [used]},
            {"role": "user", "content": [result, more]},
        ],
        "tools": [{"name": "look", "description": _TOLD, "input_schema": _SCHEMA}],
    }


def _gemini(model: str, stream: bool, rich: bool) -> Json:
    parts: list[Json] = [{"text": CANARY["prompt"]}]
    if rich:
        parts.append({"inlineData": {"mimeType": "text/plain", "data": _FILE}})
    called = {"name": "look", "args": {"q": CANARY["arguments"]}}
    response = {"name": "look", "response": {"output": CANARY["result"]}}
    return {
        "systemInstruction": {"parts": [{"text": CANARY["system"]}]},
        "contents": [
            {"role": "user", "parts": parts},
            {"role": "model", "parts": [{"functionCall": called}]},
            {"role": "user", "parts": [{"functionResponse": response}]},
            {"role": "user", "parts": [{"text": f"{CANARY['prompt']} one two three four five"}]},
        ],
        "tools": [
            {
                "functionDeclarations": [
                    {"name": "look", "description": _TOLD, "parameters": _SCHEMA}
                ]
            }
        ],
    }


class Leaking:
    """A vendor that says more than it should, in its headers, its errors and its pages. The name
    of the model says how."""

    async def __call__(
        self,
        scope: Any,
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        pieces: list[bytes] = []
        more = True
        while more:
            message = await receive()
            pieces.append(message.get("body", b""))
            more = message.get("more_body", False)
        whole = b"".join(pieces)
        status, kind, reply = _leak(whole)
        headers = [
            (b"content-type", kind.encode()),
            (b"x-leak", CANARY["vendor_header"].encode()),
            (b"set-cookie", f"a={CANARY['vendor_header']}".encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.encode()})


def _leak(asked: bytes) -> tuple[int, str, str]:
    error = CANARY["vendor_error"]
    told = json.dumps({"error": dict.fromkeys(("message", "type", "code", "param"), error)})
    page = f"<html><title>{CANARY['vendor_page']}</title></html>"
    for name, reply in {
        b"leak-400": (400, "application/json", told),
        b"leak-401": (401, "application/json", told),
        b"leak-500": (500, "text/html", page),
        b"leak-200": (200, "text/html", page),
        b"leak-error": (200, "text/event-stream", f"data: {told}\n\n"),
        b"leak-event": (200, "text/event-stream", f"data: {error}\n\nevent: {error}\ndata: {{\n\n"),
    }.items():
        if name in asked:
            return reply
    return 404, "application/json", told


LEAKS = ("leak-400", "leak-401", "leak-500", "leak-200", "leak-error", "leak-event")


def found(text: str | bytes, *allowed: str) -> list[str]:
    """The places whose canary is in a text, but for those where it may be."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    forms = {
        place: (canary.encode(), base64.b64encode(canary.encode()).rstrip(b"=")[:-1])
        for place, canary in CANARY.items()
    }
    return [
        place
        for place, written in forms.items()
        if place not in allowed and any(each in data for each in written)
    ]
