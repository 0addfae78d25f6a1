"""Times and amounts as people write them on a command line: `24h`, `2027-01-31`, `0.50`."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from manymind.canon.faults import BadRequest
from manymind.canon.values import Ticks
from manymind.catalog.money import ticks

_SECONDS = {"m": 60, "h": 3600, "d": 86_400}


def money(option: str, said: str | None) -> Ticks | None:
    if said is None:
        return None
    try:
        return ticks(Decimal(said))
    except (ValueError, InvalidOperation):
        raise BadRequest(
            f"{option} {said[:40]} is no amount in dollars.", advice="Write 5, or 0.50."
        ) from None


def seconds(option: str, said: str) -> int:
    """A stretch of time as people write it: 90m, 24h, 7d."""
    amount, unit = said[:-1], said[-1:]
    if unit not in _SECONDS or not amount.isdecimal() or len(amount) > 5:
        raise BadRequest(f"{option} {said[:40]} is no time.", advice="Write 90m, 24h or 7d.")
    return int(amount) * _SECONDS[unit]


def expiry(option: str, said: str | None) -> int | None:
    """When something ends: after so long, or at a time."""
    if said is None:
        return None
    now = datetime.now(UTC)
    if said[-1:] in _SECONDS and said[:-1].isdecimal():
        return int((now + timedelta(seconds=seconds(option, said))).timestamp())
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise BadRequest(
            f"{option} {said[:40]} is no time.", advice="Write 30d, or 2027-01-31."
        ) from None
    found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    if found <= now:
        raise BadRequest(f"{option} {said[:40]} is past already.")
    return int(found.timestamp())
