"""`manymind keys enable`: let a disabled key in again."""

from manymind.cli.account_options import KeyArgument, TenantOption
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def enable(
    key: KeyArgument,
    tenant: TenantOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Let a key in again that was disabled.

    One that the gate for money stopped is opened with manymind keys open.
    """
    from manymind.cli.accounting import switched
    from manymind.cli.running import run

    async def work() -> None:
        await switched(settings(config, data), tenant, key, disabled=False, json=json)

    run(work)


COMMAND = Command(
    run=enable,
    name="keys enable",
    examples=("manymind keys enable ci",),
    prints="""
{"schema_version", "id", "name", "disabled", "stopped"}
""",
)
