"""`manymind keys delete`: a key, for good."""

from manymind.cli.account_options import KeyArgument, TenantOption
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def delete(
    key: KeyArgument,
    tenant: TenantOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Delete a key, with its limit.

    What it spent stays in the ledger.
    """
    from manymind.cli.accounting import deleted
    from manymind.cli.running import run

    async def work() -> None:
        await deleted(settings(config, data), tenant, key, json=json)

    run(work)


COMMAND = Command(
    run=delete,
    name="keys delete",
    examples=("manymind keys delete ci",),
    prints="""
{"schema_version", "id", "deleted"}
""",
)
