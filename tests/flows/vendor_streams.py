"""Answers of every kind, asked for in four dialects."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from manymind.canon.items import Said, Thought
from manymind.canon.parts import Refusal, Text
from manymind.canon.requests import Request
from manymind.providers import acts
from manymind.providers.acts import Line
from tests.faults.wire import Json
from tests.flows.forms import PIXEL, WEATHER
from tests.flows.stage import HANDBOOK

WORDS = "What is the weather in Oslo and in Bergen, and who approves leave?"


def twice(request: Request) -> Sequence[Line]:
    """Thinks, says a word and calls the first tool two times at once."""
    tool = acts.offered(request)[0]
    calls = (acts.call(request, tool, {"city": city}) for city in ("Oslo", "Bergen"))
    return (Thought(summary=(Text(text="Two places."),)), "I look.", *calls)


def torn(request: Request) -> Sequence[Line]:
    """Begins to answer, and then declines."""
    declined = Said(role="assistant", parts=(Refusal(text="No further."),))
    return ("So far so good.", declined)


ACTS = {"sim-twice": twice, "sim-torn": torn}

SEARCHED = "Leave is approved by the station master [[1]](https://a.example/leave)."
_MARK = SEARCHED.index("[[")
_URL = "https://a.example/leave"
_FOUND = "Leave is approved by the station master."

REPLIES: Mapping[str, Json] = {
    "openai": {
        "id": "resp_searched",
        "object": "response",
        "created_at": 1_800_000_000,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "sim-searched",
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "output": [
            {
                "type": "web_search_call",
                "id": "ws_1",
                "status": "completed",
                "action": {"type": "search", "query": "leave"},
            },
            {
                "type": "message",
                "id": "msg_1",
                "role": "assistant",
                "status": "completed",
                "content": [
                    {
                        "type": "output_text",
                        "text": SEARCHED,
                        "logprobs": [],
                        "annotations": [
                            {
                                "type": "url_citation",
                                "url": _URL,
                                "title": "1",
                                "start_index": _MARK,
                                "end_index": len(SEARCHED) - 1,
                            }
                        ],
                    }
                ],
            },
        ],
        "usage": {
            "input_tokens": 7,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 9,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 16,
        },
    },
    "vllm": {
        "id": "chatcmpl-searched",
        "object": "chat.completion",
        "created": 1_800_000_000,
        "model": "sim-searched",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": None,
                "message": {
                    "role": "assistant",
                    "content": SEARCHED,
                    "refusal": None,
                    "annotations": [
                        {
                            "type": "url_citation",
                            "url_citation": {
                                "url": _URL,
                                "title": "1",
                                "start_index": _MARK,
                                "end_index": len(SEARCHED) - 1,
                            },
                        }
                    ],
                },
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 9, "total_tokens": 16},
    },
    "anthropic": {
        "id": "msg_searched",
        "type": "message",
        "role": "assistant",
        "model": "sim-searched",
        "content": [
            {
                "type": "server_tool_use",
                "id": "srvtoolu_1",
                "name": "web_search",
                "input": {"query": "leave"},
                "caller": {"type": "direct"},
            },
            {
                "type": "web_search_tool_result",
                "tool_use_id": "srvtoolu_1",
                "caller": {"type": "direct"},
                "content": [
                    {
                        "type": "web_search_result",
                        "url": _URL,
                        "title": "Leave",
                        "encrypted_content": "c2VhbGVk",
                        "page_age": None,
                    }
                ],
            },
            {
                "type": "text",
                "text": _FOUND,
                "citations": [
                    {
                        "type": "web_search_result_location",
                        "url": _URL,
                        "title": "Leave",
                        "encrypted_index": "c2VhbGVk",
                        "cited_text": "approved by the station master",
                    }
                ],
            },
        ],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 7,
            "output_tokens": 9,
            "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
        },
    },
    "gemini": {
        "candidates": [
            {
                "index": 0,
                "finishReason": "STOP",
                "content": {"role": "model", "parts": [{"text": _FOUND}]},
                "groundingMetadata": {
                    "webSearchQueries": ["leave"],
                    "searchEntryPoint": {"renderedContent": "<p>leave</p>"},
                    "groundingChunks": [{"web": {"uri": _URL, "title": "a.example"}}],
                    "groundingSupports": [
                        {
                            "segment": {"startIndex": 0, "endIndex": len(_FOUND), "text": _FOUND},
                            "groundingChunkIndices": [0],
                        }
                    ],
                },
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 7,
            "candidatesTokenCount": 9,
            "totalTokenCount": 16,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 7}],
        },
        "modelVersion": "sim-searched",
        "responseId": "searched",
    },
}
"""An answer after a search of the web, as each vendor tells of it."""


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of answer: the model that gives it, and what a request must hold for it."""

    name: str
    model: str
    tools: bool = False
    picture: bool = False
    more: Mapping[str, object] = {}
    chat: Mapping[str, object] = {}
    whole: bool = True


