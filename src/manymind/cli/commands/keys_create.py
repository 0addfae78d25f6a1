"""`manymind keys create`: a key for somebody."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from manymind.canon.budgets import Period
from manymind.canon.faults import BadRequest
from manymind.canon.origins import Rights
from manymind.cli.account_options import Several, TenantOption
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings
from manymind.config import Config

if TYPE_CHECKING:
    from manymind.policy.office import Wish

_PERIODS: dict[str, Period] = {"day": "day", "week": "week", "month": "month", "total": "total"}

Name: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")]
Whose: TypeAlias = Annotated[str, typer.Option(metavar="ID", help="The user whose it is.")]
Manages: TypeAlias = Annotated[
    bool, typer.Option("--manages", help="For managing keys; it asks no models.")
]
Cap: TypeAlias = Annotated[
    str | None, typer.Option(metavar="USD", help="What it may spend; `none` for no limit.")
]
Per: TypeAlias = Annotated[
    str, typer.Option(metavar="PERIOD", help="day, week, month, or total for once.")
]
Expires: TypeAlias = Annotated[
    str | None, typer.Option(metavar="WHEN", help="After so long (30d), or at a day.")
]
Models: TypeAlias = Annotated[
    Several, typer.Option(metavar="PATTERN", help="Only such models; may be repeated.")
]
Routes: TypeAlias = Annotated[
    Several, typer.Option(metavar="PATTERN", help="Only such routes; may be repeated.")
]
Tools: TypeAlias = Annotated[
    Several, typer.Option(metavar="PATTERN", help="Only such tools; may be repeated.")
]
RequestsPerMinute: TypeAlias = Annotated[int | None, typer.Option(min=1, metavar="N")]
TokensPerMinute: TypeAlias = Annotated[int | None, typer.Option(min=1, metavar="N")]
Concurrency: TypeAlias = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Calls at the same time.")
]
MaxPromptTokens: TypeAlias = Annotated[int | None, typer.Option(min=1, metavar="N")]
MaxOutputTokens: TypeAlias = Annotated[int | None, typer.Option(min=1, metavar="N")]
MaxCost: TypeAlias = Annotated[
    str | None, typer.Option(metavar="USD", help="What one call may cost.")
]
Caches: TypeAlias = Annotated[
    bool, typer.Option("--caches", help="Answers may come from the cache.")
]


def create(
    name: Name,
    user: Whose = "",
    manages: Manages = False,
    limit: Cap = None,
    per: Per = "day",
    expires: Expires = None,
    model: Models = None,
    route: Routes = None,
    tool: Tools = None,
    requests_per_minute: RequestsPerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    concurrency: Concurrency = None,
    max_prompt_tokens: MaxPromptTokens = None,
    max_output_tokens: MaxOutputTokens = None,
    max_cost: MaxCost = None,
    caches: Caches = False,
    tenant: TenantOption = None,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Make a key, and print it: once, alone on stdout.

    Without --limit it may spend what limits.key_cost_usd_per_day says, a day. What it may do
    beyond that is not limited unless you say so; patterns may hold a *.
    """
    from manymind.cli.spans import money

    rights = Rights(
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
    )
    wish = _wish(name, user, rights, expires, limit, per)
    _make(settings(config, data), tenant, wish, json=json)


def _wish(
    name: str, user: str, rights: Rights, expires: str | None, limit: str | None, per: str
) -> "Wish":
    from manymind.cli.spans import expiry, money
    from manymind.policy.office import Limit, Wish

    if per not in _PERIODS:
        raise BadRequest(f"--per {per} is no period.", advice="Write day, week, month or total.")
    cap = None if limit == "none" else money("--limit", limit)
    return Wish(
        name=name,
        user=user,
        rights=rights,
        expires_at=expiry("--expires", expires),
        limit=None if cap is None else Limit(cap=cap, period=_PERIODS[per]),
        capped=limit is not None,
    )


def _make(config: Config, tenant: str | None, wish: "Wish", *, json: bool) -> None:
    from manymind.cli.accounting import made
    from manymind.cli.running import run

    async def make() -> None:
        await made(config, tenant, wish, json=json)

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
 "limit_reset",
 "rights": {"infers", "manages", "models", "routes", "tools",
            "requests_per_minute", "tokens_per_minute", "concurrency",
            "max_prompt_tokens", "max_output_tokens", "max_cost_usd",
            "caches"}}
The key itself is there and nowhere else.
""",
)
