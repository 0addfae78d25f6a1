"""What stands beside an answer, in headers: of routes, of the cache, and of how fast a key may
ask, under the names that each vendor's clients know."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from manymind.canon.rates import Rate, Rates, Tell
from manymind.server.exchange import Exchange
from manymind.server.manners import MESSAGES


class Told(Tell):
    """`now` tells the seconds since 1970."""

    def __init__(self, exchange: Exchange, dialect: str, now: Callable[[], float]) -> None:
        self._exchange = exchange
        self._anthropic = dialect == MESSAGES
        self._now = now

    def __call__(self, name: str, value: str) -> None:
        self._exchange.add_header(name, value)

    def rates(self, rates: Rates) -> None:
        def late() -> Iterator[tuple[str, str]]:
            now = self._now()
            for rate in rates():
                yield from _anthropic(rate, now) if self._anthropic else _openai(rate)

        self._exchange.late = late


def _openai(rate: Rate) -> Iterator[tuple[str, str]]:
    yield f"x-ratelimit-limit-{rate.unit}", str(rate.limit)
    yield f"x-ratelimit-remaining-{rate.unit}", str(rate.remaining)
    yield f"x-ratelimit-reset-{rate.unit}", f"{max(0.0, rate.reset_seconds):.3g}s"


def _anthropic(rate: Rate, now: float) -> Iterator[tuple[str, str]]:
    resets = datetime.fromtimestamp(now + rate.reset_seconds, UTC)
    yield f"anthropic-ratelimit-{rate.unit}-limit", str(rate.limit)
    yield f"anthropic-ratelimit-{rate.unit}-remaining", str(rate.remaining)
    yield f"anthropic-ratelimit-{rate.unit}-reset", f"{resets:%Y-%m-%dT%H:%M:%SZ}"
