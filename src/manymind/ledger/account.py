"""Who pays: the budgets that the calls of one origin go through, and the book they are told to."""

from math import inf
from typing import TypeAlias

from manymind.canon.attempts import Attempt
from manymind.canon.faults import KeyStopped, StoreFailed
from manymind.canon.origins import Origin
from manymind.canon.rates import Rate
from manymind.canon.values import Ticks
from manymind.ledger.bank import Bank
from manymind.ledger.slices import Meter, Slice
from manymind.store.ledger_rows import COUNT_MAX

BROKEN = "a provider charged more than was reserved for one of its calls"
"""Why a key is stopped, as the end of a sentence."""

Amounts: TypeAlias = tuple[int, int, int]
"""Of ticks, of tokens, of requests."""


class Entry:
    """A reservation as it stands in the budgets: in which slices, how much, and when."""

    __slots__ = ("amounts", "at", "slices")

    def __init__(self, amounts: Amounts, at: float, slices: list[Slice]) -> None:
        self.amounts = amounts
        self.at = at
        self.slices = slices


class Account:
    """`meters` are the budgets and the rates of an origin."""

    def __init__(self, origin: Origin, meters: tuple[Meter, ...], bank: Bank) -> None:
        self._payer = (origin.tenant, origin.key)
        self._meters = meters
        self._bank = bank
        self._stopped = bank.stopped
        self._today = bank.today
        self.bounded = any(meter.unit < 2 for meter in meters)
        """Whether anybody must know beforehand what a call may cost or how long it may be."""
        self.counts_tokens = any(meter.unit == 1 for meter in meters)

    def take(self, amounts: Amounts) -> Entry | None:
        """Reserve, if this server holds enough of every budget; nothing is awaited."""
        if self._payer in self._stopped:
            raise KeyStopped(f"This key is stopped: {self._stopped[self._payer]}.")
        moment = self._today()
        slices: list[Slice] = []
        for meter in self._meters:
            if meter.lowered:
                return None
            part = meter.slice
            if not part.begins_at <= moment < part.ends_at:
                part = meter.turn(moment)
            need = amounts[meter.unit]
            if need and part.granted - part.reserved - part.unbooked < need and not meter.gone:
                return None
            slices.append(part)
        if slices and self._bank.full:
            raise StoreFailed(
                "What calls cost cannot be written down now, and this one has a budget.",
                advice="Try again shortly; the operator should look at the database.",
            )
        for part in slices:
            part.reserved += amounts[part.unit]
        return Entry(amounts, moment, slices)

    async def borrow(self, amounts: Amounts) -> None:
        """Get what is missing for this, or raise the fault that says why it is not to be had."""
        moment = self._today()
        for meter in self._meters:
            if meter.lowered:
                await self._bank.shed(meter)
            part, need = meter.at(moment), amounts[meter.unit]
            if need and part.room < need and not meter.gone:
                await self._bank.borrow(part, need)

    def settle(self, entry: Entry, used: Ticks, attempt: Attempt | None, exceeded: bool) -> bool:
        """Book what was used, and the row that tells of it. Says whether a promise was broken,
        by what the caller knows or by more than was reserved of a budget."""
        amounts = entry.amounts
        tokens = _tokens(attempt, amounts[1])
        spent = (used, tokens, amounts[2])
        bank = self._bank
        for part in entry.slices:
            unit = part.unit
            part.reserved -= amounts[unit]
            part.unbooked += spent[unit]
            part.used_at = entry.at
            if spent[unit] > amounts[unit] and unit < 2 and not part.meter.rate:
                exceeded = True
            if not part.listed:
                bank.touch(part)
        if attempt is not None:
            bank.book(attempt, entry.at, tokens, exceeded, bool(entry.slices))
            if exceeded and attempt.origin.key:
                bank.stop(attempt.origin, BROKEN)
        return exceeded

    def rates(self) -> tuple[Rate, ...]:
        """How the rates of the key stand, as far as is known here."""
        moment = self._today()
        return tuple(_rate(meter, moment) for meter in self._meters if meter.rate)

    def left(self) -> Ticks | None:
        """The least that was left of any budget in money when it was last asked for."""
        moment = self._today()
        least: Ticks | None = None
        for meter in self._meters:
            if meter.unit == 0 and not meter.gone:
                part = meter.at(moment)
                known = part.room + part.free if part.known_at > -inf else meter.budget.cap
                room = max(0, known)
                least = room if least is None or room < least else least
        return least


def _rate(meter: Meter, moment: float) -> Rate:
    part, cap = meter.at(moment), meter.budget.cap
    known = part.room + part.free if part.known_at > -inf else cap
    return Rate(
        unit=meter.budget.unit,
        limit=cap,
        remaining=max(0, min(cap, known)),
        reset_seconds=max(0.0, part.ends_at - moment),
    )


def _tokens(attempt: Attempt | None, reserved: int) -> int:
    """What budgets in tokens are charged for an attempt."""
    if attempt is None:
        return 0
    bill = attempt.bill
    if bill.tokens is not None:
        return bill.tokens
    if bill.basis == "inner" or bill.basis == "none":
        return 0
    usage = bill.usage
    counted = 0 if usage is None else max(0, usage.input_tokens) + max(0, usage.output_tokens)
    counted = max(counted, reserved) if bill.basis == "reservation" else counted
    return min(counted, COUNT_MAX)
