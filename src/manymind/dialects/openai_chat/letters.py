"""Questions and answers of Chat that are passed on unopened."""

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from manymind.canon.answers import Answer
from manymind.canon.events import Stopped, Wire
from manymind.canon.letters import Letter
from manymind.canon.usage import Usage
from manymind.dialects.openai_chat.flavour import Flavour
from manymind.dialects.openai_chat.hearing import REASONS
from manymind.dialects.openai_chat.parts import NAME
from manymind.dialects.openai_chat.replies import INCOMPLETE
from manymind.dialects.openai_chat.requests import read_request
from manymind.dialects.openai_chat.usage import skim_usage, write_cost, write_usage
from manymind.dialects.sealing import read_fields, seal

PLAIN = frozenset(
    {
        *("model", "messages", "stream", "stream_options", "n", "user"),
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


def read_letter(body: bytes) -> Letter | None:
    return seal(body, dialect=NAME, history="messages", plain=PLAIN, opener=read_request)


def takes(flavour: Flavour, letter: Letter) -> bool:
    """Whether a server would have none of this otherwise."""
    if flavour == PLAINEST:
        return True
    others = {*flavour.lacks, *(name for name, _ in flavour.renamed)}
    if flavour.cap is not None:
        others |= {"max_tokens", "max_completion_tokens"} - {flavour.cap}
    return not flavour.nameless and others.isdisjoint(letter.fields)


def skim_reply(body: bytes) -> Answer | None:
    """Who answered, what it used and how it ended; None where that is not plain to see."""
    try:
        if not body.isascii():
            body.decode()
        seen = _SKIMMED.decode(body)
        usage = None if bytes(seen.usage) == b"null" else skim_usage(seen.usage)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None
    if seen.error is not UNSET or not seen.choices:
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
        priced = _priced(body, wire.data["usage"], answer.usage)
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


def _priced(body: bytes, said: object, usage: Usage | None) -> bytes | None:
    """The body with what its usage costs written into that, where this is plain to do."""
    if not isinstance(said, Raw) or usage is None:
        return None
    counted, cost = bytes(said), write_cost(usage)
    plain = counted[-1:] == b"}" and b":" in counted and b'"cost' not in counted
    if not (plain and cost) or body.count(counted) != 1:
        return None
    end = body.index(counted) + len(counted) - 1
    return b"%b,%b%b" % (body[:end], msgspec.json.encode(cost)[1:-1], body[end:])


def _better(answer: Answer) -> dict[str, object]:
    usage = answer.usage
    known = usage is not None and (usage.cost is not None or usage.estimated)
    return {"usage": None} if known else {}


def _usage(usage: Usage, said: Raw | None) -> Mapping[str, object]:
    fields = read_fields(bytes(said)) if said is not None else None
    return write_usage(usage) if fields is None else {**fields, **write_cost(usage)}
