"""When to leave an offer alone for a while, and how to find out that it is well again.

It opens after failures in a row, or when half of the last attempts failed, and lets one request
at a time through once its rest is over: if that one is answered all is well, else it rests
twice as long. That a provider asks for fewer requests is no failure of its own, and only rests
it for as long as it says.
"""

from msgspec import Struct


class BreakerRules(Struct, frozen=True, kw_only=True):
    """`failures` in a row open it, and so does `share` of the last `remembered`. An offer that
    failed in the last `shaken_seconds` and has not answered since comes after the others. Without a
    Retry-After a refusal for too many requests counts for `limited_seconds`. A probe that is never
    heard of again holds up the next for `probe_seconds`."""

    failures: int = 5
    remembered: int = 20
    share: float = 0.5
    rest_seconds: float = 15.0
    rest_seconds_max: float = 300.0
    shaken_seconds: float = 30.0
    limited_seconds: float = 1.0
    limited_seconds_max: float = 300.0
    probe_seconds: float = 120.0


class Breaker:
    """One offer's. Times are those of a clock that only grows."""

    __slots__ = (
        "_failed_at",
        "_in_row",
        "_last",
        "_limited_until",
        "_opened",
        "_probed_until",
        "_rest",
        "_rules",
        "_seen",
        "_until",
    )

    def __init__(self, rules: BreakerRules) -> None:
        self._rules = rules
        self._in_row = self._last = self._seen = 0
        self._opened = False
        self._until = self._limited_until = self._probed_until = 0.0
        self._failed_at: float | None = None
        self._rest = rules.rest_seconds

    def state(self, now: float) -> str:
        """closed, open, half_open, or limited: closed, but asked to be left alone."""
        if self._opened:
            return "half_open" if now >= self._until else "open"
        return "limited" if now < self._limited_until else "closed"

    def rank(self, now: float) -> int:
        """0 where all is well or a probe is due, 1 for one that failed just now, 2 for one that
        has had too many requests, 3 for one that is open."""
        if self._opened:
            return 0 if self._due(now) else 3
        if now < self._limited_until:
            return 2
        failed_at = self._failed_at
        return 1 if failed_at is not None and now - failed_at < self._rules.shaken_seconds else 0

    def admits(self, now: float) -> bool:
        """Whether a request may go there now; whoever is let through half-open is the probe."""
        if self._opened:
            if not self._due(now):
                return False
            self._probed_until = now + self._rules.probe_seconds
            return True
        return now >= self._limited_until

    def answered(self) -> None:
        self._in_row = 0
        self._remember(0)
        self._opened = False
        self._failed_at = None
        self._probed_until = 0.0
        self._rest = self._rules.rest_seconds

    def failed(self, now: float, retry_after: float | None = None) -> None:
        self._in_row += 1
        self._remember(1)
        self._failed_at = now
        if self._opened:
            if now < self._until:  # A straggler, sent out before it opened.
                return
            self._rest = min(2 * self._rest, self._rules.rest_seconds_max)
            self._open(now, retry_after)
        elif self._in_row >= self._rules.failures or self._mostly_failing():
            self._open(now, retry_after)

    def limited(self, now: float, retry_after: float | None = None) -> None:
        """It has had too many requests. That it said so shows that it lives."""
        asked = self._rules.limited_seconds if retry_after is None else retry_after
        until = now + min(asked, self._rules.limited_seconds_max)
        self._limited_until = max(self._limited_until, until)
        if self._opened and now >= self._until:
            self._opened, self._failed_at, self._in_row = False, None, 0
        self._probed_until = 0.0

    def undecided(self) -> None:
        """An attempt ended without telling anything of the offer, such as by a hang-up."""
        self._probed_until = 0.0

    def _due(self, now: float) -> bool:
        return now >= self._until and now >= self._probed_until

    def _open(self, now: float, retry_after: float | None) -> None:
        self._opened = True
        self._last = self._seen = 0
        self._until = now + max(self._rest, min(retry_after or 0, self._rules.rest_seconds_max))
        self._probed_until = 0.0

    def _mostly_failing(self) -> bool:
        rules = self._rules
        return self._seen >= rules.remembered and (
            self._last.bit_count() >= rules.share * rules.remembered
        )

    def _remember(self, failed: int) -> None:
        self._last = (self._last << 1 | failed) & ((1 << self._rules.remembered) - 1)
        self._seen += 1
