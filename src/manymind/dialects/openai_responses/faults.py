"""Faults within replies: `response.failed`, the event `error`, and an error in the object."""

from typing import cast

from manymind.canon.faults import BadRequest, Fault, RateLimited
from manymind.canon.values import Json
from manymind.dialects.openai_faults import read_error

_GENERAL = ("server_error", "invalid_prompt")


def reported(holder: object) -> Fault:
    """The fault that a response or an event tells of. Its error stands inside, or is the event.

    The few codes that the official types allow say little; then the type may say more."""
    fields = cast("Json", holder) if isinstance(holder, dict) else {}
    error = fields.get("error", fields)
    if not isinstance(error, dict):
        return read_error(error)
    inner = cast("Json", error)
    if inner.get("code") in _GENERAL and isinstance(inner.get("type"), str):
        inner = {**inner, "code": inner["type"]}
    return read_error(inner)


def write_error(fault: Fault) -> Json:
    """The error of a failed response. `code` is one of the few that the official types know;
    `type` is the one that we mean."""
    match fault:
        case RateLimited():
            code = "rate_limit_exceeded"
        case BadRequest():
            code = "invalid_prompt"
        case _:
            code = "server_error"
    return {"code": code, "message": fault.full, "type": fault.code, "param": fault.field}
