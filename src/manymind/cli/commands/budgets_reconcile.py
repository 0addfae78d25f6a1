"""`manymind budgets reconcile`: what something really came to that a dead server had borrowed."""

from typing import Annotated

import typer

from manymind.cli.account_options import TenantOption
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def reconcile(
    loss: Annotated[str, typer.Argument(metavar="LOSS", help="By its id: see budgets lost.")],
    used: Annotated[
        str,
        typer.Option(metavar="AMOUNT", help="Dollars of a budget in money, else a whole number."),
    ],
    tenant: TenantOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Say what it came to that a dead server had borrowed.

    Its budget is charged that instead, and the rest can be used again: 0 where all of it was idle.
    It is done once.
    """
    from manymind.cli.losses import reconcile as reconcile_loss
    from manymind.cli.running import run

    async def work() -> None:
        await reconcile_loss(settings(config, data), tenant, loss, used, json=json)

    run(work)


COMMAND = Command(
    run=reconcile,
    name="budgets reconcile",
    examples=(
        "manymind budgets reconcile lost:srv_4f1c:bud_4h8s:0 --used 0",
        "manymind budgets reconcile lost:srv_4f1c:bud_4h8s:0 --used 0.25 --json",
    ),
    prints="""
{"schema_version", "id", "object", "tenant", "budget",
 "unit", "amount", "amount_usd", "at", "used", "used_usd",
 "reconciled"}
Money is in those that end in _usd; other budgets have the others.
""",
)
