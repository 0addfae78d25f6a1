"""Answers that are given again to the same question."""

from typing import Protocol

from msgspec import Struct

from manymind.canon.events import Happened


class Repeated(Struct, frozen=True, kw_only=True):
    """An answer as it was told, at a time in seconds since 1970. `offer` (`provider/native`) is
    what was asked first."""

    offer: str
    events: tuple[Happened, ...]
    at: float


class Place(Struct, frozen=True):
    """Where an answer lies: no tenant and no key finds those of another."""

    owner: str
    key: str
    digest: bytes


class Shelf(Protocol):
    """Keeps answers for a while. None of them need be there the next time."""

    async def find(self, place: Place) -> Repeated | None: ...

    async def keep(self, place: Place, repeated: Repeated, seconds: int) -> None: ...

    async def drop(self, place: Place) -> None: ...
