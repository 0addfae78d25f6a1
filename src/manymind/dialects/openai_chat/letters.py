"""Questions and answers of Chat that are passed on unopened."""

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from manymind.canon.answers import Answer
from manymind.canon.events import Stopped, Wire
from manymind.canon.letters import Letter
from manymind.canon.requests import Reasoning, Request
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.openai_chat.flavour import Flavour
from manymind.dialects.openai_chat.hearing import REASONS
from manymind.dialects.openai_chat.parts import NAME
from manymind.dialects.openai_chat.replies import INCOMPLETE
from manymind.dialects.openai_chat.requests import read_request
from manymind.dialects.openai_chat.usage import skim_usage, write_cost, write_usage
from manymind.dialects.sealing import (
    COUNT,
    TEXT,
    UNREADABLE,
    Envelope,
    Fields,
    Reads,
    counts_known,
    read_fields,
    seal,
    spliced,
    told,
    unsealed,
    value,
)

PLAIN = frozenset(
    {
        *("model", "messages", "stream", "stream_options", "n", "user", "service_tier"),
        *("max_tokens", "max_completion_tokens", "stop", "seed", "temperature", "top_p", "top_k"),
        *("min_p", "presence_penalty", "frequency_penalty", "repetition_penalty", "logit_bias"),
        *("logprobs", "top_logprobs", "response_format", "verbosity", "reasoning_effort"),
        *("tools", "tool_choice", "parallel_tool_calls"),
        *("prompt_cache_key", "safety_identifier"),
    }
)
"""Fields that the gateway passes on and does not act upon."""

PLAINEST = Flavour()


_NULL = Raw(b"null")


class _Options(Struct):
    include_usage: bool | None = None


_OPTIONS = msgspec.json.Decoder(_Options)


class _Text(Struct, forbid_unknown_fields=True):
    type: Literal["text"]
    text: str


class _Function(Struct, forbid_unknown_fields=True):
    name: str
    arguments: str


class _Call(Struct, forbid_unknown_fields=True):
    id: str
    function: _Function
    type: Literal["function"] = "function"


class _Message(Struct, forbid_unknown_fields=True):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[_Text] | None = None
    name: str | None = None
    tool_calls: list[_Call] | None = None
    tool_call_id: str | None = None
    refusal: None = None


class _Declared(Struct, forbid_unknown_fields=True):
    name: str
    description: str | None = None
    parameters: Raw = _NULL
    strict: bool | None = None


class _Tool(Struct, forbid_unknown_fields=True):
    type: Literal["function"]
    function: _Declared


_MESSAGES = msgspec.json.Decoder(list[_Message])
_TOOLS = msgspec.json.Decoder(list[_Tool])


class _Choice(Struct):
    finish_reason: str | None = None


class _Skimmed(Struct):
    choices: list[_Choice]
    id: str = ""
    model: str = ""
    created: int = 0
    usage: Raw = _NULL
    error: Raw | UnsetType = UNSET


_STOPS = {
    word: (Stopped(reason=known, native=None if known == word else word),)
    for word, known in REASONS.items()
}
_SKIMMED = msgspec.json.Decoder(_Skimmed)


def _effort(raw: Raw) -> Reasoning:
    return Reasoning(effort=TEXT.decode(raw))


def _usage_wanted(raw: Raw) -> bool | None:
    return _OPTIONS.decode(raw).include_usage


_READS: Reads = {
    "stream_options": ("stream_usage", _usage_wanted),
    "max_tokens": ("max_output_tokens", COUNT.decode),
    "max_completion_tokens": ("max_output_tokens", COUNT.decode),
    "n": ("n", COUNT.decode),
    "reasoning_effort": ("reasoning", _effort),
    "service_tier": ("service_tier", TEXT.decode),
    "user": ("user", TEXT.decode),
    "prompt_cache_key": ("prompt_cache_key", TEXT.decode),
}