KINDS = (
    Kind(name="text", model="sim-echo"),
    Kind(name="nothing", model="sim-echo;empty"),
    Kind(name="a cut", model="sim-echo", more={"max_tokens": 3}),
    Kind(name="no usage", model="sim-echo;usage=0"),
    Kind(name="cached", model="sim-echo;cached=4"),
    Kind(name="a picture seen", model="sim-vision", picture=True),
    Kind(name="a call", model="sim-caller", tools=True),
    Kind(name="parallel calls", model="sim-twice", tools=True),
    Kind(name="thoughts", model="sim-thinker"),
    Kind(name="sealed thoughts", model="sim-thinker;redacted"),
    Kind(name="a refusal", model="sim-refuser"),
    Kind(name="a late refusal", model="sim-torn"),
    Kind(name="a search", model="sim-searched"),
    Kind(name="several choices", model="sim-echo", chat={"n": 2}),
    Kind(name="probabilities", model="sim-echo", chat={"logprobs": True, "top_logprobs": 1}),
    Kind(name="a fault on the way", model="sim-echo;error=8", whole=False),
    Kind(name="a stream cut off", model="sim-echo;cut=8", whole=False),
)


def body(front: str, kind: Kind, model: str, *, stream: bool) -> Json:
    """The request for an answer of this kind, in the front's dialect."""
    if front == "gemini":
        return _googles(kind, model)
    asked: Json = {"model": model, "stream": stream, **_capped(front, kind.more)}
    if kind.tools:
        asked["tools"] = [_TOOLS[front]]
    words = HANDBOOK + WORDS if "manymind" in model else WORDS
    content: object = [_TEXTS[front] | {"text": words}, _PICTURES[front]] if kind.picture else words
    history = [{"role": "user", "content": content}]
    if front == "responses":
        return asked | {"input": history}
    if front == "messages":
        return {"max_tokens": 1000, "messages": history, **asked}
    options = {"include_usage": True} if stream else None
    return {**asked, "messages": history, "stream_options": options, **kind.chat}


def _googles(kind: Kind, model: str) -> Json:
    parts: list[Json] = [{"text": HANDBOOK + WORDS if "manymind" in model else WORDS}]
    settings: Json = {"thinkingConfig": {"includeThoughts": True}}
    asked: Json = {"contents": [{"role": "user", "parts": parts}], "generationConfig": settings}
    if kind.picture:
        parts.append({"inlineData": {"mimeType": "image/png", "data": PIXEL}})
    if kind.tools:
        function = {"name": "weather", "parametersJsonSchema": WEATHER}
        asked["tools"] = [{"functionDeclarations": [function]}]
    for name, value in {**kind.more, **kind.chat}.items():
        holder = settings if name in _GOOGLES else asked
        holder[_GOOGLES.get(name, name)] = value
    return asked


_GOOGLES = {
    "max_tokens": "maxOutputTokens",
    "n": "candidateCount",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
}


def _capped(front: str, more: Mapping[str, object]) -> Json:
    name = "max_output_tokens" if front == "responses" else "max_tokens"
    return {name if key == "max_tokens" else key: value for key, value in more.items()}


_TEXTS: Mapping[str, Json] = {
    "chat": {"type": "text"},
    "responses": {"type": "input_text"},
    "messages": {"type": "text"},
}
_PICTURES: Mapping[str, Json] = {
    "chat": {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
    "responses": {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}"},
    "messages": {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
    },
}
_TOOLS: Mapping[str, Json] = {
    "chat": {"type": "function", "function": {"name": "weather", "parameters": WEATHER}},
    "responses": {"type": "function", "name": "weather", "parameters": WEATHER, "strict": False},
    "messages": {"name": "weather", "input_schema": WEATHER},
}
