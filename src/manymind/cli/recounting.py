"""The ledger in the terminal, read from the store itself: no server need run."""

import json
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import cast

import anyio
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.app.stored import Stored
from manymind.canon.faults import BadRequest, NotFound
from manymind.canon.values import Json
from manymind.catalog.money import dollars
from manymind.catalog.prices import MILLION
from manymind.cli.columns import print_columns
from manymind.cli.harmless import harmless
from manymind.config import Config
from manymind.server import record_forms
from manymind.server.seeing import micros
from manymind.store.attempt_rows import AttemptRow
from manymind.store.facts import DIMENSIONS, PERIODS, SECOND_MICROS, Wanted, Whose
from manymind.store.reports import Line, Reports, Sums

SCHEMA_VERSION = 1
FOLLOW_SECONDS = 1.0
AGAIN_SECONDS = 10
"""Rows are written some time after their attempt began: so far back is looked for more of them."""


class Asked(Struct, frozen=True, kw_only=True):
    by: tuple[str, ...] = ()
    period: str | None = None
    whose: Whose
    wanted: Wanted


class Summed(Struct, frozen=True, kw_only=True):
    asked: Asked
    lines: tuple[Line, ...]
    total: Sums


def asked(
    *,
    by: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    tenant: str | None = None,
    **only: str | None,
) -> Asked:
    """What the command line asks."""
    named = [name for said in by for name in said.split(",")]
    periods = [name for name in named if name in PERIODS]
    strange = [name for name in named if name not in (*PERIODS, *DIMENSIONS)]
    if strange or len(periods) > 1:
        what = f"--by {strange[0][:40]} is none" if strange else "Only one period can be told apart"
        raise BadRequest(f"{what}.", advice=f"Say {', '.join((*PERIODS, *DIMENSIONS))}.")
    now = time.time()
    return Asked(
        by=tuple(dict.fromkeys(name for name in named if name in DIMENSIONS)),
        period=periods[0] if periods else None,
        whose=Whose(tenant=tenant),
        wanted=Wanted(
            since=None if since is None else micros(since, "--since", now),
            until=None if until is None else micros(until, "--until", now),
            **only,
        ),
    )


async def summed(config: Config, told: Asked) -> Summed:
    async with _reports(config) as reports:
        lines = await reports.usage(told.whose, told.wanted, by=told.by, period=told.period)
        total = await reports.total(told.whose, told.wanted)
    return Summed(asked=told, lines=lines, total=total)


def print_usage(found: Summed) -> None:
    told = found.asked
    head = (*([told.period] if told.period else []), *told.by)
    named = (*head, "requests", "attempts", "failed", "input", "cached", "output", "cost")
    lines = sorted(found.lines, key=lambda line: (line.at, -line.sums.ticks, line.by))
    table = [
        named,
        *((*_when(line, told.period), *(map(_name, line.by)), *_sums(line.sums)) for line in lines),
        (*(["total"] + [""] * (len(head) - 1) if head else []), *_sums(found.total)),
    ]
    print_columns(table, left=len(head))


def print_usage_json(found: Summed) -> None:
    told = found.asked
    whole: Json = {
        "schema_version": SCHEMA_VERSION,
        "by": [*([told.period] if told.period else []), *told.by],
        "data": [record_forms.usage(line, told.by, told.period) for line in found.lines],
        "total": record_forms.sums(found.total),
    }
    _print_json(whole)


async def rows(config: Config, told: Asked, limit: int) -> tuple[AttemptRow, ...]:
    """The last rows, the newest last."""
    async with _reports(config) as reports:
        return (await reports.logs(told.whose, told.wanted, limit=limit))[::-1]


def print_rows(found: Sequence[AttemptRow], *, json: bool) -> None:
    for row in found:
        if json:
            _print_json(record_forms.attempt(row))
        else:
            print(_row(row), flush=True)


async def follow_logs(
    config: Config, told: Asked, seen: Sequence[AttemptRow], as_json: bool
) -> None:
    """Goes on with what is written from now on."""
    known = {(row.request, row.key) for row in seen}
    async with _reports(config) as reports:
        while True:
            await anyio.sleep(FOLLOW_SECONDS)
            since = int((time.time() - AGAIN_SECONDS) * SECOND_MICROS)
            wanted = replace(told.wanted, since=max(since, told.wanted.since or 0))
            found = await reports.logs(told.whose, wanted, limit=1000, oldest_first=True)
            print_rows([row for row in found if (row.request, row.key) not in known], json=as_json)
            known = {(row.request, row.key) for row in found}


