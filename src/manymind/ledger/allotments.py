"""What may still be spent: holds on allotments, and allotments within allotments.

An allotment keeps two sums, what is `spent` and what is `reserved`, for itself and for all that
was given out of it. A reservation is weighed against every allotment up to the root and entered
in all of them, or in none. Between the weighing and the entering nothing is awaited, so that no
other caller of the event loop comes between; an implementation on rows does both in one
transaction, behind the same port.
"""

from manymind.canon.attempts import Attempt
from manymind.canon.faults import OverBudget
from manymind.canon.ports import Allotment, Hold
from manymind.canon.values import Ticks
from manymind.catalog.money import dollars


class SettledTwice(RuntimeError):
    """A hold was settled again. The first settlement stands; the caller has a bug."""


class Reservation(Hold):
    """A worst case that is set aside until it is known what was used."""

    def __init__(self, purse: "Purse", worst: Ticks) -> None:
        self._purse = purse
        self.worst = worst
        self.used: Ticks | None = None

    async def settle(self, used: Ticks, attempt: Attempt | None = None) -> None:
        if self.used is not None:
            raise SettledTwice(f"A hold of ${dollars(self.worst)} was settled twice.")
        self.used = max(0, used)
        self._purse.book(self.worst, self.used)


class Purse(Allotment):
    """An allotment in memory. `cap` None has no bottom; `kept` is held back for the reservation
    that is `final`, so that a run which is out of money can still write its answer.

    Where a provider charges more than was reserved, that is booked, `exceeded` says by how much,
    and an allotment with a cap is `stopped`: its promise was broken once and is not made again.
    """

    def __init__(
        self, cap: Ticks | None = None, *, kept: Ticks = 0, parent: "Purse | None" = None
    ) -> None:
        self.cap = None if cap is None else max(0, cap)
        self.kept = max(0, kept)
        self.parent = parent
        self._spent: Ticks = 0
        self.reserved: Ticks = 0
        self.exceeded: Ticks = 0
        self.open = 0
        self.stopped = False
        self._line: tuple[Purse, ...] = (self,) if parent is None else (self, *parent._line)

    @property
    def spent(self) -> Ticks:
        return self._spent

    async def reserve(self, worst: Ticks, *, tokens: int = 0, final: bool = False) -> Reservation:
        worst = max(0, worst)
        for purse in self._line:
            purse.weigh(worst, final)
        for purse in self._line:
            purse.reserved += worst
            purse.open += 1
        return Reservation(self, worst)

    async def child(self, cap: Ticks | None, *, kept: Ticks = 0) -> "Purse":
        return Purse(cap, kept=kept, parent=self)

    def left(self) -> Ticks | None:
        """What may still be reserved here, the least along the way up; nothing once stopped."""
        least: Ticks | None = None
        for purse in self._line:
            room = purse.room(final=False)
            if room is not None and (least is None or room < least):
                least = room
        return least

    def room(self, *, final: bool) -> Ticks | None:
        """What this allotment alone would still grant; None without a cap."""
        if self.cap is None:
            return None
        if self.stopped:
            return 0
        kept = 0 if final else self.kept
        return max(0, self.cap - self.spent - self.reserved - kept)

    def weigh(self, worst: Ticks, final: bool) -> None:
        room = self.room(final=final)
        if self.stopped:
            raise OverBudget(
                "This budget is stopped: a provider charged more than was reserved for it.",
                advice="Ask the operator to look at its bill and to open it again.",
            )
        if room is not None and worst > room:
            raise OverBudget(
                f"This could cost ${dollars(worst)}, and ${dollars(room)} is left.",
                advice="Raise the budget, shorten the prompt, or set a lower max_output_tokens.",
            )

    def book(self, worst: Ticks, used: Ticks) -> None:
        """Turn a reservation into what was used, all the way up."""
        for purse in self._line:
            purse.reserved -= worst
            purse.open -= 1
            purse._spent += used
            if used > worst and purse.cap is not None:
                purse.exceeded += used - worst
                purse.stopped = True
