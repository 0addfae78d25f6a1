"""Exit codes: the same for every command, and listed by `manymind help-exits`."""

from manymind.canon.faults import (
    BadRequest,
    Fault,
    Forbidden,
    NotFound,
    OverBudget,
    RateLimited,
    TimedOut,
    TooLarge,
    Unauthorized,
    UpstreamRefused,
)

OK, INTERNAL, USAGE, CONFIGURATION, NOT_FOUND = 0, 1, 2, 3, 4
BUDGET, PROVIDERS, TIME, REFUSED, INTERRUPTED = 5, 6, 7, 9, 130
SIGNALLED = 128
"""From here on a code says which signal ended the program."""

MEANINGS: tuple[tuple[int, str], ...] = (
    (OK, "done"),
    (INTERNAL, "something went wrong in manymind itself, or in writing its output"),
    (USAGE, "the command line, or the request it makes, is wrong"),
    (CONFIGURATION, "the configuration or a credential is missing or wrong"),
    (NOT_FOUND, "a file, model or other named thing is not there"),
    (BUDGET, "the budget was reached; what there is was written"),
    (PROVIDERS, "the providers failed, after retries"),
    (TIME, "the time limit was reached; what there is was written"),
    (REFUSED, "refused by a policy or a limit"),
    (INTERRUPTED, "interrupted; what there is was written"),
)

_BY_FAULT: tuple[tuple[type[Fault], int], ...] = (
    (OverBudget, BUDGET),
    (NotFound, NOT_FOUND),
    (Unauthorized, CONFIGURATION),
    (UpstreamRefused, CONFIGURATION),
    (TimedOut, TIME),
    (RateLimited, PROVIDERS),
    (Forbidden, REFUSED),
    (TooLarge, REFUSED),
    (BadRequest, USAGE),
)

_BY_REASON = {"max_cost": BUDGET, "deadline": TIME}


def of_fault(fault: Fault) -> int:
    for kind, code in _BY_FAULT:
        if isinstance(fault, kind):
            return code
    return PROVIDERS if fault.retryable else INTERNAL


def of_answer(status: str, reason: str | None) -> int:
    """An answer that was cut short still counts as done, but for the caps the user set."""
    return OK if status == "completed" else _BY_REASON.get(reason or "", OK)
