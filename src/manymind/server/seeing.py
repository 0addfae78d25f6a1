"""Whose records a caller may see, and which of them it asks for."""

import re
from datetime import UTC, datetime, timedelta

from manymind.canon.faults import BadRequest
from manymind.policy.keys import Caller
from manymind.server.paging import Query
from manymind.store.facts import DIMENSIONS, PERIODS, SECOND_MICROS, Wanted, Whose

_AGO = re.compile(r"([0-9]{1,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_LENGTH_MAX = 300
_HOW = (
    "Write 2026-11-30, 2026-11-30T08:00:00Z, seconds since 1970, or 7d, 12h, 30m for so long ago."
)


def whose(caller: Caller) -> Whose:
    """A key that asks models sees its own calls, one that manages those of its tenant."""
    if caller.operates:
        return Whose()
    if caller.rights.manages:
        return Whose(tenant=caller.id)
    return Whose(tenant=caller.id, key=caller.key)


def moment(asked: Query, field: str, now: float) -> int | None:
    """A moment of a query, in microseconds since 1970."""
    said = asked.one(field)
    return None if said is None else micros(said, field, now)


def micros(said: str, field: str, now: float) -> int:
    """A moment as people write it, in microseconds since 1970."""
    ago = _AGO.fullmatch(said)
    if ago is not None:
        return int((now - timedelta(**{_UNITS[ago[2]]: int(ago[1])}).total_seconds()) * 1e6)
    if said.isascii() and said.isdecimal() and len(said) <= 11:
        return int(said) * SECOND_MICROS
    try:
        read = datetime.fromisoformat(said)
        read = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
        return int(read.timestamp() * SECOND_MICROS)
    except (ValueError, OverflowError):
        raise BadRequest(f"{field} is no moment.", advice=_HOW, field=field) from None


def wanted(asked: Query, now: float) -> Wanted:
    """Which attempts a query is about."""
    return Wanted(
        since=moment(asked, "since", now),
        until=moment(asked, "until", now),
        model=_said(asked, "model"),
        provider=_said(asked, "provider"),
        key=_said(asked, "key"),
        user=_said(asked, "user"),
        feature=_said(asked, "feature"),
        app=_said(asked, "app"),
        route=_said(asked, "route"),
        arm=_said(asked, "arm"),
        outcome=_said(asked, "outcome"),
    )


def dimensions(asked: Query) -> tuple[str, ...]:
    """What sums are to be told apart by."""
    named = tuple(dict.fromkeys(asked.many("by")))
    strange = [name for name in named if name not in DIMENSIONS]
    if strange:
        raise BadRequest(
            f"Sums cannot be told apart by {strange[0][:60] or 'nothing'}.",
            advice=f"Choose among {', '.join(DIMENSIONS)}, or leave by out.",
            field="by",
        )
    return named


def period(asked: Query, otherwise: str | None = None) -> str | None:
    given = asked.one("period")
    said = otherwise if given is None else given
    if said is not None and said not in PERIODS:
        raise BadRequest(
            f"{said[:60]} is no period.",
            advice=f"Choose among {', '.join(PERIODS)}.",
            field="period",
        )
    return said


def known(asked: Query, *names: str) -> None:
    """A filter that nobody applies would give a wrong answer."""
    strange = next((name for name in asked.fields if name.removesuffix("[]") not in names), None)
    if strange is not None:
        raise BadRequest(
            f"This page cannot be asked by {strange[:60]}.",
            advice=f"It knows {', '.join(names)}.",
            field=strange[:60],
        )


def _said(asked: Query, field: str) -> str | None:
    value = asked.one(field)
    if value is not None and (len(value) > _LENGTH_MAX or "\0" in value):
        raise BadRequest(f"{field} is no name.", field=field)
    return value
