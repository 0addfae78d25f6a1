"""What is remembered of an attempt, for the rows of the ledger. Never what was said."""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from manymind.canon.ports import Bill


class Attempt(Struct, frozen=True, kw_only=True):
    """One try at one offer. `requested` is what the caller asked for, `offer` what was tried
    (`provider/native`) and `served` what the provider says answered.

    `outcome` is completed, cancelled, failed (a bug), or the code of a fault. Seconds count from
    the reservation; `first_word_seconds` is None where no word came.
    """

    key: str
    requested: str
    offer: str
    provider: str
    served: str | None
    outcome: str
    seconds: float
    first_word_seconds: float | None
    bill: Bill


OnAttempt: TypeAlias = Callable[[Attempt], None]


def nobody(attempt: Attempt) -> None:
    """Listens to attempts where no one else does."""
