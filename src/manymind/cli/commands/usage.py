"""`manymind usage`: what was used, by whom, and what it cost."""

from typing import Annotated, TypeAlias

import typer

from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings

By: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WHAT",
        help=(
            "day, week, month or hour; model, provider, key, user, feature, app, route, arm, "
            "tenant."
        ),
    ),
]
Since: TypeAlias = Annotated[
    str | None, typer.Option(metavar="WHEN", help="7d, 12h, or a day such as 2026-11-30.")
]
Tenant: TypeAlias = Annotated[str | None, typer.Option(metavar="NAME", help="Only this tenant's.")]


def usage(
    by: By = None,
    since: Since = None,
    until: Since = None,
    tenant: Tenant = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Sum up the ledger: requests, tokens and cost.

    By day and model unless told otherwise. The sums are those of all that ever was, also of calls
    whose own rows are deleted; only by the hour they are those of the rows that are left. The
    dearest of each day comes first.
    """
    from manymind.cli.recounting import asked, print_usage, print_usage_json, summed
    from manymind.cli.running import run

    told = asked(by=by or ["day", "model"], since=since, until=until, tenant=tenant)
    found = run(summed, settings(config, data), told)
    (print_usage_json if json else print_usage)(found)


COMMAND = Command(
    run=usage,
    examples=(
        "manymind usage --since 7d",
        "manymind usage --by user --by model --since 2026-11-01",
        "manymind usage --by key --json",
    ),
    prints="""
{"schema_version", "by": [name],
 "data": [{"at", "model", "requests", "attempts", "completed",
           "failed", "limited", "input_tokens", "cached_tokens",
           "written_tokens", "output_tokens", "reasoning_tokens",
           "ticks", "cost_usd"}],
 "total": {the same sums}}
Beside "at" stands what else was asked for with --by.
""",
)
