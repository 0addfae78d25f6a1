"""Figures as people write them on a command line: `8k`, `2M`, `400_000`, `80%`."""

import re
from decimal import Decimal

from manymind.canon.faults import BadRequest

MOST = 10**12
_FIGURE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)([kKmM]?)")
_DIGITS = re.compile(r"\d[\d_,]*[kKmM]?")
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}


def figure(option: str, said: str) -> int:
    """A whole number, perhaps in thousands or millions."""
    found = _FIGURE.fullmatch(said.replace("_", "").replace(",", ""))
    value = Decimal(found[1]) * _UNITS[found[2].lower()] if found is not None else None
    if (value is None and _DIGITS.fullmatch(said)) or (value is not None and value > MOST):
        raise BadRequest(f"{option} {said[:40]} is more than {MOST:,}.", advice="Write less.")
    if value is None or value != int(value):
        raise BadRequest(f"{option} {said[:40]} is no whole number.", advice="Write 8000, or 8k.")
    return int(value)


def share(option: str, said: str, whole: int) -> int:
    """A whole number, or a percentage of another, rounded down."""
    if not said.endswith("%"):
        return figure(option, said)
    percent = said.removesuffix("%")
    if not percent.isdecimal() or not int(percent[:4]) <= 100:
        raise BadRequest(f"{option} {said} is no share.", advice="Write it as 0% to 100%.")
    return whole * int(percent) // 100
