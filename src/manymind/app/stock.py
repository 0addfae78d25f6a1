"""What is for sale in this house: the catalogue, with what the operator and local servers add."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial

import anyio
from msgspec.structs import replace

from manymind.app.amounts import amount
from manymind.app.snapshots import kept
from manymind.app.upstreams import Found, local_models
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.offers import Offer, Source
from manymind.catalog.prices import Price, Rates
from manymind.catalog.sellers import OWN
from manymind.config import Config, PriceSettings
from manymind.egress.trusted import Trusted

EVERY_OTHER = "*"
"""Stands in the settings for each model of a provider that is not described otherwise."""


def names(ready: Iterable[Found]) -> tuple[str, ...]:
    """The providers whose models can be asked for."""
    return (OWN, *(each.name for each in ready))


async def stocked(config: Config, ready: Sequence[Found], client: Trusted) -> Catalogue:
    """The catalogue as the running program has it."""
    served = await local_models(ready, client)
    work = partial(described, config, served, warm=names(ready))
    return await anyio.to_thread.run_sync(work)


def described(
    config: Config, served: Iterable[Offer] = (), *, warm: Iterable[str] = ()
) -> Catalogue:
    """The catalogue as far as it is known without asking anyone."""
    usual = {
        provider: _offered(_unnamed(provider), said.prices[EVERY_OTHER])
        for provider, said in config.providers.items()
        if EVERY_OTHER in said.prices
    }
    catalogue = Catalogue(aliases=config.aliases, usual=usual, snapshot=kept(config.data))
    catalogue.warm(warm)
    catalogue.add(*_teams(config, catalogue))
    for offer in served:
        terms = usual.get(offer.provider, offer)
        context = offer.context or terms.context
        catalogue.add(
            replace(offer, prices=terms.prices, context=context, max_output=terms.max_output)
        )
    for provider, said in config.providers.items():
        for native, priced in said.prices.items():
            if native != EVERY_OTHER:
                catalogue.add(_offered(catalogue.offer(f"{provider}/{native}"), priced))
    return catalogue


def _teams(config: Config, catalogue: Catalogue) -> Iterator[Offer]:
    """The operator's own teams are sold on the terms of the one that is always there."""
    usual = catalogue.offer(f"{OWN}/multi-agent")
    for name in config.teams:
        native = f"team-{name}"
        yield replace(usual, native=native, slug=f"{OWN}/{native}", name=f"Manymind Team {name}")


def _unnamed(provider: str) -> Offer:
    return Offer(provider=provider, native=EVERY_OTHER, slug="")


def _offered(known: Offer, said: PriceSettings) -> Offer:
    """A model as it is otherwise known, for the operator's price."""
    price = _price(said, f"providers.{known.provider}.prices.{known.native}")
    if known.prices:
        price = replace(price, tools=known.prices[-1].tools)
    return replace(
        known,
        prices=(price,),
        context=said.context or known.context,
        max_output=said.max_output or known.max_output,
        known=True,
        priced_by=Source("the operator's settings"),
    )


def _price(said: PriceSettings, setting: str) -> Price:
    def rate(name: str, dollars: Decimal | None) -> int | None:
        return None if dollars is None else amount(f"{setting}.{name}", dollars)

    rates = Rates(
        input=amount(f"{setting}.input", said.input),
        output=amount(f"{setting}.output", said.output),
        cached=rate("cached", said.cached),
        written=rate("written", said.written),
        written_long=rate("written_long", said.written_long),
    )
    return Price(rates=rates)
