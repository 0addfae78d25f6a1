"""Attempts as the till tells of them."""

from manymind.canon.attempts import Attempt, Bill
from manymind.canon.usage import Usage


def an_attempt(
    offer: str,
    *,
    outcome: str = "completed",
    at: float = 0.0,
    first: float | None = 0.1,
    seconds: float = 1.0,
    usage: Usage | None = None,
) -> Attempt:
    return Attempt(
        key="run/attempt-1",
        requested="m",
        offer=offer,
        provider=offer.partition("/")[0],
        served=None,
        outcome=outcome,
        at=at,
        seconds=seconds,
        first_word_seconds=first,
        bill=Bill(ticks=0, basis="usage", usage=usage),
    )
