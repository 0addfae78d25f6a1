"""What the commands of budgets do, on the store itself."""

import sys

from msgspec.structs import replace

from manymind.canon.budgets import Budget
from manymind.cli.accounting import books, print_json
from manymind.cli.columns import print_columns
from manymind.cli.harmless import one_line
from manymind.cli.losses import told
from manymind.config import Config
from manymind.policy.keys import OPERATING
from manymind.policy.office import limit_id
from manymind.server.account_forms import show_budget


async def list_budgets(config: Config, tenant: str | None, *, json: bool) -> None:
    async with books(config, tenant) as open_books:
        budgets = await open_books.office.budgets.listed(open_books.tenant)
        found = [await open_books.counted(each) for each in budgets]
    if json:
        print_json({"budgets": [show_budget(each) for each in found]})
        return
    rows = [("id", "scope", "subject", "period", "cap", "used", "left")]
    for each in found:
        budget, used = each.budget, each.standing.used
        cap, spent, left = (told(budget.unit, n) for n in (budget.cap, used, each.left))
        subject = one_line(budget.subject)
        rows.append((budget.id, budget.scope, subject, budget.period, cap, spent, left))
    print_columns(rows, left=4)


async def set_budget(config: Config, tenant: str | None, wanted: Budget, *, json: bool) -> None:
    """One of the same scope, subject, unit and period gets the new cap; else there is a new one."""
    async with books(config, tenant) as open_books:
        office, owner = open_books.office, open_books.tenant
        subject = wanted.subject or (owner if wanted.scope == "tenant" else "")
        wanted = replace(wanted, owner=owner, subject=subject)
        alike = [
            each
            for each in await office.budgets.listed(owner, scope=wanted.scope, subject=subject)
            if (each.unit, each.period) == (wanted.unit, wanted.period)
            and each.id != limit_id(subject)
        ]
        if alike:
            percent = wanted.alarm_percent
            budget = await office.amend_budget(OPERATING, alike[0], wanted.cap, percent)
        else:
            budget = await office.define_budget(OPERATING, wanted)
        shown = show_budget(await open_books.counted(budget))
    if json:
        print_json(shown)
        return
    period = "in all" if budget.period == "total" else f"a {budget.period}"
    print(f"{budget.id}: {told(budget.unit, budget.cap)} {period}", file=sys.stderr)


async def drop_budget(config: Config, tenant: str | None, named: str, *, json: bool) -> None:
    async with books(config, tenant) as open_books:
        found = await open_books.office.budgets.find(open_books.tenant, named)
        await open_books.office.drop_budget(OPERATING, found)
    if json:
        print_json({"id": found.id, "deleted": True})
    else:
        print(f"{found.id} is dropped.", file=sys.stderr)
