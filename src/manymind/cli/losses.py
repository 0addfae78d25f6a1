"""What the commands of what dead servers had borrowed do, on the store itself."""

import sys

from manymind.canon.budgets import Unit
from manymind.canon.faults import BadRequest
from manymind.catalog.money import dollars
from manymind.cli.accounting import books, print_json
from manymind.cli.columns import print_columns
from manymind.cli.figures import figure
from manymind.cli.spans import money
from manymind.config import Config
from manymind.policy.keys import OPERATING
from manymind.server.account_fields import written
from manymind.server.account_forms import show_loss, show_reconciled


async def list_losses(config: Config, tenant: str | None, *, json: bool) -> None:
    async with books(config, tenant) as open_books:
        found = await open_books.losses.listed(open_books.tenant)
    if json:
        print_json({"losses": [show_loss(each) for each in found]})
        return
    rows = [("loss", "budget", "since", "amount")]
    rows += [
        (each.id, each.budget, written(int(each.at)) or "", told(each.unit, each.amount))
        for each in found
    ]
    print_columns(rows, left=3)


async def reconcile(
    config: Config, tenant: str | None, named: str, said: str, *, json: bool
) -> None:
    async with books(config, tenant) as open_books:
        loss = await open_books.losses.find(open_books.tenant, named)
        used = _used(loss.unit, said)
        await open_books.losses.reconcile(OPERATING, loss, used)
    if json:
        print_json(show_reconciled(loss, used))
        return
    unit = loss.unit
    instead = f"instead of {told(unit, loss.amount)}"
    print(f"{loss.budget} is charged {told(unit, used)} {instead}.", file=sys.stderr)


def told(unit: Unit | None, amount: int) -> str:
    """So much of a unit; of a budget that is gone nobody knows what it was counted in."""
    return f"${dollars(amount)}" if unit == "ticks" else f"{amount:,} {unit or '(unit unknown)'}"


def _used(unit: Unit | None, said: str) -> int:
    """Dollars where the budget is in money, else a whole number."""
    if unit != "ticks":
        return figure("--used", said)
    used = money("--used", said)
    if used is None:
        raise BadRequest("--used is missing.", advice="Write 5, or 0.50; 0 where all was idle.")
    return used
