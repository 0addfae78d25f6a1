"""Dollars as people write them, and ticks as we count them. Never a float."""

from decimal import ROUND_CEILING, Decimal, InvalidOperation

from manymind.canon.values import TICKS_PER_DOLLAR, Ticks


def ticks(dollars: str | Decimal) -> Ticks:
    """An amount in dollars, rounded up to the tick; raises `ValueError` for what is none."""
    try:
        amount = Decimal(dollars)
    except InvalidOperation:
        raise ValueError(f"{dollars!r} is not an amount in dollars") from None
    if not amount.is_finite() or amount < 0 or amount.adjusted() > 12:
        raise ValueError(f"{dollars!r} is not an amount in dollars")
    return int((amount * TICKS_PER_DOLLAR).to_integral_value(ROUND_CEILING))


def dollars(amount: Ticks, divisor: int = 1) -> str:
    """`amount / divisor` in dollars, exact, without exponent or idle zeros: `0.0127946`."""
    value = Decimal(amount) / (TICKS_PER_DOLLAR * divisor)
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
