"""`manymind keys open`: let the calls of a stopped key pass again."""

from manymind.cli.account_options import KeyArgument, TenantOption
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def open_key(
    key: KeyArgument,
    tenant: TenantOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Let the calls of a key pass again that the gate for money stopped.

    It was stopped because a call cost more than was reserved for it, or because its spending leapt:
    manymind keys show says why.
    """
    from manymind.cli.accounting import opened
    from manymind.cli.running import run

    async def work() -> None:
        await opened(settings(config, data), tenant, key, json=json)

    run(work)


COMMAND = Command(
    run=open_key,
    name="keys open",
    examples=("manymind keys open ci",),
    prints="""
{"schema_version", "id", "name", "disabled", "stopped"}
""",
)
