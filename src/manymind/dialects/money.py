"""Dollars as they stand on the wire, a decimal number, and the whole ticks that we count in."""

from decimal import Decimal

from manymind.canon.values import TICKS_PER_DOLLAR, Ticks
from manymind.dialects.reading import Object

COUNT_MAX = 10**12
"""Tokens, or calls of tools, that one answer may be said to have used. More is no count."""

CLAIM_MAX: Ticks = 1_000_000 * TICKS_PER_DOLLAR
"""What one answer may be said to have cost. More is no price."""


def claimed(usage: Object) -> Ticks | None:
    """What an upstream says that it charges: exact where it counts in ticks, else in dollars, as
    OpenRouter does, which stay where they are."""
    exact = usage.whole("cost_in_usd_ticks", 0, CLAIM_MAX)
    if exact is not None:
        return exact
    said = usage.peek("cost")
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    return ticks(said) if 0 <= said <= CLAIM_MAX // TICKS_PER_DOLLAR else None


def ticks(dollars: float) -> Ticks:
    """The nearest whole number of ticks; reads the decimal digits, never the binary fraction."""
    return int((Decimal(repr(dollars)) * TICKS_PER_DOLLAR).to_integral_value())


def dollars(amount: Ticks) -> float:
    """The nearest number of dollars; `ticks` gives the same amount back up to 900,000 dollars."""
    return amount / TICKS_PER_DOLLAR
