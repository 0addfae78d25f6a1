"""What servers that died had borrowed, and who may say what it came to.

To say that it came to less is to loosen a budget: of one that the operator has set, and of that of
a whole tenant, only the operator says so.
"""

from manymind.canon.budgets import Budget
from manymind.canon.faults import Forbidden, NotFound
from manymind.policy.keys import Caller
from manymind.store.accounts import Accounts
from manymind.store.budgets import Budgets
from manymind.store.lost import Loss, Lost


class Losses:
    def __init__(self, lost: Lost, budgets: Budgets, accounts: Accounts) -> None:
        self._lost = lost
        self._budgets = budgets
        self._accounts = accounts

    async def listed(self, tenant: str) -> tuple[Loss, ...]:
        return await self._lost.listed(tenant)

    async def find(self, tenant: str, loss_id: str) -> Loss:
        return await self._lost.find(tenant, loss_id)

    async def reconcile(self, caller: Caller, loss: Loss, used: int) -> None:
        """Charge what it came to instead of what was borrowed."""
        if used < loss.amount and not caller.operates:
            _check_own(await self._budget(loss))
        await self._lost.reconcile(loss.owner, loss.id, used)
        actor = caller.key or "operator"
        await self._accounts.note(loss.owner, actor, "reconciled", "loss", loss.id, ("used",))

    async def _budget(self, loss: Loss) -> Budget | None:
        try:
            return await self._budgets.find(loss.owner, loss.budget)
        except NotFound:
            return None


def _check_own(budget: Budget | None) -> None:
    if budget is None or not budget.made_by or budget.scope == "tenant":
        raise Forbidden(
            "The operator has set this budget.",
            advice="Ask the operator to say that it came to less than was borrowed.",
        )
