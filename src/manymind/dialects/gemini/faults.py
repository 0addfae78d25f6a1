"""Faults as Google writes them (google.rpc.Status), both ways."""

import math
import re
from typing import cast

import msgspec

from manymind.canon.faults import (
    BadRequest,
    Conflict,
    ContextTooLong,
    Fault,
    NoSuchModel,
    NotFound,
    Overloaded,
    RateLimited,
    TimedOut,
    TooLarge,
    Unsupported,
    UpstreamBroken,
    UpstreamRefused,
)
from manymind.canon.values import Json
from manymind.dialects.reading import encode

MESSAGE_MAX = 500
"""Characters of an upstream's message that are passed on."""

_BY_WORD: dict[str, type[Fault]] = {
    "INVALID_ARGUMENT": BadRequest,
    "OUT_OF_RANGE": BadRequest,
    "FAILED_PRECONDITION": UpstreamRefused,
    "UNAUTHENTICATED": UpstreamRefused,
    "PERMISSION_DENIED": UpstreamRefused,
    "NOT_FOUND": NotFound,
    "ALREADY_EXISTS": Conflict,
    "ABORTED": Conflict,
    "RESOURCE_EXHAUSTED": RateLimited,
    "UNIMPLEMENTED": Unsupported,
    "UNAVAILABLE": Overloaded,
    "DEADLINE_EXCEEDED": TimedOut,
}

_BY_STATUS: dict[int, type[Fault]] = {
    401: UpstreamRefused,
    402: UpstreamRefused,
    403: UpstreamRefused,
    404: NotFound,
    408: TimedOut,
    409: Conflict,
    413: TooLarge,
    429: RateLimited,
    503: Overloaded,
    504: TimedOut,
    524: TimedOut,
    529: Overloaded,
}

_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

_TYPE = "type.googleapis.com/google.rpc."
_KEY = re.compile(r"\bAIza[\w.*-]{4,}|\bAQ\.[\w.*-]{8,}|(?i:\b(?:bearer\s+|key=)\S+)")
_TOO_LONG = re.compile(r"(?i)token count.{0,40}exceeds|exceeds the maximum number of tokens")
_KEY_REASONS = frozenset({"API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "API_KEY_EXPIRED"})


def read_fault(status: int, body: bytes, retry_after: float | None) -> Fault:
    """The fault behind a reply of this status."""
    try:
        found: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        found = None
    return _fault(status, _status(found), retry_after)


def read_error(body: Json) -> Fault:
    """The error that came with status 200: in a reply, or in the middle of a stream."""
    error = _status(body)
    code = error.get("code")
    known = isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 600
    return _fault(code if known and isinstance(code, int) else 500, error, None)


def _status(value: object) -> Json:
    """The status in its usual place; without SSE it may lie in an array."""
    if isinstance(value, list) and value:
        value = cast("list[object]", value)[0]
    fields = cast("Json", value) if isinstance(value, dict) else {}
    inner = fields.get("error")
    if isinstance(inner, str):
        return {"message": inner}
    return cast("Json", inner) if isinstance(inner, dict) else fields


def _fault(status: int, error: Json, retry_after: float | None) -> Fault:
    details = _details(error)
    message = _plain(error.get("message"))
    word = error.get("status")
    found = _BY_STATUS.get(status)
    if found is None:  # Google has several words for 400 and 500; elsewhere the status says more.
        ordinary = BadRequest if status < 500 else UpstreamBroken
        found = _BY_WORD.get(word, ordinary) if isinstance(word, str) else ordinary
    reasons = {detail.get("reason") for detail in details}
    if issubclass(found, UpstreamRefused) or reasons & _KEY_REASONS or "API key" in message:
        # Its own words stay behind: they may quote the key, and name the account.
        return UpstreamRefused(
            f"The provider does not accept our key or account ({status}).",
            advice="The operator of this server must look at the provider's key or account.",
            retry_after=retry_after,
        )
    if issubclass(found, BadRequest) and _TOO_LONG.search(message):
        found = ContextTooLong
    if found is NotFound and "model" in message.lower():
        found = NoSuchModel
    told = f"The provider answered {status}: {message}" if message else f"It answered {status}."
    wait = retry_after if retry_after is not None else _delay(details)
    return found(told, retry_after=wait, field=_field(details))


def _details(error: Json) -> list[Json]:
    details = error.get("details")
    listed = cast("list[object]", details) if isinstance(details, list) else []
    return [cast("Json", one) for one in listed if isinstance(one, dict)]


def _delay(details: list[Json]) -> float | None:
    """Seconds to wait, which Google writes as `34.07s`."""
    for detail in details:
        said = detail.get("retryDelay")
        if isinstance(said, str) and said.endswith("s"):
            try:
                seconds = float(said[:-1])
            except ValueError:
                continue
            if math.isfinite(seconds):
                return max(0.0, seconds)
    return None


def _field(details: list[Json]) -> str | None:
    for detail in details:
        violations = detail.get("fieldViolations")
        for one in cast("list[object]", violations) if isinstance(violations, list) else []:
            field = cast("Json", one).get("field") if isinstance(one, dict) else None
            if isinstance(field, str) and field:
                return field[:200]
    return None


def _plain(message: object) -> str:
    """A provider's words, bounded, on one line, without a key."""
    if not isinstance(message, str):
        return ""
    text = _KEY.sub("[key]", " ".join(message[: 4 * MESSAGE_MAX].split()))
    return text if len(text) <= MESSAGE_MAX else f"{text[: MESSAGE_MAX - 1]}…"


def write_fault(fault: Fault, request_id: str) -> bytes:
    details = error_object(fault)
    if request_id:
        listed = cast("list[Json]", details["details"])
        listed.append({"@type": f"{_TYPE}RequestInfo", "requestId": request_id})
    return encode({"error": details})


def error_object(fault: Fault) -> Json:
    """The status; its reason is our word for the fault."""
    reason: Json = {
        "@type": f"{_TYPE}ErrorInfo",
        "reason": fault.code.upper(),
        "domain": "manymind",
    }
    details: list[Json] = [reason]
    if fault.field is not None:
        violation: Json = {"field": fault.field, "description": fault.message}
        details.append({"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]})
    if fault.retry_after is not None:
        delay = f"{max(0.0, fault.retry_after):.3f}s"
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": delay})
    word = _WORDS.get(fault.status, "INVALID_ARGUMENT" if fault.status < 500 else "INTERNAL")
    return {"code": fault.status, "message": fault.full, "status": word, "details": details}
