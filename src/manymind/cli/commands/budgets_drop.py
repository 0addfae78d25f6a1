"""`manymind budgets drop`: a budget, for good."""

from typing import Annotated

import typer

from manymind.cli.account_options import TenantOption
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def drop(
    budget: Annotated[str, typer.Argument(metavar="BUDGET", help="By its id.")],
    tenant: TenantOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Drop a budget: what it counted is limited no more.

    The limit of a key is a budget, too, but it is changed with its key alone.
    """
    from manymind.cli.budgeting import drop_budget
    from manymind.cli.running import run

    async def work() -> None:
        await drop_budget(settings(config, data), tenant, budget, json=json)

    run(work)


COMMAND = Command(
    run=drop,
    name="budgets drop",
    examples=("manymind budgets drop bud_4h8s1j6w2e9r3t5y",),
    prints="""
{"schema_version", "id", "deleted"}
""",
)
