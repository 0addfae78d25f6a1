"""The four dialects as callers see them: how each asks, is refused, and sees a stream break."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal, Protocol

import aiohttp
import anthropic
import msgspec
import openai
from anthropic import AsyncAnthropic
from anthropic.types import ErrorResponse
from google.genai import errors as google
from google.genai.types import GenerateContentConfig
from msgspec import Struct
from openai import AsyncOpenAI

from tests.faults.wire import Json, Message, at, messages, text_at
from tests.flows.forms import turns, user
from tests.flows.googles import googles

PROMPT = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
"""What the echo models say: long enough that any mishap after a few events cuts it."""


class Front(Protocol):
    """A dialect's path and its official SDK."""

    name: str

    def path(self, model: str, *, stream: bool) -> str: ...

    def body(self, model: str, *, stream: bool, **more: object) -> Json: ...

    async def ask(self, url: str, model: str, *, stream: bool) -> str:
        """What the SDK makes of a completed answer; raises the SDK's error, or `Failed`."""
        ...

    def refused(self, heard: "Heard") -> tuple[str, str]:
        """The message and the code of a refusal, whose shape is checked."""
        ...

    def broken(self, sent: list[Message]) -> str:
        """The message at the end of a stream that broke; fails if it looks like a success."""
        ...

    def completed(self, sent: list[Message]) -> bool:
        """Whether the stream has this dialect's good end."""
        ...


class Failed(Exception):
    """The SDK does not raise for this; it reports, and so do we."""


class _Error(Struct, forbid_unknown_fields=True):
    message: str
    type: Literal[
        "invalid_request_error",
        "authentication_error",
        "insufficient_quota",
        "permission_error",
        "not_found_error",
        "rate_limit_error",
        "server_error",
    ]
    param: str | None
    code: str
    request_id: str


class _Refusal(Struct, forbid_unknown_fields=True):
    error: _Error


class _AnthropicError(Struct, forbid_unknown_fields=True):
    """By the vendor's documentation; the SDK's union lacks two of them."""

    type: Literal[
        "invalid_request_error",
        "authentication_error",
        "billing_error",
        "permission_error",
        "not_found_error",
        "conflict_error",
        "request_too_large",
        "rate_limit_error",
        "api_error",
        "timeout_error",
        "overloaded_error",
    ]
    message: str


class _AnthropicRefusal(Struct, forbid_unknown_fields=True):
    type: Literal["error"]
    error: _AnthropicError
    request_id: str


class _GoogleError(Struct, forbid_unknown_fields=True):
    """google.rpc.Status, as Google's API guide has it."""

    code: int
    message: str
    status: str
    details: list[Json]


class _GoogleRefusal(Struct, forbid_unknown_fields=True):
    error: _GoogleError


