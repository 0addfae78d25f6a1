"""`manymind keys list`: who may come in."""

from manymind.cli.account_options import TenantOption
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def list_all(
    tenant: TenantOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """List the keys of a tenant, with their state, their limit and what they spent.

    Of a key its beginning is shown; the whole of it is kept nowhere.
    """
    from manymind.cli.accounting import list_keys
    from manymind.cli.running import run

    async def tell() -> None:
        await list_keys(settings(config, data), tenant, json=json)

    run(tell)


COMMAND = Command(
    run=list_all,
    name="keys list",
    examples=("manymind keys list", "manymind keys list --json"),
    prints="""
{"schema_version",
 "keys": [{"id", "name", "label", "expires_at", "limit", "limit_reset",
           "user", "disabled", "stopped", "limit_remaining", "usage"}]}
""",
)
