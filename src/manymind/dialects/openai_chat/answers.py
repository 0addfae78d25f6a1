"""A whole reply to the caller, written from the answer."""

from typing import cast

from manymind.canon.answers import Answer
from manymind.canon.events import Stopped
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.mirror import View
from manymind.dialects.openai_chat.hearing import grown
from manymind.dialects.openai_chat.letters import write_sealed
from manymind.dialects.openai_chat.parts import NAME
from manymind.dialects.openai_chat.speaking import finish, manner
from manymind.dialects.openai_chat.telling import Telling
from manymind.dialects.openai_chat.thoughts import renamed
from manymind.dialects.openai_chat.usage import write_cost, write_usage
from manymind.dialects.proofs import proved
from manymind.dialects.reading import encode

_NUMBERED = {"tool_calls", "annotations", "images"}
"""Lists whose entries bear a number in a stream, and none in a whole message."""


def write_reply(answer: Answer, request: Request, view: View) -> bytes:
    if answer.wire is not None and answer.wire.sealed and answer.wire.dialect == NAME:
        return write_sealed(answer, answer.wire)
    body = _body(answer, request, view)
    if view.house == "openrouter":
        body.setdefault("system_fingerprint", None)  # Its readers want the key in every reply.
        body = renamed(body, "message")
    return encode(body)


def _body(answer: Answer, request: Request, view: View) -> Json:
    wire = answer.wire
    if wire is not None and wire.dialect == NAME and wire.whole:
        return _as_it_came(answer, wire.data)
    body: Json = {
        "id": answer.id,
        "object": "chat.completion",
        "created": answer.created or view.created,
        "model": answer.model,
        "choices": _choices(answer, request, view),
    }
    if answer.usage is not None:
        body["usage"] = write_usage(answer.usage)
    body |= proved(answer.verification)
    if answer.aside is not None and answer.aside.dialect == NAME:
        return {**answer.aside.fields, **body}
    return body


def _as_it_came(answer: Answer, data: Json) -> Json:
    """A reply of a Chat server, but for the model and the cost that we know better."""
    body = dict(data)
    if answer.model:
        body["model"] = answer.model
    if answer.usage is not None:
        usage = body.get("usage")
        if isinstance(usage, dict):
            body["usage"] = {**cast("Json", usage), **write_cost(answer.usage)}
        else:
            body["usage"] = write_usage(answer.usage)
    return body


def _choices(answer: Answer, request: Request, view: View) -> list[Json]:
    telling = Telling(manner(request, view))
    stops = {stop.choice: stop for stop in answer.stops}
    messages: dict[int, Json] = {}
    logprobs: dict[int, list[Json]] = {}
    started = [told for number in (0, *stops) for told in telling.start(number)]
    for told in (*started, *telling.tell(answer)):
        message = messages.setdefault(told.choice, {})
        _add(message, told.delta)
        logprobs.setdefault(told.choice, []).extend(told.logprobs or ())
    choices: list[Json] = []
    for number, message in sorted(messages.items()):
        called = telling.choices[number].called
        reason = _reason(answer, stops.get(number), called=called)
        known = logprobs[number]
        choice: Json = {
            "index": number,
            "message": _settled(message),
            "finish_reason": reason,
            "logprobs": {"content": known, "refusal": None} if known else None,
        }
        if view.house == "openrouter":
            stop = stops.get(number)
            choice["native_finish_reason"] = (stop.native if stop else None) or reason
        choices.append(choice)
    return choices


def _reason(answer: Answer, stop: Stopped | None, *, called: bool) -> str:
    ended = None if answer.status == "completed" else answer.reason or answer.status
    return finish(stop.reason if stop else None, ended, called=called)


def _add(message: Json, delta: Json) -> None:
    """A message grown by a delta."""
    for name, value in delta.items():
        known = message.get(name)
        if isinstance(value, list) and isinstance(known, list):
            message[name] = [*cast("list[object]", known), *cast("list[object]", value)]
        elif isinstance(value, str) and isinstance(known, str):
            message[name] = known + value
        else:
            message[name] = value


def _settled(message: Json) -> Json:
    """What is in pieces made whole: the entries of a thought, the numbers of all else."""
    settled: Json = {**message, "content": message.get("content") or None}
    for field in _NUMBERED & message.keys():
        entries = cast("list[Json]", message[field])
        settled[field] = [{k: v for k, v in entry.items() if k != "index"} for entry in entries]
    details: dict[tuple[object, object], Json] = {}
    for piece in cast("list[Json]", message.get("reasoning_details") or []):
        place = (piece.get("index"), piece.get("type"))
        details[place] = grown(details[place], piece) if place in details else piece
    if details:
        settled["reasoning_details"] = list(details.values())
    if settled["content"] is None and "tool_calls" not in settled and "refusal" not in settled:
        settled["content"] = ""
    return {"refusal": None, **settled}
