"""`manymind keys rotate`: a new secret for a key."""

from typing import Annotated

import typer

from manymind.cli.account_options import KeyArgument, TenantOption
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def rotate(
    key: KeyArgument,
    grace: Annotated[
        str, typer.Option(metavar="TIME", help="How long the one before stays good: 90m, 24h.")
    ] = "0m",
    tenant: TenantOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Give a key a new secret, and print it: once, alone on stdout.

    Its rights, its limit and what it spent stay. The secret before is refused from now on, or after
    --grace.
    """
    from manymind.cli.accounting import rotated
    from manymind.cli.running import run
    from manymind.cli.spans import seconds

    left = seconds("--grace", grace)

    async def work() -> None:
        await rotated(settings(config, data), tenant, key, left, json=json)

    run(work)


COMMAND = Command(
    run=rotate,
    name="keys rotate",
    examples=("manymind keys rotate ci --grace 24h > ci.key",),
    prints="""
{"schema_version", "key", "id", "name", "label", "expires_at", "limit",
 "limit_reset", "rights"}
The key itself is there and nowhere else.
""",
)
