"""What somebody may use up in a stretch of time: of money, of tokens, of requests."""

from typing import Literal, TypeAlias

from msgspec import Struct

Scope: TypeAlias = Literal["tenant", "user", "key", "route", "feature"]
"""Whose use is counted. The subject of a tenant's budget is the tenant itself."""

Unit: TypeAlias = Literal["ticks", "tokens", "requests"]
Period: TypeAlias = Literal["minute", "hour", "day", "week", "month", "total"]
"""Counted by the calendar, in UTC; a week begins on Monday, and `total` never ends."""

ALARM_PERCENT = 80
CAP_MAX = 2**62
"""What no cap is above, so that sums of caps and of what is spent stay whole in any database."""


class Budget(Struct, frozen=True, kw_only=True):
    """At most `cap` of `unit` in each `period`, for all calls of the owner that fall under `scope`
    and `subject`. It counts from when it was defined. Once `alarm_percent` of it is used somebody
    is told, once in a period; 0 tells nobody. `made_by` is the key of whoever defined it, empty
    for the operator; it decides who may loosen it."""

    owner: str
    id: str
    scope: Scope
    subject: str
    unit: Unit
    period: Period
    cap: int
    alarm_percent: int = ALARM_PERCENT
    made_by: str = ""


class Standing(Struct, frozen=True, kw_only=True):
    """How far a budget is used up in the window that is open now. `lent` is what running servers
    hold of it, for calls on their way and for those that come next: it is not spent, but not free
    either. Times are seconds since 1970; `total` has no `resets_at`."""

    used: int
    lent: int
    begins_at: int
    resets_at: int | None

    def left(self, budget: Budget) -> int:
        return max(0, budget.cap - self.used - self.lent)
