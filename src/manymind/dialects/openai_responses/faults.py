"""Faults within replies: `response.failed`, the event `error`, and an error in the object."""

from manymind.canon.faults import BadRequest, Fault, RateLimited
from manymind.canon.values import Json
from manymind.dialects.openai_faults import fault_for, read_complaint


def reported(error: object) -> Fault:
    """The fault that an error object, or a message that holds one, tells of."""
    return fault_for(read_complaint(error))


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
