"""How the offers are doing: measured for those who choose, and for those who look on."""

from collections.abc import Sequence

from msgspec import Struct

from manymind.canon.attempts import Attempt
from manymind.canon.faults import (
    Fault,
    Overloaded,
    RateLimited,
    TimedOut,
    UpstreamBroken,
    UpstreamRefused,
)
from manymind.routing.breaker import Breaker, BreakerRules
from manymind.routing.windows import MINUTES_KEPT, Lately, Window

OFFERS_MAX = 4096
"""So many offers are watched; callers may make up any number of names."""

FAILURES = (Overloaded, UpstreamBroken, UpstreamRefused, TimedOut)
"""Faults that say something about whoever was asked, and not about what was asked."""

FAILED = frozenset(
    ["overloaded", "upstream_error", "stream_cut", "timeout", "upstream_unauthorized"]
)
LIMITED = RateLimited.code

_SECONDS_MIN = 1e-3
"""An answer that came in less was not written word by word, and has no speed."""


class Record(Struct):
    """One offer's."""

    window: Window
    breaker: Breaker


class Health:
    """Kept in memory, by this server for itself."""

    def __init__(self, rules: BreakerRules | None = None) -> None:
        self._rules = rules or BreakerRules()
        self._records: dict[str, Record] = {}

    def of(self, offer: str) -> Record:
        """The record of an offer (`provider/native`), which begins with this."""
        record = self._records.get(offer)
        if record is None:
            if len(self._records) >= OFFERS_MAX:
                del self._records[next(iter(self._records))]
            record = self._records[offer] = Record(Window(), Breaker(self._rules))
        return record

    def lately(self, offer: str, today: float, minutes: int = MINUTES_KEPT) -> Lately:
        """An offer over the last minutes; `today` is in seconds since 1970."""
        record = self._records.get(offer)
        return Lately(minutes=minutes) if record is None else record.window.lately(today, minutes)

    def state(self, offer: str, now: float) -> str:
        """Of its breaker: closed, open, half_open or limited."""
        record = self._records.get(offer)
        return "closed" if record is None else record.breaker.state(now)

    @property
    def offers(self) -> Sequence[str]:
        """Those of which anything is known."""
        return tuple(self._records)

    def rank(self, offer: str, now: float) -> int:
        """How well it is; see `Breaker.rank`."""
        record = self._records.get(offer)
        return 0 if record is None else record.breaker.rank(now)

    def admits(self, offer: str, now: float) -> bool:
        record = self._records.get(offer)
        return record is None or record.breaker.admits(now)

    def heard(self, attempt: Attempt, *, judged: bool = True) -> None:
        """An attempt is over. One that ended because its caller allowed no more time is not
        `judged`, as neither is one that its caller broke off, or that broke by a bug of ours."""
        record = self.of(attempt.offer)
        at = attempt.at + attempt.seconds
        if attempt.outcome == "completed":
            latency, usage = attempt.first_word_seconds, attempt.bill.usage
            written = 0 if usage is None else usage.output_tokens
            spent = attempt.seconds - (latency or 0)
            spent = spent if spent > _SECONDS_MIN else attempt.seconds
            speed = written / spent if written and spent > _SECONDS_MIN else None
            record.window.completed(at, latency, speed)
            record.breaker.answered()
        elif attempt.outcome == LIMITED:
            record.window.limited(at)
        elif judged and attempt.outcome in FAILED:
            record.window.failed(at)

    def failed(self, offer: str, fault: Fault, now: float, *, judged: bool = True) -> None:
        """What the breaker has to know of a fault, and what `heard` cannot tell."""
        if isinstance(fault, RateLimited):
            self.of(offer).breaker.limited(now, fault.retry_after)
        elif judged and isinstance(fault, FAILURES):
            self.of(offer).breaker.failed(now, fault.retry_after)
        else:
            self.undecided(offer)

    def undecided(self, offer: str) -> None:
        record = self._records.get(offer)
        if record is not None:
            record.breaker.undecided()

    def called(self, offer: str, calls: int, good: int, today: float) -> None:
        """An answer of it called so many functions, so many of them well."""
        self.of(offer).window.called(today, calls, good)
