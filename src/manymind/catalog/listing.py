"""What `/v1/models` lists: one row for each model, whoever serves it."""

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from manymind.catalog.catalogue import Catalogue
from manymind.catalog.money import dollars
from manymind.catalog.offers import Offer
from manymind.catalog.prices import MILLION, price_at
from manymind.catalog.sellers import seller


class Row(Struct, frozen=True, kw_only=True):
    """A model for sale. Prices are dollars a token, written out; None where unknown."""

    id: str
    name: str
    created: int
    owner: str
    context: int | None = None
    max_output: int | None = None
    inputs: tuple[str, ...] = ("text",)
    prompt_price: str | None = None
    completion_price: str | None = None
    cached_price: str | None = None


def listing(catalogue: Catalogue, providers: Collection[str], moment: datetime) -> tuple[Row, ...]:
    """Every model of these providers, by id. A provider's own price goes before a reseller's.

    An entry `provider/native` stands for that model alone, as a provider's name does for all.
    """
    rows: dict[str, Row] = {}
    own_first = sorted(providers, key=lambda entry: seller(entry).resells)
    for offer in catalogue.stock(own_first):
        # OpenRouter's moving names are not models, and its batches cannot be asked for an answer.
        if not offer.slug.startswith("~") and not offer.slug.endswith(":batch"):
            rows.setdefault(offer.slug, _row(offer, moment))
    return tuple(rows[name] for name in sorted(rows))


def _row(offer: Offer, moment: datetime) -> Row:
    price = price_at(offer.prices, moment)
    row = Row(
        id=offer.slug,
        name=offer.name or offer.slug,
        created=offer.created,
        owner=offer.slug.partition("/")[0],
        context=offer.context,
        max_output=offer.max_output,
        inputs=offer.inputs,
    )
    if price is None:
        return row
    rates = price.rates
    return replace(
        row,
        prompt_price=dollars(rates.input, MILLION),
        completion_price=dollars(rates.output, MILLION),
        cached_price=None if rates.cached is None else dollars(rates.cached, MILLION),
    )
