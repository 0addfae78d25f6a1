"""`manymind keys show`: one key."""

from manymind.cli.account_options import KeyArgument, TenantOption
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def show(
    key: KeyArgument,
    tenant: TenantOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Show what a key may do, and what it has spent.

    The key itself is kept nowhere, and cannot be shown.
    """
    from manymind.cli.accounting import show_one
    from manymind.cli.running import run

    async def work() -> None:
        await show_one(settings(config, data), tenant, key, json=json)

    run(work)


COMMAND = Command(
    run=show,
    name="keys show",
    examples=(
        "manymind keys show key_7f3k2m9q0x1c5v8b",
        "manymind keys show ci --json",
    ),
    prints="""
{"schema_version", "id", "name", "label", "expires_at", "limit",
 "limit_reset", "limit_remaining", "usage", "usage_daily",
 "usage_weekly", "usage_monthly", "tenant", "user", "disabled",
 "stopped", "created_at", "created_by", "updated_at", "rights"}
""",
)
