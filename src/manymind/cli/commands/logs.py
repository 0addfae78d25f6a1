"""`manymind logs`: the calls that were made, and one of them with its arithmetic."""

from typing import Annotated, TypeAlias

import typer

from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings

Request: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="ID", hidden=True, help="The id of a request or of its reply, to see it closely."
    ),
]
Only: TypeAlias = Annotated[str | None, typer.Option(metavar="NAME", help="Only of this one.")]
Outcome: TypeAlias = Annotated[
    str | None, typer.Option(metavar="OUTCOME", help="completed, failed, or the code of a fault.")
]


def logs(
    request: Request = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="7d, 12h, or a day such as 2026-11-30.")
    ] = None,
    model: Only = None,
    provider: Only = None,
    key: Only = None,
    user: Only = None,
    feature: Only = None,
    tenant: Only = None,
    outcome: Outcome = None,
    limit: Annotated[
        int, typer.Option("-n", "--limit", min=1, max=10_000, metavar="N", help="So many lines.")
    ] = 20,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on with what comes, until Ctrl-C.")
    ] = False,
    json: JsonOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Show the attempts that the ledger holds, newest last.

    With the id of a request, or of its reply, all its attempts are shown, and how each cost was
    reckoned. Nothing of what was asked or answered is in them.
    """
    from manymind.cli.recounting import asked, follow_logs, one, print_one, print_rows, rows
    from manymind.cli.running import run

    said = settings(config, data)
    if request is not None:
        print_one(run(one, said, request, tenant), request, json=json)
        return
    told = asked(
        since=since,
        tenant=tenant,
        model=model,
        provider=provider,
        key=key,
        user=user,
        feature=feature,
        outcome=outcome,
    )
    found = run(rows, said, told, limit)
    print_rows(found, json=json)
    if follow:
        run(follow_logs, said, told, found, json)


COMMAND = Command(
    run=logs,
    examples=(
        "manymind logs --since 1h --outcome failed",
        "manymind logs chatcmpl-7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "manymind logs --key KEY -n 100 --json",
    ),
    prints="""
{"owner", "request", "key", "number", "at", "user", "api_key", "route",
 "arm", "feature", "session", "app", "app_title", "dialect", "streamed",
 "requested", "slug", "provider", "offer", "served", "outcome",
 "finish", "native_finish", "dropped", "reserved", "ticks", "basis",
 "flagged", "estimated", "input_tokens", "cached_tokens",
 "written_tokens", "output_tokens", "reasoning_tokens", "tools",
 "lines", "reply", "seconds", "first_word_seconds", "cost_usd"}
One a line for each attempt; with an id one object for the request, as
/api/v1/generation tells it.
""",
)
