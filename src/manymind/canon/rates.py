"""How fast a key may ask, and how a reply says so."""

from collections.abc import Callable
from typing import Protocol, TypeAlias, runtime_checkable

from msgspec import Struct


class Rate(Struct, frozen=True, kw_only=True):
    """Of so many requests or tokens (`unit`) in a minute, what is left of the minute that is
    open, as far as this server knows, and in how many seconds the next one begins."""

    unit: str
    limit: int
    remaining: int
    reset_seconds: float


Rates: TypeAlias = Callable[[], tuple[Rate, ...]]
"""Looks up how the rates of a key stand now."""


@runtime_checkable
class Rated(Protocol):
    """An allotment that knows the rates of its key."""

    def rates(self) -> tuple[Rate, ...]: ...


class Tell(Protocol):
    """Puts on a reply what stands beside the answer."""

    def __call__(self, name: str, value: str) -> None:
        """A header."""
        ...

    def rates(self, rates: Rates) -> None:
        """The headers about rates, looked up when the reply begins."""
        ...


class Untold(Tell):
    """Takes all this where there is no reply to put it on."""

    def __call__(self, name: str, value: str) -> None:
        return

    def rates(self, rates: Rates) -> None:
        return
