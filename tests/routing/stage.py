"""Small providers that do one thing each, and a router over them."""

from collections.abc import Mapping

import anyio

from manymind.canon.attempts import Attempt
from manymind.canon.events import (
    Began,
    Chunk,
    Closed,
    Ended,
    Happened,
    Opened,
    Say,
    Spent,
    Wrote,
    spoken,
)
from manymind.canon.faults import Fault
from manymind.canon.items import Said
from manymind.canon.ports import Allotment, Clock, Desk, Provider
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.offers import Offer
from manymind.catalog.prices import MILLION, Price, Rates
from manymind.ledger.allotments import Purse, Reservation
from manymind.ledger.meters import metering
from manymind.ledger.pricing import CataloguePricing
from manymind.routing.patience import Patience
from manymind.routing.router import Router
from tests.world import WallClock, said

BEGAN = Began(id="r", model="m-0309")
USED = Usage(input_tokens=10, output_tokens=2)
HELLO = (
    BEGAN,
    Opened(item="a", value=Said(role="assistant")),
    Wrote(item="a", text="hello"),
    Closed(item="a"),
    Spent(usage=USED),
    Ended(),
)


class Player:
    """Each run plays the next of its parts, the last one for ever: events are spoken one by
    one, a fault is raised, and None waits until someone hangs up."""

    def __init__(self, *parts: tuple[Happened | Fault | None, ...]) -> None:
        self.parts = parts
        self.requests: list[Request] = []
        self.desks: list[Desk] = []

    @property
    def calls(self) -> int:
        return len(self.requests)

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        part = self.parts[min(self.calls, len(self.parts) - 1)]
        self.requests.append(request)
        self.desks.append(desk)
        for line in part:
            match line:
                case None:
                    await anyio.sleep_forever()
                case Fault():
                    raise line
                case _:
                    await say(spoken(line))


class Watched(Purse):
    """A purse that remembers its holds."""

    def __init__(self, cap: int | None = None) -> None:
        super().__init__(cap)
        self.holds: list[Reservation] = []

    async def reserve(self, worst: int, *, tokens: int = 0, final: bool = False) -> Reservation:
        hold = await super().reserve(worst, tokens=tokens, final=final)
        self.holds.append(hold)
        return hold


def an_offer(provider: str, *, context: int | None = 100_000, rate: int = 1) -> Offer:
    return Offer(
        provider=provider,
        native=f"{provider}-m",
        slug="brand/m",
        context=context,
        prices=(Price(rates=Rates(input=rate * MILLION, output=rate * MILLION)),),
    )


class Stage:
    """A router over players, and what came of its attempts."""

    def __init__(
        self,
        players: Mapping[str, Provider],
        *offers: Offer,
        patience: Patience | None = None,
        clock: Clock | None = None,
        aliases: Mapping[str, str] | None = None,
        rates: Mapping[str, int] | None = None,
    ) -> None:
        self.clock = clock or WallClock()
        self.attempts: list[Attempt] = []
        catalogue = Catalogue(aliases=aliases)
        rated = rates or {}
        usual = [an_offer(name, rate=rated.get(name, 1)) for name in players if "/" not in name]
        catalogue.add(*(offers or usual))
        self.pricing = CataloguePricing(catalogue, self.clock)
        self.router = Router(
            players,
            catalogue,
            self.pricing,
            metering(self.pricing),
            patience=patience or Patience(first_pause_seconds=0),
            on_attempt=self.attempts.append,
            chance=lambda: 0.5,
        )

    async def run(
        self,
        request: Request,
        say: Say,
        allotment: Allotment | None = None,
        deadline: float | None = None,
        final: bool = False,
    ) -> None:
        desk = Desk(
            key="run",
            allotment=allotment or Purse(),
            clock=self.clock,
            deadline=deadline,
            final=final,
        )
        await self.router.run(request, say, desk)


def a_desk_of(stage: Stage, allotment: Allotment) -> Desk:
    return Desk(key="run", allotment=allotment, clock=stage.clock)


def asked(text: str = "hi", *, model: str = "m", max_output_tokens: int | None = 20) -> Request:
    return Request(model=model, items=(said(text),), max_output_tokens=max_output_tokens)


async def deaf(chunk: Chunk) -> None:
    """Hears nothing."""
