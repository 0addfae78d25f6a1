"""When to try again, how long to wait, and when enough is enough. Pure."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from manymind.canon.faults import (
    BadRequest,
    ContextTooLong,
    CutShort,
    Fault,
    Forbidden,
    NoSuchModel,
    NotFound,
    OverBudget,
    Overloaded,
    RateLimited,
    TimedOut,
    TooLarge,
    Unauthorized,
    Unsupported,
    UpstreamBroken,
    UpstreamRefused,
)

_REFUSALS = (
    BadRequest,
    Forbidden,
    NotFound,
    OverBudget,
    Overloaded,
    RateLimited,
    TooLarge,
    Unauthorized,
    UpstreamRefused,
)

_ANOTHER_MAY = (ContextTooLong, NoSuchModel, OverBudget, Unsupported, UpstreamRefused)

_MOST_USEFUL_FIRST = (
    RateLimited,
    Overloaded,
    TimedOut,
    CutShort,
    UpstreamBroken,
    OverBudget,
    BadRequest,
    UpstreamRefused,
    NotFound,
)


class Patience(Struct, frozen=True, kw_only=True):
    """How often one request is tried, in all and at one offer, and how long between rounds.

    `giant_tokens` counts as a reservation does, one for each byte: a prompt beyond it is not
    sent again after a failure that may have been billed. No single wait is longer than
    `wait_seconds_max`, nor reaches the deadline.
    """

    attempts_max: int = 4
    rounds_max: int = 3
    giant_tokens: int = 400_000
    first_pause_seconds: float = 0.5
    wait_seconds_max: float = 30.0

    def pause(
        self, round_number: int, faults: Sequence[Fault], chance: Callable[[], float]
    ) -> float:
        """How long to wait before round 1, 2, …: until the soonest is ready, by its own word or
        else ever longer, with some chance in it so that many callers do not return at once."""
        grown = self.first_pause_seconds * 2 ** (round_number - 1) * (0.5 + chance())
        waits = (grown if fault.retry_after is None else fault.retry_after for fault in faults)
        return max(0.0, min(waits))


def unbilled(fault: Fault) -> bool:
    """Whether the provider certainly did not begin: it refused, or never got the request."""
    return fault.unbilled or isinstance(fault, _REFUSALS)


def elsewhere(fault: Fault) -> bool:
    """Whether another offer of the same model may do what this one did not."""
    return fault.retryable or isinstance(fault, _ANOTHER_MAY)


def most_useful(faults: Sequence[Fault]) -> Fault:
    """The one of several faults that tells a caller the most about what to do."""

    def rank(fault: Fault) -> int:
        places = enumerate(_MOST_USEFUL_FIRST)
        return next((place for place, kind in places if isinstance(fault, kind)), 99)

    return min(faults, key=rank)
