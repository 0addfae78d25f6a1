"""The stretches of time that budgets are counted in: by the calendar, in UTC."""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from manymind.canon.budgets import Period

_LENGTHS = {"minute": 60, "hour": 3600, "day": 86_400}
_WEEK = 7 * 86_400
_FIRST_MONDAY = 4 * 86_400
"""1970 began on a Thursday."""


class Window(Struct, frozen=True):
    """From `begins_at` up to, but without, `ends_at`, in seconds since 1970; None is never."""

    begins_at: int
    ends_at: int | None

    def holds(self, moment: float) -> bool:
        return self.begins_at <= moment and (self.ends_at is None or moment < self.ends_at)


def window(period: Period, moment: float) -> Window:
    """The window of a period that a moment falls into."""
    second = int(moment // 1)
    match period:
        case "total":
            return Window(0, None)
        case "month":
            return _month(second)
        case "week":
            begins = second - (second - _FIRST_MONDAY) % _WEEK
            return Window(begins, begins + _WEEK)
        case _:
            length = _LENGTHS[period]
            begins = second - second % length
            return Window(begins, begins + length)


def _month(second: int) -> Window:
    first = datetime.fromtimestamp(second, UTC).replace(day=1, hour=0, minute=0, second=0)
    following = (first + timedelta(days=31)).replace(day=1)
    return Window(int(first.timestamp()), int(following.timestamp()))
