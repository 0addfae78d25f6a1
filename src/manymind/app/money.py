"""The gate for money, put together: one for all that asks a model, whichever door it came by."""

from collections.abc import Callable
from uuid import uuid4

from msgspec import Struct

from manymind.app.amounts import amount
from manymind.canon.notices import Tell, untold
from manymind.canon.ports import Clock
from manymind.config import Config
from manymind.ledger.accounts import Accounts, Defaults
from manymind.ledger.bank import Bank
from manymind.ledger.gate import Gate
from manymind.ledger.keeper import Keeper
from manymind.ledger.pricing import CataloguePricing
from manymind.ledger.reckoning import Reckoning
from manymind.store.budgets import Budgets
from manymind.store.database import Database
from manymind.store.leases import Leases
from manymind.store.ledger_rows import LedgerRows
from manymind.store.lost import Lost
from manymind.store.stops import Stops


class Money(Struct, frozen=True):
    """`budgets` and `lost` are for the pages of accounts; `stops` opens a stopped key again."""

    budgets: Budgets
    lost: Lost
    stops: Stops
    keeper: Keeper


def money(
    database: Database, clock: Clock, pricing: CataloguePricing, tell: Tell = untold
) -> Money:
    leases, lost = Leases(database), Lost(database, clock)
    budgets, stops = Budgets(database, clock), Stops(database, clock)
    reckon = Reckoning(pricing)
    bank = Bank(leases, LedgerRows(database), clock, _name, reckon=reckon, tell=tell)
    gate = Gate(bank, budgets, stops)
    return Money(budgets, lost, stops, Keeper(bank, gate, leases, lost, clock))


def accounts(config: Config, money: Money, is_team: Callable[[str], bool]) -> Accounts:
    """What a request may spend, by the settings and by its budgets."""
    limits = config.limits
    standing = limits.request_cost_usd
    defaults = Defaults(
        request=None if standing is None else amount("limits.request_cost_usd", standing),
        team=amount("limits.team_cost_usd", limits.team_cost_usd),
    )
    return Accounts(defaults, is_team, money.keeper)


def _name() -> str:
    return f"srv_{uuid4().hex}"
