"""Faults, both ways, by Anthropic's names."""

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
    UpstreamBroken,
    UpstreamRefused,
)
from manymind.canon.values import Json
from manymind.dialects.reading import encode

MESSAGE_MAX = 1000
"""Characters of an upstream's message that are passed on."""

_BY_TYPE: dict[str, type[Fault]] = {
    "invalid_request_error": BadRequest,
    "authentication_error": UpstreamRefused,
    "billing_error": UpstreamRefused,
    "permission_error": UpstreamRefused,
    "not_found_error": NotFound,
    "conflict_error": Conflict,
    "request_too_large": TooLarge,
    "rate_limit_error": RateLimited,
    "timeout_error": TimedOut,
    "overloaded_error": Overloaded,
    "api_error": UpstreamBroken,
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

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}

_TOO_LONG = ("prompt is too long", "context window", "context limit", "context length")
_NO_CREDIT = "credit balance"


def read_fault(status: int, body: bytes, retry_after: float | None) -> Fault:
    """The fault behind a reply of this status."""
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        value = None
    kind, message = _complaint(value)
    general = BadRequest if 400 <= status < 500 else UpstreamBroken
    found = _BY_STATUS.get(status, general)
    if found is general:
        named = _BY_TYPE.get(kind, general)
        found = named if issubclass(named, general) or named is UpstreamRefused else general
    return _fault(found, message or f"The provider answered {status}.", retry_after)


def reported(event: Json) -> Fault:
    """The fault that an error within a stream tells of."""
    kind, message = _complaint(event)
    return _fault(_BY_TYPE.get(kind, UpstreamBroken), message or "The provider failed.", None)


def _complaint(value: object) -> tuple[str, str]:
    """The type and the message of an error object, in its usual place."""
    fields = cast("Json", value) if isinstance(value, dict) else {}
    inner = fields.get("error")
    if isinstance(inner, dict):
        fields = cast("Json", inner)
    elif isinstance(inner, str):
        fields = {"message": inner}
    kind, message = fields.get("type"), fields.get("message")
    return (
        kind if isinstance(kind, str) else "",
        message[:MESSAGE_MAX] if isinstance(message, str) else "",
    )


def _fault(found: type[Fault], message: str, retry_after: float | None) -> Fault:
    lower = message.lower()
    if issubclass(found, UpstreamRefused) or (found is BadRequest and _NO_CREDIT in lower):
        # An upstream may quote the key that it refuses, so its own words stay behind.
        return UpstreamRefused(
            "The provider refused our credentials or has no credit left.",
            advice="The operator must check the provider's key and account.",
            retry_after=retry_after,
        )
    if found is BadRequest and any(words in lower for words in _TOO_LONG):
        found = ContextTooLong
    if found is NotFound and "model" in lower:
        found = NoSuchModel
    return found(message, retry_after=retry_after)


def write_fault(fault: Fault, request_id: str) -> bytes:
    return encode({**error_object(fault), "request_id": request_id})


def error_object(fault: Fault) -> Json:
    """The error in the dialect's words; it has no place of its own for the field at fault."""
    kind = "api_error" if fault.status >= 500 else "invalid_request_error"
    message = fault.full
    if fault.field is not None and fault.field not in message:
        message = f"{fault.field}: {message}"
    return {
        "type": "error",
        "error": {"type": _TYPES.get(fault.status, kind), "message": message},
    }
