"""`manymind budgets set`: what somebody may use in a period."""

from collections.abc import Mapping
from typing import Annotated, cast, get_args

import typer

from manymind.canon.budgets import Budget, Period, Scope, Unit
from manymind.canon.faults import BadRequest
from manymind.cli.account_options import TenantOption
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings


def set_one(
    scope: Annotated[
        str, typer.Argument(metavar="SCOPE", help="tenant, user, key, route or feature.")
    ],
    subject: Annotated[
        str, typer.Argument(metavar="[SUBJECT]", help="Its id or name; not for a tenant.")
    ] = "",
    usd: Annotated[str | None, typer.Option(metavar="USD", help="At most so much money.")] = None,
    tokens: Annotated[
        str | None, typer.Option(metavar="N", help="At most so many tokens: 2M.")
    ] = None,
    requests: Annotated[
        str | None, typer.Option(metavar="N", help="At most so many requests.")
    ] = None,
    per: Annotated[
        str, typer.Option(metavar="PERIOD", help="minute, hour, day, week, month or total.")
    ] = "month",
    alarm: Annotated[
        int, typer.Option(min=0, max=100, metavar="PERCENT", help="When to sound an alarm.")
    ] = 80,
    tenant: TenantOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Set what a tenant, user, key, route or feature may use in each period.

    A budget of the same scope, subject, unit and period gets the new cap, and keeps what was used
    of it. Whatever fits one budget but not another is refused.
    """
    from manymind.cli.budgeting import set_budget
    from manymind.cli.running import run

    unit, cap = _counted(usd, tokens, requests)
    if scope not in get_args(Scope):
        raise BadRequest(
            f"{scope[:40]} is no scope.", advice="It is tenant, user, key, route or feature."
        )
    if per not in get_args(Period):
        raise BadRequest(
            f"--per {per[:40]} is no period.",
            advice="Write minute, hour, day, week, month or total.",
        )
    wanted = Budget(
        owner="",
        id="",
        scope=cast("Scope", scope),
        subject=subject,
        unit=unit,
        period=cast("Period", per),
        cap=cap,
        alarm_percent=alarm,
    )

    async def work() -> None:
        await set_budget(settings(config, data), tenant, wanted, json=json)

    run(work)


def _counted(usd: str | None, tokens: str | None, requests: str | None) -> tuple[Unit, int]:
    from manymind.cli.figures import figure
    from manymind.cli.spans import money

    caps: Mapping[Unit, int | None] = {
        "ticks": money("--usd", usd),
        "tokens": None if tokens is None else figure("--tokens", tokens),
        "requests": None if requests is None else figure("--requests", requests),
    }
    said: list[tuple[Unit, int]] = [(unit, cap) for unit, cap in caps.items() if cap is not None]
    if len(said) != 1:
        advice = "Give --usd, --tokens or --requests."
        raise BadRequest("One budget counts one thing.", advice=advice)
    return said[0]


COMMAND = Command(
    run=set_one,
    name="budgets set",
    examples=(
        "manymind budgets set tenant --usd 500 --per month",
        "manymind budgets set feature search --tokens 2M --per day",
        "manymind budgets set key key_7f3k2m9q0x1c5v8b --requests 60 --per minute",
    ),
    prints="""
{"schema_version", "id", "object", "tenant",
 "scope", "subject", "unit", "period", "cap", "cap_usd", "used",
 "used_usd", "lent", "lent_usd", "left", "left_usd", "begins_at",
 "resets_at", "alarm_percent", "made_by"}
Money is in those that end in _usd; other budgets have the others.
""",
)
