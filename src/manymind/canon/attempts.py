"""What is remembered of an attempt, for the rows of the ledger. Never what was said."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import Struct

from manymind.canon.origins import Origin
from manymind.canon.usage import Usage
from manymind.canon.values import Ticks


class Bill(Struct, frozen=True, kw_only=True):
    """What an attempt is charged, and on which ground: `usage` as the provider counted it, the
    whole `reservation`, what had `arrived`, what the provider said `late`, when it was asked
    afterwards, the `inner` calls that were paid already, or none.
    `tokens` are what budgets in tokens are charged; None where the usage says it."""

    ticks: Ticks
    basis: str
    usage: Usage | None = None
    tokens: int | None = None


class Attempt(Struct, frozen=True, kw_only=True):
    """One try at one offer. `requested` is what the caller asked for, `offer` what was tried
    (`provider/native`), `slug` what that is called whoever serves it, and `served` what the
    provider says answered. `key` is the desk's: unique in its request, and `number` counts the
    tries of one call.

    `outcome` is completed, cancelled, failed (a bug), or the code of a fault. `at` is when it
    began, in seconds since 1970. Seconds count from the reservation; `first_word_seconds` is None
    where no word came. `finish` is why the model stopped, in our words and in its own; `dropped`
    are parameters that did not reach it. `reserved` was set aside for it. `reply` is what the
    provider called its answer.
    """

    key: str
    origin: Origin = Origin()
    number: int = 1
    requested: str
    offer: str
    provider: str
    slug: str = ""
    served: str | None
    outcome: str
    at: float = 0.0
    seconds: float
    first_word_seconds: float | None
    finish: str | None = None
    native_finish: str | None = None
    dropped: tuple[str, ...] = ()
    reply: str = ""
    reserved: Ticks = 0
    reserved_tokens: int = 0
    bill: Bill


AskLater: TypeAlias = Callable[[str], Awaitable[Usage | None]]
"""What a provider booked under the id that its answer bore; None where it does not know yet."""

OnAttempt: TypeAlias = Callable[[Attempt], None]


def nobody(attempt: Attempt) -> None:
    """Listens to attempts where no one else does."""
