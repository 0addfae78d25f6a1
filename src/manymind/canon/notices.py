"""What the operator or an owner should hear of, though nobody asked."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from msgspec import Struct

from manymind.canon.values import Json

Kind: TypeAlias = Literal["budget.alarm", "key.spike", "key.stopped", "ledger.lost"]


class Notice(Struct, frozen=True, kw_only=True):
    """`at` is in seconds since 1970. `data` holds ids, sums and times, and nothing that a caller
    or a model said:

    - `budget.alarm`: budget, scope, subject, unit, period, cap, used, percent, resets_at;
    - `key.spike`: key, hour_ticks, usual_ticks, stopped (whether its calls are refused now);
    - `key.stopped`: key, reason, and where there is one, request;
    - `ledger.lost`: budget, unit, amount, holder: what a dead server had borrowed.
    """

    kind: Kind
    owner: str
    data: Json
    at: float


Tell: TypeAlias = Callable[[Notice], None]
"""Takes a notice and sees to it that it arrives. It neither waits nor raises."""


def untold(notice: Notice) -> None:
    """Takes notices where nobody listens."""