async def one(config: Config, request: str, tenant: str | None) -> tuple[AttemptRow, ...]:
    async with _reports(config) as reports:
        found = await reports.generation(Whose(tenant=tenant), request)
    if not found:
        raise NotFound(
            f"No request is recorded under {request[:100]}.",
            advice="manymind logs lists those that are.",
        )
    return found


def print_one(found: Sequence[AttemptRow], name: str, *, json: bool) -> None:
    spent = sum(row.ticks for row in found)
    if json:
        _print_json(record_forms.generation(name, found, spent))
        return
    first = found[0]
    print(f"request   {first.request}")
    print(f"asked     {_shown(first.requested)} by {first.owner}", end="")
    print(f" ({first.user or 'no user'}, key {first.api_key or 'of the operator'})")
    for label, value in (
        ("app", first.app_title or first.app),
        ("feature", first.feature),
        ("route", first.route),
        ("arm", first.arm),
        ("session", first.session),
    ):
        if value:
            print(f"{label:<9} {_shown(value)}")
    for row in found:
        _print_attempt(row)
    print(f"\ntotal     ${dollars(spent)}")


def _print_attempt(row: AttemptRow) -> None:
    first = "no word" if row.first_micros is None else f"first word {row.first_micros / 1e6:.3f} s"
    print(f"\n{row.key}")
    print(f"  {record_forms.instant(row.at)}  {row.provider}  {_shown(row.offer)}")
    print(f"  {row.outcome} in {row.micros / 1e6:.3f} s, {first}", end="")
    print(f", served by {_shown(row.served)}" if row.served else "")
    if row.finish:
        print(f"  finished: {row.finish} ({_shown(row.native_finish or row.finish)})")
    if row.dropped:
        print(f"  dropped: {_shown(', '.join(row.dropped))}")
    flagged = ", more than was reserved" if row.flagged else ""
    print(f"  ${dollars(row.ticks)} by {row.basis}{flagged}, ${dollars(row.reserved)} reserved")
    for line in _arithmetic(row):
        print(f"    {line}")


def _arithmetic(row: AttemptRow) -> list[str]:
    """How the cost was reckoned, line by line; else the counts that it was reckoned from."""
    lines = row.lines
    if isinstance(lines, list):
        return [_reckoned(each) for each in cast("list[object]", lines)]
    counted = (
        ("input", row.input_tokens),
        ("of it cached", row.cached_tokens),
        ("of it written to a cache", row.written_tokens),
        ("output", row.output_tokens),
        ("of it reasoning", row.reasoning_tokens),
        *row.tools.items(),
    )
    mark = "~" if row.estimated else ""
    return [f"{mark}{count:,} {name}" for name, count in counted if count]


def _reckoned(line: object) -> str:
    """So many of a thing, at a price for a million of it, which is whole in ticks."""
    match line:
        case {"what": str(what), "quantity": int(quantity), "rate": int(rate)}:
            name = what.replace("_", " ")
            sum_of_it = dollars(quantity * rate, MILLION)
            return f"{quantity:,} {name} × ${dollars(rate)} a million = ${sum_of_it}"
        case _:  # As a later release wrote it.
            return json.dumps(line)


def _row(row: AttemptRow) -> str:
    at = record_forms.instant(row.at)[:19].replace("T", " ")
    tokens = f"{row.input_tokens:,}+{row.output_tokens:,}"
    return (
        f"{at}  {row.outcome:<12} {_shown(row.slug or row.offer)} at {row.provider}  "
        f"{row.micros / 1e6:.2f} s  {tokens}  ${dollars(row.ticks)}  {row.request}"
    )


def _sums(of: Sums) -> tuple[str, ...]:
    counts = (
        of.requests,
        of.attempts,
        of.failed + of.limited,
        of.input_tokens,
        of.cached_tokens,
        of.output_tokens,
    )
    return (*(f"{count:,}" for count in counts), f"${dollars(of.ticks)}")


def _when(line: Line, period: str | None) -> tuple[str, ...]:
    if period is None:
        return ()
    return (record_forms.instant(line.at)[: 16 if period == "hour" else 10].replace("T", " "),)


def _name(value: str) -> str:
    return _shown(value) if value else "-"


def _shown(value: str) -> str:
    """Names come from callers: on a terminal they must not steer it."""
    return harmless(value) if sys.stdout.isatty() else value


def _print_json(value: Json) -> None:
    print(json.dumps(json.loads(msgspec.json.encode(value)), ensure_ascii=False), flush=True)


@asynccontextmanager
async def _reports(config: Config) -> AsyncGenerator[Reports]:
    stored = Stored(config)
    try:
        yield Reports(stored.database)
    finally:
        await stored.aclose()
