"""`manymind keys create`: a key for somebody."""

from typing import Annotated

import typer

from manymind.canon.budgets import Period
from manymind.canon.faults import BadRequest
from manymind.canon.origins import Rights
from manymind.cli.account_options import Several, TenantOption
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings

_PERIODS: dict[str, Period] = {"day": "day", "week": "week", "month": "month", "total": "total"}


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    user: Annotated[str, typer.Option(metavar="ID", help="The user whose it is.")] = "",
    manages: Annotated[
        bool, typer.Option("--manages", help="For managing keys; it asks no models.")
    ] = False,
    limit: Annotated[
        str | None, typer.Option(metavar="USD", help="What it may spend; `none` for no limit.")
    ] = None,
    per: Annotated[
        str, typer.Option(metavar="PERIOD", help="day, week, month, or total for once.")
    ] = "day",
    expires: Annotated[
        str | None, typer.Option(metavar="WHEN", help="After so long (30d), or at a day.")
    ] = None,
    model: Annotated[
        Several, typer.Option(metavar="PATTERN", help="Only such models; may be repeated.")
    ] = None,
    route: Annotated[
        Several, typer.Option(metavar="PATTERN", help="Only such routes; may be repeated.")
    ] = None,
    tool: Annotated[
        Several, typer.Option(metavar="PATTERN", help="Only such tools; may be repeated.")
    ] = None,
    requests_per_minute: Annotated[int | None, typer.Option(min=1, metavar="N")] = None,
    tokens_per_minute: Annotated[int | None, typer.Option(min=1, metavar="N")] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Calls at the same time.")
    ] = None,
    max_prompt_tokens: Annotated[int | None, typer.Option(min=1, metavar="N")] = None,
    max_output_tokens: Annotated[int | None, typer.Option(min=1, metavar="N")] = None,
    max_cost: Annotated[
        str | None, typer.Option(metavar="USD", help="What one call may cost.")
    ] = None,
    caches: Annotated[
        bool, typer.Option("--caches", help="Answers may come from the cache.")
    ] = False,
    tenant: TenantOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Make a key, and print it: once, alone on stdout.

    Without --limit it may spend what limits.key_cost_usd_per_day says, a day. What it may do
    beyond that is not limited unless you say so; patterns may hold a *.
    """
    from manymind.cli.accounting import made
    from manymind.cli.running import run
    from manymind.cli.spans import expiry, money
    from manymind.policy.office import Limit, Wish

    if per not in _PERIODS:
        raise BadRequest(f"--per {per} is no period.", advice="Write day, week, month or total.")
    cap = None if limit == "none" else money("--limit", limit)
    wish = Wish(
        name=name,
        user=user,
        rights=Rights(
            infers=not manages,
            manages=manages,
            models=tuple(model or ()),
            routes=tuple(route or ()),
            tools=tuple(tool or ()),
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            concurrency=concurrency,
            max_prompt_tokens=max_prompt_tokens,
            max_output_tokens=max_output_tokens,
            max_cost=money("--max-cost", max_cost),
            caches=caches,
        ),
        expires_at=expiry("--expires", expires),
        limit=None if cap is None else Limit(cap=cap, period=_PERIODS[per]),
        capped=limit is not None,
    )

    async def make() -> None:
        await made(settings(config, data), tenant, wish, json=json)

    run(make)


COMMAND = Command(
    run=create,
    name="keys create",
    examples=(
        'manymind keys create "Ann\'s laptop" --limit 5 --per day',
        "manymind keys create ci --model 'openai/*' --expires 30d > ci.key",
        "manymind keys create admin --manages --limit none",
    ),
    prints="""
{"schema_version", "key", "id", "name", "label", "expires_at", "limit",
 "limit_reset", "rights"}
The key itself is there and nowhere else.
""",
)
