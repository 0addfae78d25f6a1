"""Questions and answers of Responses that are passed on unopened.

None of them is kept here, nor goes on from what was: that is for whoever opens them.
"""

from typing import Literal

import msgspec
from msgspec import Raw, Struct

from manymind.canon.answers import Answer
from manymind.canon.events import Stopped, Wire
from manymind.canon.letters import Letter
from manymind.canon.requests import Reasoning, Request
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.mirror import View
from manymind.dialects.openai_responses.request_reader import read_request
from manymind.dialects.openai_responses.response_writer import patched
from manymind.dialects.openai_responses.usage import skim_usage
from manymind.dialects.openai_responses.words import ENCRYPTED, ENDED, LOGPROBS, NAME, STOPS
from manymind.dialects.sealing import (
    COUNT,
    FLAG,
    TEXT,
    UNREADABLE,
    Envelope,
    Fields,
    Reads,
    counts_known,
    seal,
    spliced,
    told,
    unsealed,
    value,
)
from manymind.dialects.seals import is_marked

PLAIN = frozenset(
    {
        *("model", "input", "instructions", "stream", "store", "include", "metadata", "user"),
        *("tools", "tool_choice", "parallel_tool_calls", "text", "reasoning", "service_tier"),
        *("max_output_tokens", "temperature", "top_p", "presence_penalty", "frequency_penalty"),
        *("top_logprobs", "truncation", "prompt_cache_key", "prompt_cache_retention"),
        "safety_identifier",
    }
)
"""Fields that the gateway passes on and does not act upon, as long as nothing is kept."""

_INCLUDED = frozenset({ENCRYPTED, LOGPROBS})

_ELSEWHERE = frozenset({"item_reference", "compaction"})
"""Items that stand for others, which lie here."""

_TOLD = frozenset({"message", "reasoning", "function_call"})
"""Items of a reply that say all they cost in its usage."""

_NULL = Raw(b"null")

_WORDS = msgspec.json.Decoder(list[str])
_JSON = msgspec.json.Decoder(dict[str, object])


class _Thinking(Struct):
    effort: str | None = None


class _Kind(Struct):
    type: str | None = None
    role: str | None = None
    encrypted_content: str | None = None


class _Text(Struct, forbid_unknown_fields=True):
    type: Literal["input_text", "output_text", "summary_text", "reasoning_text"]
    text: str
    annotations: tuple[()] = ()
    logprobs: tuple[()] = ()


class _Item(Struct, forbid_unknown_fields=True):
    type: Literal["message", "function_call", "function_call_output", "reasoning"] = "message"
    role: Literal["user", "assistant", "system", "developer"] | None = None
    content: str | list[_Text] | None = None
    id: str | None = None
    status: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    output: str | list[_Text] | None = None
    summary: list[_Text] | None = None
    encrypted_content: str | None = None


class _Tool(Struct, forbid_unknown_fields=True):
    type: Literal["function"]
    name: str
    description: str | None = None
    parameters: Raw = _NULL
    strict: bool | None = None


_THINKING = msgspec.json.Decoder(_Thinking)
_KINDS = msgspec.json.Decoder(list[_Kind])
_ITEMS = msgspec.json.Decoder(str | list[_Item])
_TOOLS = msgspec.json.Decoder(list[_Tool])


class _Reason(Struct):
    reason: str | None = None


class _Skimmed(Struct):
    output: list[_Kind]
    id: str = ""
    model: str = ""
    created_at: int = 0
    status: str | None = None
    incomplete_details: _Reason | None = None
    usage: Raw = _NULL
    tool_usage: None = None
    error: None = None


_STOPS = {word: (Stopped(reason=word, native="completed"),) for word in ("stop", "tool_calls")}
_REFUSAL = b'"refusal"'
_SKIMMED = msgspec.json.Decoder(_Skimmed)


def _effort(raw: Raw) -> Reasoning | None:
    effort = _THINKING.decode(raw).effort
    return None if effort is None else Reasoning(effort=effort)


_READS: Reads = {
    "store": ("store", FLAG.decode),
    "max_output_tokens": ("max_output_tokens", COUNT.decode),
    "reasoning": ("reasoning", _effort),
    "metadata": ("metadata", _JSON.decode),
    "service_tier": ("service_tier", TEXT.decode),
    "user": ("user", TEXT.decode),
    "prompt_cache_key": ("prompt_cache_key", TEXT.decode),
}


def _outline(body: bytes, fields: Fields, model: str, streamed: bool) -> Request | None:
    if "include" in fields and not _INCLUDED.issuperset(value(fields, "include", _WORDS) or ()):
        return None
    if not _here(fields):
        return None
    return Request(model=model, dialect=NAME, stream=streamed, **told(fields, _READS))


def _here(fields: Fields) -> bool:
    """Whether every item says itself what it says, and none holds another vendor's seal."""
    said = fields["input"]
    if bytes(memoryview(said)[:1]) == b'"':
        return True
    for kind in _KINDS.decode(said):
        named = kind.role if kind.type is None else kind.type
        if named is None or named in _ELSEWHERE or is_marked(kind.encrypted_content):
            return False
    return True


def _textual(fields: Fields) -> None:
    _ITEMS.decode(fields["input"])
    value(fields, "tools", _TOOLS)


_ENVELOPE = Envelope(
    dialect=NAME,
    history="input",
    plain=PLAIN,
    texts=("input", "instructions"),
    short=True,
    opener=read_request,
    outline=_outline,
    textual=_textual,
)


def read_letter(body: bytes) -> Letter | None:
    return seal(body, _ENVELOPE)


def write_letter(letter: Letter, model: str) -> bytes:
    """Responses are kept by whoever is not forbidden to."""
    more: Json | None = {"store": False} if letter.outline.store is None else None
    return unsealed(letter, model, more)


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
    status = seen.status or "completed"
    kinds = {item.type for item in seen.output}
    if usage is None or status not in ENDED or not _TOLD.issuperset(kinds) or _REFUSAL in body:
        return None
    details = seen.incomplete_details
    reason = None if details is None else details.reason
    return Answer(
        id=seen.id,
        model=seen.model,
        created=seen.created_at,
        stops=_stops(status, reason, called="function_call" in kinds),
        usage=usage,
        status=status,
        reason=reason,
        wire=Wire(NAME, {"model": seen.model, "usage": seen.usage}, whole=True, sealed=body),
    )


def _stops(status: str, reason: str | None, *, called: bool) -> tuple[Stopped, ...]:
    """Why it stopped, as far as nobody refused: for that one has to look into the messages."""
    if status == "completed":
        return _STOPS["tool_calls" if called else "stop"]
    return (Stopped(reason=STOPS.get(reason or "", "other"), native=reason or status),)


def write_sealed(answer: Answer, wire: Wire, request: Request, view: View) -> bytes:
    """A response as its upstream wrote it, but for what the gateway knows better."""
    usage, body = answer.usage or Usage(), wire.sealed
    if answer.model == wire.data["model"] and answer.created:
        if not counts_known(answer.usage):
            return body
        cost: Json = {} if usage.cost is None else {"cost_in_usd_ticks": usage.cost}
        priced = spliced(body, wire.data["usage"], cost)
        if priced is not None:
            return priced
    return msgspec.json.encode(patched(msgspec.json.decode(body), answer, request, view))