def _outline(body: bytes, fields: Fields, model: str, streamed: bool) -> Request | None:
    """Two caps on output are one too many to know which holds."""
    if "max_tokens" in fields and "max_completion_tokens" in fields:
        return None
    return Request(model=model, dialect=NAME, stream=streamed, **told(fields, _READS))


def _textual(fields: Fields) -> None:
    _MESSAGES.decode(fields["messages"])
    value(fields, "tools", _TOOLS)


_ENVELOPE = Envelope(
    dialect=NAME,
    history="messages",
    plain=PLAIN,
    texts=("messages",),
    opener=read_request,
    outline=_outline,
    textual=_textual,
)


def read_letter(body: bytes) -> Letter | None:
    return seal(body, _ENVELOPE)


def write_letter(flavour: Flavour, letter: Letter, model: str) -> bytes:
    """Chat tells what a stream used only if asked. We must know; the caller need not hear it."""
    asked = letter.outline
    if not asked.stream or asked.stream_usage or "stream_options" in flavour.lacks:
        return unsealed(letter, model)
    options = letter.fields.get("stream_options")
    kept = None if options is None else read_fields(bytes(options))
    more: Json = {"stream_options": {**(kept or {}), "include_usage": True}}
    return unsealed(letter, model, more)


def takes(flavour: Flavour, letter: Letter) -> bool:
    """Whether a server would have none of this otherwise."""
    if flavour == PLAINEST:
        return True
    others = {*flavour.lacks, *(name for name, _ in flavour.renamed)}
    if flavour.cap is not None:
        others |= {"max_tokens", "max_completion_tokens"} - {flavour.cap}
    return not flavour.nameless and others.isdisjoint(letter.fields)


def skim_reply(body: bytes) -> Answer | None:
    """Who answered, what it used and how it ended; None where that is not plain to see. What an
    answer used that does not say so can be told from its words alone."""
    try:
        if not body.isascii():
            body.decode()
        seen = _SKIMMED.decode(body)
        usage = skim_usage(seen.usage) if b":" in bytes(seen.usage) else None
    except UNREADABLE:
        return None
    if usage is None or seen.error is not UNSET or not seen.choices:
        return None
    reason = None
    for choice in seen.choices:
        if choice.finish_reason == "error":
            return None
        reason = reason or INCOMPLETE.get(choice.finish_reason or "")
    return Answer(
        id=seen.id,
        model=seen.model,
        created=seen.created,
        stops=_stops(seen.choices[0].finish_reason),
        usage=usage,
        status="incomplete" if reason else "completed",
        reason=reason,
        wire=Wire(NAME, {"model": seen.model, "usage": seen.usage}, whole=True, sealed=body),
    )


def _stops(reason: str | None) -> tuple[Stopped, ...]:
    """Why the first choice stopped, as far as its own word for it tells."""
    if reason is None:
        return ()
    return _STOPS.get(reason) or (Stopped(reason="other", native=reason[:200]),)


def write_sealed(answer: Answer, wire: Wire) -> bytes:
    """A reply of a Chat server, but for the model and the cost that we know better."""
    body, better = wire.sealed, _better(answer)
    if answer.model == wire.data["model"]:
        if not better:
            return body
        priced = spliced(body, wire.data["usage"], write_cost(answer.usage or Usage()))
        if priced is not None:
            return priced
    fields = read_fields(body)
    if fields is None:
        return body
    named = msgspec.json.encode(answer.model) if answer.model else b""
    if named and bytes(fields.get("model", b"")) != named:
        better["model"] = answer.model
    if answer.usage is not None and "usage" in better:
        better["usage"] = _usage(answer.usage, fields.get("usage"))
    return msgspec.json.encode({**fields, **better}) if better else body


def _better(answer: Answer) -> dict[str, object]:
    return {"usage": None} if counts_known(answer.usage) else {}


def _usage(usage: Usage, said: Raw | None) -> Mapping[str, object]:
    fields = read_fields(bytes(said)) if said is not None else None
    return write_usage(usage) if fields is None else {**fields, **write_cost(usage)}
