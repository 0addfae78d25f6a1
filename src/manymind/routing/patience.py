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
from manymind.canon.values import TICKS_PER_DOLLAR, Ticks

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

    Tokens count as a reservation does, one for each byte where nothing closer is known.
    `tokens_again_max` may be sent again in all, whatever the first attempts failed of. What failed
    attempts have cost may come to `ticks_lost_max` before nothing more is tried, and a prompt
    beyond `giant_tokens` is not sent again at all after a failure that may have been billed. No
    single wait is longer than `wait_seconds_max`, nor reaches the deadline.
    """

    attempts_max: int = 4
    rounds_max: int = 3
    tokens_again_max: int = 8_000_000
    ticks_lost_max: Ticks = TICKS_PER_DOLLAR
    giant_tokens: int = 400_000
    first_pause_seconds: float = 0.5
    wait_seconds_max: float = 30.0

    def pause(
        self, round_number: int, waits: Sequence[float | None], chance: Callable[[], float]
    ) -> float:
        """How long to wait before round 1, 2, …: until the soonest is ready, by its own word or
        else ever longer, with some chance in it so that many callers do not return at once."""
        grown = self.first_pause_seconds * 2 ** (round_number - 1) * (0.5 + chance())
        return max(0.0, min(grown if wait is None else wait for wait in waits))


class Spending:
    """What one request has sent and lost so far, against what its patience allows."""

    def __init__(self, patience: Patience, attempts_max: int | None = None) -> None:
        self._patience = patience
        self._most = patience.attempts_max
        if attempts_max is not None:
            self._most = min(self._most, max(1, attempts_max))
        self._again = 0
        self._lost: Ticks = 0
        self.attempts = 0

    def lost(self, ticks: Ticks) -> None:
        """An attempt that failed is billed all the same."""
        self._lost += ticks

    def refusal(self, fault: Fault, tokens: Callable[[], int]) -> str | None:
        """Why nothing more is tried after this fault, or None where it is. `tokens` are those of
        the prompt, asked for only where they matter. Counts the prompt as sent again."""
        patience = self._patience
        if self.attempts >= self._most:
            return ""
        if self._lost > patience.ticks_lost_max:
            return "What failed attempts have cost is all that may be risked (retries.cost_usd)."
        size = tokens()
        if size > patience.giant_tokens and not unbilled(fault):
            return (
                "A prompt of this size is not sent again after a failure that may have been "
                "billed (retries.giant_tokens)."
            )
        if self._again + size > patience.tokens_again_max:
            return "No more of a prompt of this size may be sent again (retries.tokens)."
        self._again += size
        return None


def unbilled(fault: Fault) -> bool:
    """Whether the provider certainly did not begin: it refused, or never got the request."""
    return fault.unbilled or isinstance(fault, _REFUSALS)


def elsewhere(fault: Fault) -> bool:
    """Whether another offer of the same model may do what this one did not. Another model may
    whatever the fault was, a moderator's refusal included: that is what a caller's list is for."""
    return fault.retryable or isinstance(fault, _ANOTHER_MAY)


def most_useful(faults: Sequence[Fault]) -> Fault:
    """The one of several faults that tells a caller the most about what to do."""

    def rank(fault: Fault) -> int:
        places = enumerate(_MOST_USEFUL_FIRST)
        return next((place for place, kind in places if isinstance(fault, kind)), 99)

    return min(faults, key=rank)
