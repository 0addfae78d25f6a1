"""The vendors' doors: which paths they have, and how each reads, replies and refuses."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from manymind.server.simulated import (
    chat_reply,
    chat_request,
    errors,
    gemini_reply,
    gemini_request,
    messages_reply,
    messages_request,
    responses_reply,
    responses_request,
)
from manymind.server.simulated.knobs import Knobs
from manymind.server.simulated.talk import Asked, Frame, Json, Refused, Reply


class House(Struct, frozen=True, kw_only=True):
    """One wire contract. `whole` gives a reply, `stream` tells the same reply in events.

    `kind` is the `object` (or `type`) that a whole reply bears; `fails` that a failed answer can
    have status 200.
    """

    name: str
    kind: str
    request_id: str
    read: Callable[[Json], Asked]
    whole: Callable[[Asked, Reply, Knobs], Json]
    stream: Callable[[Json, Asked, Knobs], Iterator[Frame]]
    refusal: Callable[[Refused, str], Json]
    broken: Callable[[int], Frame]
    too_long: Callable[[int, int], Refused]
    headers: Mapping[str, str] = {}


def _openai_refusal(refused: Refused, request_id: str) -> Json:
    return errors.openai(refused)


def _chat_broken(number: int) -> Frame:
    return Frame(errors.openai(errors.broken()))


def _responses_broken(number: int) -> Frame:
    event = {"type": "error", "sequence_number": number, "code": "server_error", "param": None}
    return Frame({**event, "message": errors.broken().message}, "error")


def _messages_broken(number: int) -> Frame:
    refused = errors.of_status(529)
    error = errors.anthropic(refused, "")["error"]
    return Frame({"type": "error", "error": error}, "error")


def _google_refusal(refused: Refused, request_id: str) -> Json:
    return errors.google(refused)


def _google_broken(number: int) -> Frame:
    return Frame(errors.google(errors.of_status(503)))


def _google_too_long(tokens: int, window: int) -> Refused:
    return Refused(
        400,
        f"The input token count ({tokens}) exceeds the maximum number of tokens allowed "
        f"({window}).",
    )


def _openai_too_long(tokens: int, window: int) -> Refused:
    return Refused(
        400,
        f"This model's maximum context length is {window} tokens. However, your messages "
        f"resulted in {tokens} tokens. Please reduce the length of the messages.",
        code="context_length_exceeded",
        param="messages",
    )


def _responses_too_long(tokens: int, window: int) -> Refused:
    return Refused(
        400,
        "Your input exceeds the context window of this model. Please adjust your input and try "
        "again.",
        code="context_length_exceeded",
        param="input",
    )


def _messages_too_long(tokens: int, window: int) -> Refused:
    return Refused(400, f"prompt is too long: {tokens} tokens > {window} maximum")


CHAT = House(
    name="chat",
    kind="chat.completion",
    request_id="x-request-id",
    read=chat_request.read,
    whole=chat_reply.whole,
    stream=chat_reply.stream,
    refusal=_openai_refusal,
    broken=_chat_broken,
    too_long=_openai_too_long,
)
RESPONSES = House(
    name="responses",
    kind="response",
    request_id="x-request-id",
    read=responses_request.read,
    whole=responses_reply.whole,
    stream=responses_reply.stream,
    refusal=_openai_refusal,
    broken=_responses_broken,
    too_long=_responses_too_long,
)
MESSAGES = House(
    name="messages",
    kind="message",
    request_id="request-id",
    read=messages_request.read,
    whole=messages_reply.whole,
    stream=messages_reply.stream,
    refusal=errors.anthropic,
    broken=_messages_broken,
    too_long=_messages_too_long,
)
GEMINI = House(
    name="gemini",
    kind="generateContent",
    request_id="x-request-id",
    read=gemini_request.read,
    whole=gemini_reply.whole,
    stream=gemini_reply.stream,
    refusal=_google_refusal,
    broken=_google_broken,
    too_long=_google_too_long,
)
PATHS = {"/chat/completions": CHAT, "/responses": RESPONSES, "/messages": MESSAGES}
COUNTERS = {"/responses/input_tokens": RESPONSES, "/messages/count_tokens": MESSAGES}
