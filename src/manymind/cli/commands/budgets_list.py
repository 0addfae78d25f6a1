"""`manymind budgets list`: what may be used, and how far it is."""

from manymind.cli.account_options import TenantOption
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def list_all(
    tenant: TenantOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """List the budgets of a tenant: what each may use in its period, and what is left.

    What running servers hold for calls on their way is not left, though nothing is spent yet.
    """
    from manymind.cli.budgeting import list_budgets
    from manymind.cli.running import run

    async def tell() -> None:
        await list_budgets(settings(config, data), tenant, json=json)

    run(tell)


COMMAND = Command(
    run=list_all,
    name="budgets list",
    examples=("manymind budgets list", "manymind budgets list --json"),
    prints="""
{"schema_version", "budgets": [{"id", "object", "tenant",
 "scope", "subject", "unit", "period", "cap", "cap_usd", "used",
 "used_usd", "lent", "lent_usd", "left", "left_usd", "begins_at",
 "resets_at", "alarm_percent", "made_by"}]}
Money is in those that end in _usd; other budgets have the others.
""",
)
