"""What callers say of accounts. A field that we do not know is refused: a limit that was
misspelled is a limit that somebody relies on."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import cast

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from manymind.canon.budgets import CAP_MAX, Period, Scope, Unit
from manymind.canon.faults import BadRequest
from manymind.canon.origins import Rights
from manymind.canon.values import TICKS_PER_DOLLAR, Json, Ticks
from manymind.dialects.money import dollars, ticks
from manymind.dialects.reading import Object
from manymind.policy.office import Limit
from manymind.policy.rights import NUMBERS, PATTERNS

NAME_MAX, PATTERNS_MAX = 200, 100
NUMBER_MAX = 10**12
DOLLARS_MAX = 100_000_000

RESETS: dict[str | None, Period] = {
    None: "total",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
}
"""When a limit begins anew, as OpenRouter says it."""

SCOPES: tuple[Scope, ...] = ("tenant", "user", "key", "route", "feature")
UNITS: tuple[Unit, ...] = ("ticks", "tokens", "requests")
PERIODS: tuple[Period, ...] = ("minute", "hour", "day", "week", "month", "total")


def says(top: Object, name: str) -> bool:
    """Whether a field is given at all: null may mean that a limit is to go."""
    return name in top.left()


def finish(top: Object, ignored: Collection[str] = ()) -> None:
    """Refuses what nobody took."""
    unknown = sorted(top.left().keys() - set(ignored))
    if unknown:
        field = top.at(unknown[0])[:100]
        raise BadRequest(f"{field} is unknown here.", field=field)


def line(top: Object, name: str, most: int = NAME_MAX) -> str | None:
    """A short text on one line."""
    value = top.text(name)
    if value is None:
        return None
    if not value.strip() or len(value) > most or not value.isprintable():
        raise top.wrong(name, f"must be a line of 1 to {most} characters")
    return value.strip()


def switch(top: Object, name: str) -> bool | None:
    """True or false; that null is neither is said here, not guessed."""
    if says(top, name) and top.peek(name) is None:
        raise top.wrong(name, "must be true or false, not null")
    return top.flag(name)


def moment(top: Object, name: str, now: float) -> int | None:
    """A time to come, in seconds since 1970."""
    value = top.text(name)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise top.wrong(name, "must be a time with its zone, as 2027-01-31T12:00:00Z")
    try:
        seconds = int(found.timestamp())
    except OverflowError:
        seconds = 0
    if seconds <= now:
        raise top.wrong(name, "must lie in the future")
    return seconds


def written(seconds: float | None) -> str | None:
    """The same, told."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def money(top: Object, name: str) -> Ticks | None:
    value = top.number(name)
    if value is None:
        return None
    if not 0 <= value <= DOLLARS_MAX:
        raise top.wrong(name, f"must be dollars from 0 to {DOLLARS_MAX:,}")
    return ticks(value)


def told(amount: Ticks | None) -> float | None:
    return None if amount is None else dollars(amount)


def choice(top: Object, name: str, choices: Collection[str]) -> str | None:
    value = top.text(name)
    if value is not None and value not in choices:
        raise top.wrong(name, f"must be one of {', '.join(choices)}")
    return value


class LimitSaid(Struct, frozen=True):
    """`limit` and `limit_reset`, as far as they were given."""

    cap: Ticks | UnsetType | None
    period: Period | UnsetType

    @property
    def given(self) -> bool:
        return self.cap is not UNSET or self.period is not UNSET

    def onto(self, before: Limit | None) -> Limit | None:
        """The limit as it is to be; either field may be given alone where there is one before."""
        cap, period = self.cap, self.period
        if cap is UNSET:
            cap = None if before is None else before.cap
        if period is UNSET:
            period = "total" if before is None else before.period
        return None if cap is None else Limit(cap=cap, period=period)


def limit(top: Object) -> LimitSaid:
    cap = money(top, "limit") if says(top, "limit") else UNSET
    if not says(top, "limit_reset"):
        return LimitSaid(cap, UNSET)
    return LimitSaid(cap, RESETS[choice(top, "limit_reset", [name for name in RESETS if name])])


def reset(period: Period) -> str | None:
    """A period as OpenRouter says it; it has no word for minutes and hours."""
    return next((name for name, each in RESETS.items() if each == period), None)


def rights(given: Object, before: Rights) -> Rights:
    """The rights as they are to be; what is not said stays, and null takes a limit away."""
    fields: dict[str, object] = {}
    for name in ("infers", "manages", "caches"):
        if (value := switch(given, name)) is not None:
            fields[name] = value
    for name in NUMBERS:
        if name != "max_cost" and says(given, name):
            fields[name] = given.whole(name, 1, NUMBER_MAX)
    if says(given, "max_cost_usd"):
        fields["max_cost"] = money(given, "max_cost_usd")
    for name in PATTERNS:
        if says(given, name):
            fields[name] = _patterns(given, name)
    finish(given)
    if "infers" not in fields and fields.get("manages"):
        fields["infers"] = False
    found = replace(before, **fields)
    if found.infers == found.manages:
        raise BadRequest(
            "A key either infers or manages.",
            advice="Make two keys where both are needed.",
            field="rights",
        )
    return found


def show_rights(rights: Rights) -> Json:
    shown = {name: getattr(rights, name) for name in NUMBERS if name != "max_cost"}
    return {
        "infers": rights.infers,
        "manages": rights.manages,
        **{name: list(getattr(rights, name)) for name in PATTERNS},
        **shown,
        "max_cost_usd": told(rights.max_cost),
        "caches": rights.caches,
    }


def _patterns(top: Object, name: str) -> tuple[str, ...]:
    values = top.texts(name) or ()
    fine = all(each and len(each) <= NAME_MAX and each.isprintable() for each in values)
    if len(values) > PATTERNS_MAX or not fine:
        raise top.wrong(name, f"must be at most {PATTERNS_MAX} lines of 1 to {NAME_MAX} characters")
    return tuple(dict.fromkeys(values))


def cap(top: Object, unit: Unit) -> int | None:
    return amount(top, "cap", unit)


def amount(top: Object, field: str, unit: Unit | None) -> int | None:
    """So much of a unit; money is said in dollars, under a name that says so."""
    in_money = f"{field}_usd"
    name, other = (in_money, field) if unit == "ticks" else (field, in_money)
    if says(top, other):
        raise top.wrong(other, f"must be given as {name} for a budget in {unit or 'no money'}")
    return money(top, name) if unit == "ticks" else top.whole(name, 0, CAP_MAX)


def show_cap(unit: Unit, amount: int) -> float | int:
    return amount / TICKS_PER_DOLLAR if unit == "ticks" else amount


def scope(top: Object) -> Scope:
    return cast("Scope", top.needed("scope", choice(top, "scope", SCOPES)))


def unit(top: Object) -> Unit:
    return cast("Unit", top.needed("unit", choice(top, "unit", UNITS)))


def period(top: Object) -> Period:
    return cast("Period", top.needed("period", choice(top, "period", PERIODS)))
