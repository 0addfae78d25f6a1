"""`manymind keys disable`: let a key in no more."""

from manymind.cli.account_options import KeyArgument, TenantOption
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def disable(
    key: KeyArgument,
    tenant: TenantOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Let a key in no more, until it is enabled again.

    A server that runs beside it knows within a second.
    """
    from manymind.cli.accounting import switched
    from manymind.cli.running import run

    async def work() -> None:
        await switched(settings(config, data), tenant, key, disabled=True, json=json)

    run(work)


COMMAND = Command(
    run=disable,
    name="keys disable",
    examples=("manymind keys disable ci",),
    prints="""
{"schema_version", "id", "name", "disabled", "stopped"}
""",
)
