"""What this server holds of budgets, counted in memory.

A slice is a part of one window of a budget that was lent to this server. Whatever is reserved or
settled of it is entered here at once, without waiting for anything, so that no other caller of
the event loop comes between the weighing and the entering; the database learns of it later.
"""

from collections.abc import Callable
from math import inf

import anyio

from manymind.canon.budgets import Budget, Unit
from manymind.canon.windows import window
from manymind.store.leases import Place
from manymind.store.ledger_rows import Use

UNITS: tuple[Unit, ...] = ("ticks", "tokens", "requests")


class Slice:
    """`granted` is what was lent and is not booked as spent yet. Of that, `reserved` is set aside
    for calls on their way, and `unbooked` was used by calls that have ended."""

    __slots__ = (
        "alarmed",
        "begins_at",
        "ends_at",
        "free",
        "granted",
        "holder",
        "known_at",
        "lent_at",
        "listed",
        "meter",
        "place",
        "reserved",
        "step",
        "unbooked",
        "unit",
        "used_at",
    )

    def __init__(self, meter: "Meter", moment: float, holder: str) -> None:
        lasts = window(meter.budget.period, moment)
        self.meter = meter
        self.unit = meter.unit
        self.holder = holder
        self.place = Place(meter.budget.owner, meter.budget.id, lasts.begins_at)
        self.begins_at = lasts.begins_at
        self.ends_at = inf if lasts.ends_at is None else lasts.ends_at
        self.granted = self.reserved = self.unbooked = 0
        self.free = 0
        self.known_at = self.lent_at = self.used_at = -inf
        self.step = 0
        self.listed = False
        self.alarmed = False

    @property
    def room(self) -> int:
        """What may be reserved without asking anybody."""
        return self.granted - self.reserved - self.unbooked

    @property
    def idle(self) -> bool:
        """Whether nothing is held here any more."""
        return not (self.granted or self.reserved or self.unbooked)

    def forget(self) -> None:
        """What was known of the budget may not hold any more."""
        self.known_at = -inf
        self.alarmed = False

    def use(self, *, keep: bool) -> Use:
        """What the database must learn, as if it knew it now. Unless it is to be kept, what is
        not needed goes back with it. What calls on their way may use is never given back, even
        where others used more than they had reserved."""
        used, before = self.unbooked, self.granted
        left = before - used
        self.unbooked = 0
        self.granted = max(left, self.reserved) if keep else self.reserved
        budget = self.meter.budget
        return Use(
            holder=self.holder,
            place=self.place,
            used=used,
            change=self.granted - before,
            alarm_at=None if self.alarmed else alarm_at(budget),
        )


def alarm_at(budget: Budget) -> int | None:
    if not budget.alarm_percent or budget.id.startswith(RATE):
        return None
    return -(-budget.cap * budget.alarm_percent // 100)


RATE = "rate:"
"""Begins the ids of what is no budget of its own, but the rate of a key."""


class Meter:
    """One budget here: the slice of its window that is open now, and those before it that calls
    still hold something of. It is `gone` once nobody defines it any more. One call at a time is
    `asking` for more, for all those that are `waiting`."""

    __slots__ = (
        "_holder",
        "asking",
        "budget",
        "gone",
        "lowered",
        "slice",
        "slices",
        "unit",
        "waiting",
    )

    def __init__(self, budget: Budget, moment: float, holder: Callable[[], str]) -> None:
        self.budget = budget
        self.unit = UNITS.index(budget.unit)
        self.gone = self.lowered = False
        self.asking = anyio.Lock()
        self.waiting = 0
        self._holder = holder
        self.slice = Slice(self, moment, holder())
        self.slices = {self.slice.begins_at: self.slice}

    @property
    def rate(self) -> bool:
        return self.budget.id.startswith(RATE)

    def at(self, moment: float) -> Slice:
        """The slice of the window that a moment lies in."""
        part = self.slice
        return part if part.begins_at <= moment < part.ends_at else self.turn(moment)

    def turn(self, moment: float) -> Slice:
        """Go on in the window that a moment lies in. Clocks may jump either way."""
        fresh = Slice(self, moment, self._holder())
        self.slice = self.slices.setdefault(fresh.begins_at, fresh)
        return self.slice

    def renew(self, moment: float) -> list[Slice]:
        """Begin anew under another holder's name; gives what is held under the old one, of which
        nothing more is to be reserved."""
        old = list(self.slices.values())
        self.slices.clear()
        self.turn(moment)
        return old

    def forget_idle(self) -> None:
        """Drop the slices of windows that are over."""
        for begins_at, each in list(self.slices.items()):
            if each is not self.slice and each.idle:
                del self.slices[begins_at]
