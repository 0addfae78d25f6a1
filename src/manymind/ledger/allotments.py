"""What may still be spent: holds on allotments, and allotments within allotments.

An allotment keeps two sums, what is `spent` and what is `reserved`, for itself and for all that
was given out of it. A reservation is weighed against every allotment up to the root, and there
against every budget of the account that pays, and entered in all of them, or in none. Between the
weighing and the entering nothing is awaited, so that no other caller of the event loop comes
between. Only where this server holds too little of a budget is something awaited, before all is
weighed again.
"""

from manymind.canon.attempts import Attempt
from manymind.canon.faults import OverBudget, Overloaded
from manymind.canon.ports import Allotment, Hold
from manymind.canon.rates import Rate
from manymind.canon.values import Ticks
from manymind.catalog.money import dollars
from manymind.ledger.account import Account, Amounts, Entry
from manymind.store.ledger_rows import COUNT_MAX

_ROUNDS_MAX = 50


class SettledTwice(RuntimeError):
    """A hold was settled again. The first settlement stands; the caller has a bug."""


class Reservation(Hold):
    """A worst case that is set aside until it is known what was used. `entry` is where the
    budgets hold it."""

    __slots__ = ("_account", "_entry", "_purse", "used", "worst")

    def __init__(
        self,
        purse: "Purse",
        worst: Ticks,
        entry: Entry | None = None,
        account: Account | None = None,
    ) -> None:
        self._purse = purse
        self._entry = entry
        self._account = account
        self.worst = worst
        self.used: Ticks | None = None

    async def settle(self, used: Ticks, attempt: Attempt | None = None) -> None:
        if self.used is not None:
            raise SettledTwice(f"A hold of ${dollars(self.worst)} was settled twice.")
        self.used = used = max(0, min(used, COUNT_MAX))
        exceeded = self._purse.book(self.worst, used)
        entry, account = self._entry, self._account
        if entry is None or account is None:
            return
        if account.settle(entry, used, attempt, exceeded):
            self._purse.stop()


class Purse(Allotment):
    """An allotment in memory. `cap` None has no bottom; `kept` is held back for the reservation
    that is `final`, so that a run which is out of money can still write its answer. `account`
    pays for it, and for its children.

    Where a provider charges more than was reserved, that is booked, `exceeded` says by how much,
    and an allotment with a cap is `stopped`: its promise was broken once and is not made again.
    """

    def __init__(
        self,
        cap: Ticks | None = None,
        *,
        kept: Ticks = 0,
        parent: "Purse | None" = None,
        account: Account | None = None,
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
        self._root = self._line[-1]
        self._account = account if parent is None else parent._account
        self._counted = False
        self._capped = cap is not None or (parent is not None and parent._capped)

    @property
    def spent(self) -> Ticks:
        return self._spent

    @property
    def bounded(self) -> bool:
        account = self._account
        return self._capped or (account is not None and account.bounded)

    @property
    def counts_tokens(self) -> bool:
        return self._account is not None and self._account.counts_tokens

    async def reserve(self, worst: Ticks, *, tokens: int = 0, final: bool = False) -> Reservation:
        worst = max(0, worst)
        account = self._account
        for purse in self._line:
            purse.weigh(worst, final)
        if account is None:
            return self._enter(worst, None)
        amounts = (worst, max(0, tokens), 0 if self._root._counted else 1)
        entry = account.take(amounts)
        if entry is None:
            entry = await self._borrowed(account, amounts, final)
        self._root._counted = True
        return self._enter(worst, entry)

    def rates(self) -> tuple[Rate, ...]:
        """How the rates of the key that pays stand."""
        return () if self._account is None else self._account.rates()

    async def _borrowed(self, account: Account, amounts: Amounts, final: bool) -> Entry:
        """What this server has too little of is borrowed; meanwhile others may reserve."""
        for _ in range(_ROUNDS_MAX):
            await account.borrow(amounts)
            for purse in self._line:
                purse.weigh(amounts[0], final)
            if self._root._counted:
                amounts = (amounts[0], amounts[1], 0)
            entry = account.take(amounts)
            if entry is not None:
                return entry
        raise Overloaded("Too many calls of one budget came at once.")

    def _enter(self, worst: Ticks, entry: Entry | None) -> Reservation:
        for purse in self._line:
            purse.reserved += worst
            purse.open += 1
        return Reservation(self, worst, entry, self._account)

    def stop(self) -> None:
        """Grant nothing more, here and in all that comes from the same root."""
        self._root.stopped = True

    async def child(self, cap: Ticks | None, *, kept: Ticks = 0) -> "Purse":
        return Purse(cap, kept=kept, parent=self)

    def left(self) -> Ticks | None:
        """What may still be reserved here, the least along the way up; nothing once stopped. Of
        a budget it is what was left when this server asked last."""
        least = None if self._account is None else self._account.left()
        for purse in self._line:
            room = purse.room(final=False)
            if room is not None and (least is None or room < least):
                least = room
        return least

    def room(self, *, final: bool) -> Ticks | None:
        """What this allotment alone would still grant; None without a cap."""
        if self.stopped:
            return 0
        if self.cap is None:
            return None
        kept = 0 if final else self.kept
        return max(0, self.cap - self._spent - self.reserved - kept)

    def weigh(self, worst: Ticks, final: bool) -> None:
        room = self.room(final=final)
        if self.stopped:
            raise OverBudget(
                "This budget is stopped: a provider charged more than was reserved for it.",
                advice="Ask the operator to look at its bill and to open it again.",
            )
        if room is not None and worst > room:
            raise OverBudget(
                f"This could cost ${dollars(worst)}, and ${dollars(room)} is left of the "
                f"${dollars(self.cap or 0)} that this request may cost.",
                advice="Raise the budget, shorten the prompt, or set a lower max_output_tokens.",
            )

    def book(self, worst: Ticks, used: Ticks) -> bool:
        """Turn a reservation into what was used, all the way up; says whether that broke a
        promise of any of them."""
        broken = False
        for purse in self._line:
            purse.reserved -= worst
            purse.open -= 1
            purse._spent += used
            if used > worst and purse.cap is not None:
                purse.exceeded += used - worst
                purse.stopped = broken = True
        return broken
