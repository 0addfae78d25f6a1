"""Who may come in, and the pages and the desk where that is managed."""

import secrets
from functools import partial

from manymind.app.amounts import amount
from manymind.clock import SystemClock
from manymind.config import Config
from manymind.policy.keys import Keys
from manymind.policy.losses import Losses
from manymind.policy.office import Limit, Office
from manymind.server.account_budgets import BudgetPages
from manymind.server.account_keys import KeyPages
from manymind.server.account_losses import LossPages
from manymind.server.accounts import Desk, People
from manymind.server.admission import Admission
from manymind.server.guard import Guard
from manymind.server.inference import Bounds
from manymind.store.accounts import Accounts
from manymind.store.budgets import Budgets
from manymind.store.changing import changes
from manymind.store.database import Database
from manymind.store.keys import StoredKeys
from manymind.store.lost import Lost
from manymind.store.spending import Spent


class Reception:
    """`guard` lets callers in, by `keys`; through `office` accounts are changed, which `keys` then
    knows."""

    def __init__(self, config: Config, database: Database, budgets: Budgets) -> None:
        clock = SystemClock()
        stored = StoredKeys(database, clock)
        usual = config.limits.key_cost_usd_per_day
        self.keys = Keys(config.key, stored, clock)
        server = config.server
        self.guard = Guard(server.host, server.hosts, server.origins, self.keys)
        accounts = Accounts(database, clock)
        self.office = Office(
            accounts,
            stored,
            budgets,
            chance=secrets.randbelow,
            usual=Limit(cap=amount("limits.key_cost_usd_per_day", usual), period="day"),
            changed=self.keys.expire,
        )
        self.losses = Losses(Lost(database, clock), budgets, accounts)
        self.spent = Spent(database, clock)
        self._database = database
        self._clock = clock

    def pages(
        self, bounds: Bounds, admission: Admission
    ) -> tuple[People | KeyPages | BudgetPages | LossPages, ...]:
        desk = Desk(
            office=self.office,
            spent=self.spent,
            changes=partial(changes, self._database),
            clock=self._clock,
            admission=admission,
            bounds=bounds,
        )
        return (People(desk), KeyPages(desk), BudgetPages(desk), LossPages(desk, self.losses))