_GOOGLES_WORDS: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    415: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    502: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""What google.rpc.Code has for each of our statuses."""


def _openai_refused(body: bytes) -> tuple[str, str]:
    error = msgspec.json.decode(body, type=_Refusal).error
    assert error.request_id.startswith("req_")
    return error.message, error.code


class Chat:
    name = "chat"

    def path(self, model: str, *, stream: bool) -> str:
        return "/v1/chat/completions"

    def body(self, model: str, *, stream: bool, **more: object) -> Json:
        return {"model": model, "messages": [user(PROMPT)], "stream": stream, **more}

    async def ask(self, url: str, model: str, *, stream: bool) -> str:
        async with _openai(url) as client:
            if not stream:
                whole = await client.chat.completions.create(
                    model=model, messages=turns(user(PROMPT))
                )
                return whole.choices[0].message.content or ""
            pieces: list[str] = []
            reason = None
            async for chunk in await client.chat.completions.create(
                model=model, messages=turns(user(PROMPT)), stream=True
            ):
                for choice in chunk.choices:
                    pieces.append(choice.delta.content or "")
                    reason = choice.finish_reason or reason
            assert reason == "stop"
            return "".join(pieces)

    def refused(self, heard: "Heard") -> tuple[str, str]:
        return _openai_refused(heard.body)

    def broken(self, sent: list[Message]) -> str:
        assert not self.completed(sent)
        reasons = [text_at(each.json, "choices", 0, "finish_reason") for each in sent]
        assert not {"stop", "length", "tool_calls"} & set(reasons)
        return text_at(sent[-1].json, "error", "message")

    def completed(self, sent: list[Message]) -> bool:
        return any(message.data == "[DONE]" for message in sent)


class Responses:
    name = "responses"

    def path(self, model: str, *, stream: bool) -> str:
        return "/v1/responses"

    def body(self, model: str, *, stream: bool, **more: object) -> Json:
        return {"model": model, "input": PROMPT, "stream": stream, **more}

    async def ask(self, url: str, model: str, *, stream: bool) -> str:
        async with _openai(url) as client:
            if not stream:
                whole = await client.responses.create(model=model, input=PROMPT)
                return whole.output_text
            async for event in await client.responses.create(
                model=model, input=PROMPT, stream=True
            ):
                if event.type == "response.completed":
                    return event.response.output_text
                if event.type == "response.failed":
                    assert event.response.error is not None
                    raise Failed(event.response.error.message)
        raise AssertionError("neither completed nor failed")

    def refused(self, heard: "Heard") -> tuple[str, str]:
        return _openai_refused(heard.body)

    def broken(self, sent: list[Message]) -> str:
        assert not self.completed(sent)
        assert [each.event for each in sent].count("response.failed") == 1
        assert sent[-1].event == "response.failed"
        assert text_at(sent[-1].json, "response", "status") == "failed"
        return text_at(sent[-1].json, "response", "error", "message")

    def completed(self, sent: list[Message]) -> bool:
        return any(message.event == "response.completed" for message in sent)


class Messages:
    name = "messages"

    def path(self, model: str, *, stream: bool) -> str:
        return "/v1/messages"

    def body(self, model: str, *, stream: bool, **more: object) -> Json:
        asked = {"model": model, "messages": [user(PROMPT)], "max_tokens": 500}
        return {**asked, "stream": stream, **more}

    async def ask(self, url: str, model: str, *, stream: bool) -> str:
        async with AsyncAnthropic(base_url=url, api_key="none", max_retries=0) as client:
            if not stream:
                whole = await client.messages.create(
                    model=model, max_tokens=500, messages=[{"role": "user", "content": PROMPT}]
                )
                return "".join(block.text for block in whole.content if block.type == "text")
            async with client.messages.stream(
                model=model, max_tokens=500, messages=[{"role": "user", "content": PROMPT}]
            ) as stream_:
                whole = await stream_.get_final_message()
                return "".join(block.text for block in whole.content if block.type == "text")

    def refused(self, heard: "Heard") -> tuple[str, str]:
        refusal = msgspec.json.decode(heard.body, type=_AnthropicRefusal)
        assert refusal.request_id.startswith("req_")
        return refusal.error.message, refusal.error.type

    def broken(self, sent: list[Message]) -> str:
        assert not self.completed(sent)
        assert sent[-1].event == "error"
        refusal = ErrorResponse.model_validate({"request_id": None, **sent[-1].json}, strict=True)
        return refusal.error.message

    def completed(self, sent: list[Message]) -> bool:
        return any(message.event == "message_stop" for message in sent)


class Gemini:
    """There is no mark of a good end: the last message has a reason, or else it was none."""

    name = "gemini"

    def path(self, model: str, *, stream: bool) -> str:
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return f"/v1beta/models/{model}:{verb}"

    def body(self, model: str, *, stream: bool, **more: object) -> Json:
        return {"contents": [{"role": "user", "parts": [{"text": PROMPT}]}], **more}

    async def ask(self, url: str, model: str, *, stream: bool) -> str:
        async with googles(url) as models:
            config = GenerateContentConfig()
            if not stream:
                whole = await models.generate_content(model=model, contents=PROMPT, config=config)
                return whole.text or ""
            pieces: list[str] = []
            reason = None
            async for chunk in await models.generate_content_stream(
                model=model, contents=PROMPT, config=config
            ):
                for candidate in chunk.candidates or ():
                    reason = candidate.finish_reason or reason
                pieces.append(chunk.text or "")
            assert reason == "STOP"
            return "".join(pieces)

    def refused(self, heard: "Heard") -> tuple[str, str]:
        error = msgspec.json.decode(heard.body, type=_GoogleRefusal).error
        assert (error.code, error.status) == (heard.status, _GOOGLES_WORDS[heard.status])
        told = {str(detail["@type"]).rpartition(".")[2]: detail for detail in error.details}
        assert told["RequestInfo"]["requestId"] == heard.headers["x-request-id"]
        assert ("RetryInfo" in told) == ("retry-after" in heard.headers)
        return error.message, str(told["ErrorInfo"]["reason"]).lower()

    def broken(self, sent: list[Message]) -> str:
        assert not self.completed(sent)
        assert all(at(each.json, "error") is None for each in sent[:-1])
        assert text_at(sent[-1].json, "error", "status") in _GOOGLES_WORDS.values()
        return text_at(sent[-1].json, "error", "message")

    def completed(self, sent: list[Message]) -> bool:
        return any(text_at(each.json, "candidates", 0, "finishReason") for each in sent)


@asynccontextmanager
async def _openai(url: str) -> AsyncGenerator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        yield client


FRONTS: Mapping[str, Front] = {
    face.name: face for face in (Chat(), Responses(), Messages(), Gemini())
}

SDK_ERRORS = (openai.APIError, anthropic.APIError, google.APIError, Failed)
"""What an SDK says instead of an answer."""


def status_of(error: Exception) -> int:
    """The status that an SDK's error came with; 0 where it came in a stream."""
    if isinstance(error, google.APIError):
        return error.code
    return getattr(error, "status_code", 0)


def advises(message: str) -> bool:
    """Whether it says what to do, beside what happened."""
    said = message.lower()
    words = ("try again", "ask again", "another", "operator", "check ", "set the ", "send less")
    return any(word in said for word in words)


class Heard(Struct, frozen=True, kw_only=True):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        return msgspec.json.decode(self.body, type=dict[str, Any])

    @property
    def messages(self) -> list[Message]:
        return messages(self.body)


async def call(face: Front, url: str, model: str, *, stream: bool, **more: object) -> Heard:
    """One call in a dialect, by hand."""
    return await post(
        url + face.path(model, stream=stream), face.body(model, stream=stream, **more)
    )


async def post(url: str, body: Json, headers: Mapping[str, str] | None = None) -> Heard:
    """One call by plain HTTP, with all that came."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=body, headers=headers) as reply,
    ):
        pieces = [piece async for piece in reply.content.iter_any()]
        named = {name.lower(): value for name, value in reply.headers.items()}
        return Heard(status=reply.status, headers=named, body=b"".join(pieces))
