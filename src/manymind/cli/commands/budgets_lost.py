"""`manymind budgets lost`: what servers that died had borrowed."""

from manymind.cli.account_options import TenantOption
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def lost(
    tenant: TenantOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """List what servers that died had borrowed.

    Until somebody reconciles it, it stays charged to its budget: some of it may have been
    spent, and nobody knows how much.
    """
    from manymind.cli.losses import list_losses
    from manymind.cli.running import run

    async def tell() -> None:
        await list_losses(settings(config, data), tenant, json=json)

    run(tell)


COMMAND = Command(
    run=lost,
    name="budgets lost",
    examples=("manymind budgets lost", "manymind budgets lost --tenant ten_7f3k2m9q --json"),
    prints="""
{"schema_version", "losses": [{"id", "object", "tenant",
 "budget", "unit", "amount", "amount_usd", "at"}]}
Money is in amount_usd; other budgets have amount.
""",
)
