"""Faults as OpenAI and its many imitators write them, both ways; Chat and Responses share this."""

from typing import cast

import msgspec
from msgspec import Struct

from manymind.canon.faults import (
    BadRequest,
    Conflict,
    ContextTooLong,
    Fault,
    NoSuchModel,
    NotFound,
    OverBudget,
    Overloaded,
    RateLimited,
    TimedOut,
    TooLarge,
    Unsupported,
    UpstreamBroken,
    UpstreamRefused,
)
from manymind.dialects.reading import encode

MESSAGE_MAX = 1000
"""Characters of an upstream's message that are passed on."""

_CODES: dict[str, type[Fault]] = {
    "context_length_exceeded": ContextTooLong,
    "model_not_found": NoSuchModel,
    "unsupported_parameter": Unsupported,
    "unsupported_value": Unsupported,
    "invalid_request": BadRequest,
    "invalid_request_error": BadRequest,
    "invalid_prompt": BadRequest,
    "invalid_api_key": UpstreamRefused,
    "authentication_error": UpstreamRefused,
    "insufficient_quota": UpstreamRefused,
    "upstream_unauthorized": UpstreamRefused,
    "budget_exceeded": OverBudget,
    "rate_limit_exceeded": RateLimited,
    "rate_limit_error": RateLimited,
    "overloaded": Overloaded,
    "overloaded_error": Overloaded,
    "timeout": TimedOut,
    "vector_store_timeout": TimedOut,
    "shutting_down": Overloaded,
    "request_too_large": TooLarge,
    "server_error": UpstreamBroken,
}

_STATUSES: dict[int, type[Fault]] = {
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
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
}


class Complaint(Struct, frozen=True, kw_only=True):
    """What an upstream said was wrong; every field may be missing. Some write the HTTP status
    where others have a code."""

    message: str | None = None
    kind: str | None = None
    code: str | None = None
    param: str | None = None
    status: int | None = None


def read_fault(status: int, body: bytes, retry_after: float | None) -> Fault:
    """The fault behind a reply of this status."""
    complaint = read_complaint(_decoded(body))
    return fault_for(complaint, status=status, retry_after=retry_after)


def _decoded(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def read_complaint(value: object) -> Complaint:
    """Reads an error object, or a body that holds one in one of the usual places."""
    fields = _object(value)
    inner = fields.get("error")
    if isinstance(inner, dict):
        fields = _object(cast("object", inner))
    elif isinstance(inner, str):
        fields = {"message": inner, **fields}
    errors = fields.get("errors")
    if isinstance(errors, list) and errors:
        fields = _object(cast("list[object]", errors)[0])
    code = fields.get("code")
    return Complaint(
        message=_text(fields.get("message")) or _text(fields.get("detail")),
        kind=_text(fields.get("type")),
        code=_text(code),
        param=_text(fields.get("param")),
        status=code if isinstance(code, int) and 400 <= code < 600 else None,
    )


def _object(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value[:MESSAGE_MAX] if isinstance(value, str) and value else None


def fault_for(
    complaint: Complaint, *, status: int | None = None, retry_after: float | None = None
) -> Fault:
    """The fault that fits a complaint; `status` is missing where it came within a stream."""
    status = complaint.status if status is None else status
    kind = _kind(complaint, status)
    if issubclass(kind, UpstreamRefused):
        # An upstream may quote the key that it refuses, so its own words stay behind.
        return kind(
            "The provider refused our credentials or has no credit left.",
            advice="The operator must check the provider's key and account.",
            retry_after=retry_after,
        )
    told = complaint.message or (
        "The provider failed." if status is None else f"The provider answered {status}."
    )
    return kind(told, field=complaint.param, retry_after=retry_after)


def _kind(complaint: Complaint, status: int | None) -> type[Fault]:
    named = _CODES.get(complaint.code or "")
    if named in (None, BadRequest, UpstreamBroken):  # perhaps the type says more
        named = _CODES.get(complaint.kind or "") or named
    if status is None:
        return named or UpstreamBroken
    general = _STATUSES.get(status) or (BadRequest if 400 <= status < 500 else UpstreamBroken)
    if named is not None and (issubclass(named, general) or named is UpstreamRefused):
        return named
    if general is NotFound and "model" in (complaint.message or "").lower():
        return NoSuchModel
    return general


def write_fault(fault: Fault, request_id: str) -> bytes:
    """The body of an error; its id stands in the headers of the reply."""
    return encode({"error": error_object(fault)})


def error_object(fault: Fault) -> dict[str, object]:
    kind = "server_error" if fault.status >= 500 else "invalid_request_error"
    return {
        "message": fault.full,
        "type": _TYPES.get(fault.status, kind),
        "param": fault.field,
        "code": fault.code,
    }
