"""Questions and answers of Messages that are passed on unopened."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from manymind.canon.answers import Answer
from manymind.canon.events import Stopped, Wire
from manymind.canon.letters import Letter
from manymind.canon.requests import Reasoning, Request
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.anthropic_messages.reply_writer import COST, as_it_came
from manymind.dialects.anthropic_messages.request_reader import read_request
from manymind.dialects.anthropic_messages.sealing import MARK
from manymind.dialects.anthropic_messages.usage import skim_usage
from manymind.dialects.anthropic_messages.words import NAME, STOPS
from manymind.dialects.sealing import (
    TEXT,
    UNREADABLE,
    Envelope,
    Fields,
    Reads,
    counts_known,
    seal,
    spliced,
    told,
    value,
)

PLAIN = frozenset(
    {
        *("model", "messages", "system", "max_tokens", "stream", "stop_sequences", "metadata"),
        *("tools", "tool_choice", "temperature", "top_p", "top_k", "thinking", "output_config"),
        "service_tier",
    }
)
"""Fields that the gateway passes on and does not act upon."""

_NULL = Raw(b"null")
_MARK = MARK.encode()
_THINKING = b'"thinking"'

_CAP = msgspec.json.Decoder(Annotated[int, Meta(ge=0, le=2**63 - 1)])


class _Config(Struct):
    effort: str | None = None


class _Metadata(Struct):
    user_id: str | None = None


class _Cache(Struct, forbid_unknown_fields=True):
    type: Literal["ephemeral"]


class _Text(Struct, forbid_unknown_fields=True):
    type: Literal["text"]
    text: str
    cache_control: _Cache | None = None


class _Block(Struct, forbid_unknown_fields=True):
    type: Literal["text", "tool_use", "tool_result", "thinking", "redacted_thinking"]
    text: str | None = None
    id: str | None = None
    name: str | None = None
    input: dict[str, object] | None = None
    tool_use_id: str | None = None
    content: str | list[_Text] | None = None
    is_error: bool | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    cache_control: _Cache | None = None


class _Message(Struct, forbid_unknown_fields=True):
    role: Literal["user", "assistant", "system"]
    content: str | list[_Block]


class _Tool(Struct, forbid_unknown_fields=True):
    name: str
    input_schema: Raw
    type: Literal["custom"] | None = None
    description: str | None = None
    strict: bool | None = None
    cache_control: _Cache | None = None


_CONFIG = msgspec.json.Decoder(_Config)
_METADATA = msgspec.json.Decoder(_Metadata)
_MESSAGES = msgspec.json.Decoder(list[_Message])
_SYSTEM = msgspec.json.Decoder(str | list[_Text])
_TOOLS = msgspec.json.Decoder(list[_Tool])


class _Vouched(Struct):
    type: str
    signature: str | None = None


class _Vouching(Struct):
    content: str | list[_Vouched]


_VOUCHED = msgspec.json.Decoder(list[_Vouching])


class _Given(Struct):
    """A block of an answer."""

    type: str


class _Skimmed(Struct):
    type: Literal["message"]
    content: list[_Given]
    usage: Raw = _NULL
    id: str = ""
    model: str = ""
    stop_reason: str | None = None
    stop_sequence: str | None = None


_STOPS = {word: (Stopped(reason=known, native=word),) for word, known in STOPS.items()}
_SKIMMED = msgspec.json.Decoder(_Skimmed)


def _effort(raw: Raw) -> Reasoning | None:
    effort = _CONFIG.decode(raw).effort
    return None if effort is None else Reasoning(effort=effort)


def _user(raw: Raw) -> str | None:
    return _METADATA.decode(raw).user_id


_READS: Reads = {
    "max_tokens": ("max_output_tokens", _CAP.decode),
    "metadata": ("user", _user),
    "output_config": ("reasoning", _effort),
    "service_tier": ("service_tier", TEXT.decode),
}


def _outline(body: bytes, fields: Fields, model: str, streamed: bool) -> Request | None:
    if _MARK in body:
        return None
    if _THINKING in body and not _signed(fields["messages"]):
        return None
    outline = Request(model=model, dialect=NAME, stream=streamed, **told(fields, _READS))
    return None if outline.max_output_tokens is None else outline


def _signed(messages: Raw) -> bool:
    """Whether every thought is vouched for, as its server wants it. A caller may have others
    from other vendors' models."""
    for message in _VOUCHED.decode(messages):
        if not isinstance(message.content, str):
            for block in message.content:
                if block.type == "thinking" and not block.signature:
                    return False
    return True


def _textual(fields: Fields) -> None:
    _MESSAGES.decode(fields["messages"])
    value(fields, "system", _SYSTEM)
    value(fields, "tools", _TOOLS)


_ENVELOPE = Envelope(
    dialect=NAME,
    history="messages",
    plain=PLAIN,
    texts=("messages", "system"),
    opener=read_request,
    outline=_outline,
    textual=_textual,
)


def read_letter(body: bytes) -> Letter | None:
    """Thoughts that were sealed for a caller of ours, and belong to another vendor, are taken out
    by whoever opens it."""
    return seal(body, _ENVELOPE)


def skim_reply(body: bytes) -> Answer | None:
    """Who answered, what it used and how it ended; None where that is not plain to see. What an
    answer used that does not say so can be told from its words alone."""
    try:
        if not body.isascii():
            body.decode()
        seen = _SKIMMED.decode(body)
        said = seen.usage
        usage = skim_usage(said) if b":" in bytes(said) else None
    except UNREADABLE:
        return None
    if usage is None:
        return None
    native, sequence = seen.stop_reason, seen.stop_sequence
    stops = _STOPS.get(native or "") if sequence is None else None
    reason = STOPS.get(native or "", "other")
    cut = reason == "length"
    return Answer(
        id=seen.id,
        model=seen.model,
        stops=stops or (Stopped(reason=reason, native=native, sequence=sequence),),
        usage=usage,
        status="incomplete" if cut else "completed",
        reason="max_output_tokens" if cut else None,
        wire=Wire(NAME, {"model": seen.model, "usage": said}, whole=True, sealed=body),
    )


def write_sealed(answer: Answer, wire: Wire) -> bytes:
    """A message as its upstream sent it, but for the model and the cost that we know better."""
    usage, body = answer.usage or Usage(), wire.sealed
    if answer.model == wire.data["model"]:
        if not counts_known(answer.usage):
            return body
        cost: Json = {} if usage.cost is None else {COST: usage.cost}
        priced = spliced(body, wire.data["usage"], cost)
        if priced is not None:
            return priced
    return msgspec.json.encode(as_it_came(msgspec.json.decode(body), answer))
