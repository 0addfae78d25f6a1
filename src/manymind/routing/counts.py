"""How many tokens a request is for the model that would answer it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from msgspec.structs import replace

from manymind.canon.requests import Request
from manymind.routing.till import Served
from manymind.tokens.counter import Count, Counter


class Serving(Protocol):
    """Knows who serves a model; the router does."""

    def served(self, model: str) -> tuple[Served, ...]: ...


class Counts:
    """`asked` are the providers that count themselves, by name. They are asked only where we
    have no exact count, and where they do not answer soon, ours has to do."""

    def __init__(
        self,
        router: Serving,
        counter: Counter,
        asked: Mapping[str, Callable[[Request], Awaitable[int | None]]],
    ) -> None:
        self._router = router
        self._counter = counter
        self._asked = asked

    async def count(self, request: Request) -> Count:
        """Raises `NoSuchModel` where nobody serves the model. A request without one is counted
        for a model of which nothing is known."""
        if not request.model:
            return await self._counter.count("", "", request)
        offer = self._router.served(request.model)[0].offer
        ours = await self._counter.count(offer.key, offer.slug, request)
        ask = self._asked.get(offer.provider)
        if ours.basis == "exact" or ask is None:
            return ours
        theirs = await ask(replace(request, model=offer.native))
        if theirs is None:
            return ours
        return Count(tokens=theirs, basis="provider", plain=ours.plain)
