"""Who is asked afterwards what a cut call came to."""

from collections.abc import Sequence

from manymind.app.money import Money
from manymind.app.upstreams import Found
from manymind.canon.ports import Clock
from manymind.egress.trusted import Trusted
from manymind.ledger.afterwards import Afterwards
from manymind.ledger.pricing import CataloguePricing
from manymind.ledger.reckoning import Reckoning
from manymind.providers.late import asking_later
from manymind.store.corrections import Corrections
from manymind.store.database import Database


def afterwards(
    ready: Sequence[Found],
    client: Trusted,
    database: Database,
    money: Money,
    clock: Clock,
    pricing: CataloguePricing,
) -> Afterwards:
    asks = {each.name: asking_later(each.upstream, each.settings, client) for each in ready}
    return Afterwards(
        {name: ask for name, ask in asks.items() if ask is not None},
        Corrections(database),
        money.keeper,
        clock,
        Reckoning(pricing),
    )
