"""Who may come in, and the pages and the desk where that is managed."""

import secrets
from functools import partial

from manymind.app.amounts import amount
from manymind.clock import SystemClock
from manymind.config import Config
from manymind.policy.keys import Keys
from manymind.policy.office import Limit, Office
from manymind.server.account_budgets import BudgetPages
from manymind.server.account_keys import KeyPages
from manymind.server.accounts import Desk, People
from manymind.server.admission import Admission
from manymind.server.inference import Bounds
from manymind.store.accounts import Accounts
from manymind.store.budgets import Budgets
from manymind.store.changing import changes
from manymind.store.database import Database
from manymind.store.keys import StoredKeys
from manymind.store.spending import Spent


class Reception:
    """`keys` lets callers in; through `office` accounts are changed, which `keys` then knows."""

    def __init__(self, config: Config, database: Database, budgets: Budgets) -> None:
        clock = SystemClock()
        stored = StoredKeys(database, clock)
        usual = config.limits.key_cost_usd_per_day
        self.keys = Keys(config.key, stored, clock)
        self.office = Office(
            Accounts(database, clock),
            stored,
            budgets,
            chance=secrets.randbelow,
            usual=Limit(cap=amount("limits.key_cost_usd_per_day", usual), period="day"),
            changed=self.keys.expire,
        )
        self._database = database
        self._clock = clock

    def pages(
        self, bounds: Bounds, admission: Admission
    ) -> tuple[People | KeyPages | BudgetPages, ...]:
        desk = Desk(
            office=self.office,
            spent=Spent(self._database, self._clock),
            changes=partial(changes, self._database),
            clock=self._clock,
            admission=admission,
            bounds=bounds,
        )
        return (People(desk), KeyPages(desk), BudgetPages(desk))
