"""What `/v1/models` lists: one row for each model, whoever serves it."""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime

from msgspec import Struct

from manymind.catalog.catalogue import Catalogue
from manymind.catalog.offers import Offer
from manymind.catalog.sellers import seller
from manymind.catalog.tariffs import Tariff, tariff


class Row(Struct, frozen=True, kw_only=True):
    """A model for sale, on the terms of its first offer. Prices are dollars a token, written out;
    None where unknown. `offers` are all that there are of it, the best choice first."""

    id: str
    name: str
    created: int
    owner: str
    context: int | None = None
    max_output: int | None = None
    inputs: tuple[str, ...] = ("text",)
    outputs: tuple[str, ...] = ("text",)
    parameters: tuple[str, ...] = ()
    efforts: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    knowledge: str | None = None
    retires: date | None = None
    deprecated: bool = False
    prompt_price: str | None = None
    completion_price: str | None = None
    cached_price: str | None = None
    tariff: Tariff | None = None
    offers: tuple[Offer, ...] = ()


def listing(catalogue: Catalogue, providers: Collection[str], moment: datetime) -> tuple[Row, ...]:
    """Every model of these providers, by id. A provider's own price goes before a reseller's.

    An entry `provider/native` stands for that model alone, as a provider's name does for all.
    Of a vendor's models only those are listed whose price and window are known and that have not
    been retired; the others can be asked for all the same.
    """
    offers: dict[str, list[Offer]] = {}
    own_first = sorted(providers, key=lambda entry: seller(entry).resells)
    today = moment.astimezone(UTC).date()
    for offer in catalogue.stock(own_first):
        if _listed(offer, today):
            offers.setdefault(offer.slug, []).append(offer)
    return tuple(row(offers[slug], moment) for slug in sorted(offers))


def row(offers: Iterable[Offer], moment: datetime) -> Row:
    """A model as it is listed, from its offers, of which there is at least one."""
    offers = tuple(offers)
    first = offers[0]
    terms = None if first.inner else tariff(first.prices, moment)
    return Row(
        id=first.slug,
        name=first.name or first.slug,
        created=first.created,
        owner=first.slug.partition("/")[0],
        context=first.context,
        max_output=first.max_output,
        inputs=first.inputs,
        outputs=first.outputs,
        parameters=first.parameters,
        efforts=first.efforts,
        unsupported=first.unsupported,
        knowledge=first.knowledge,
        retires=first.retires,
        deprecated=first.deprecated,
        prompt_price=terms.prompt if terms else None,
        completion_price=terms.completion if terms else None,
        cached_price=terms.input_cache_read if terms else None,
        tariff=terms,
        offers=offers,
    )


def _listed(offer: Offer, today: date) -> bool:
    # OpenRouter's moving names are not models, its batches cannot be asked for an answer, and what
    # ends with a dash is how the names of fine-tuned models begin.
    if offer.slug.startswith("~") or offer.slug.endswith((":batch", "-")):
        return False
    if not seller(offer.provider).feed:
        return True
    retired = offer.retires is not None and offer.retires <= today
    return bool(offer.prices) and offer.context is not None and not retired
