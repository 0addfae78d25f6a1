"""Dollars as they stand on the wire, a decimal number, and the whole ticks that we count in."""

from decimal import Decimal

from manymind.canon.values import TICKS_PER_DOLLAR, Ticks


def ticks(dollars: float) -> Ticks:
    """The nearest whole number of ticks; reads the decimal digits, never the binary fraction."""
    return int((Decimal(repr(dollars)) * TICKS_PER_DOLLAR).to_integral_value())


def dollars(amount: Ticks) -> float:
    """The nearest number of dollars; `ticks` gives the same amount back up to 900,000 dollars."""
    return amount / TICKS_PER_DOLLAR
