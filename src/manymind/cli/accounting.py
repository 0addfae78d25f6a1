"""What the commands of accounts do, on the store itself: no server need run. One that does will
know of it within a second."""

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.app.accounts import Reception
from manymind.app.stored import Stored
from manymind.canon.accounts import Key
from manymind.canon.budgets import Budget
from manymind.canon.faults import BadRequest, NotFound
from manymind.canon.values import Json
from manymind.catalog.money import dollars
from manymind.cli.columns import print_columns
from manymind.cli.harmless import one_line
from manymind.config import Config
from manymind.policy.keys import OPERATING
from manymind.policy.losses import Losses
from manymind.policy.office import Office, Wish, limit_id
from manymind.server.account_fields import show_rights, written
from manymind.server.account_forms import Counted, show_key
from manymind.store.answers import Window
from manymind.store.spending import Spending, Spent

_AT_ONCE = 1000

_LIMITED = ("id", "name", "label", "expires_at", "limit", "limit_reset")
_SHOWN = (
    *_LIMITED,
    *("limit_remaining", "usage", "usage_daily", "usage_weekly", "usage_monthly"),
    *("tenant", "user", "disabled", "stopped", "created_at", "created_by", "updated_at", "rights"),
)
"""What `--json` tells of a key that was made, and of one that is looked at."""


class Books(Struct, frozen=True):
    """One tenant's accounts."""

    office: Office
    losses: Losses
    spent: Spent
    tenant: str

    async def key(self, named: str) -> Key:
        """By its id, or by the name that only one has."""
        try:
            return await self.office.keys.find(self.tenant, named)
        except NotFound:
            fitting = [key for key in await self.keys() if key.name == named]
        if len(fitting) > 1:
            raise BadRequest(
                f"{len(fitting)} keys have that name.",
                advice=f"Name it by its id: {', '.join(key.id for key in fitting[:5])}.",
            )
        if not fitting:
            raise NotFound("There is no key of this id or name.", advice="Try manymind keys list.")
        return fitting[0]

    async def keys(self) -> list[Key]:
        found: list[Key] = []
        window = Window(limit=_AT_ONCE)
        while some := await self.office.keys.listed(self.tenant, window):
            found += some
            window = Window(limit=_AT_ONCE, after=some[-1].id)
        return found

    async def shown(self, keys: Sequence[Key]) -> list["Seen"]:
        """The keys with what they have spent, and may."""
        spent = await self.spent.by_keys(self.tenant, [key.id for key in keys])
        limits = {each.id: each for each in await self.office.budgets.listed(self.tenant)}
        found: list[Seen] = []
        for key in keys:
            limit = limits.get(limit_id(key.id))
            counted = None if limit is None else await self.counted(limit)
            found.append(Seen(key, spent.get(key.id, Spending()), counted))
        return found

    async def counted(self, budget: Budget) -> Counted:
        return Counted(budget, await self.office.budgets.standing(self.tenant, budget.id))


class Seen(Struct, frozen=True):
    key: Key
    spending: Spending
    limit: Counted | None


@asynccontextmanager
async def books(config: Config, tenant: str | None) -> AsyncGenerator[Books]:
    """The operator's way to the accounts of a tenant; its own where none is named."""
    stored = Stored(config)
    try:
        await stored.open()
        reception = Reception(config, stored.database, stored.budgets)
        named = await reception.office.tenant(OPERATING, tenant)
        yield Books(reception.office, reception.losses, reception.spent, named)
    finally:
        await stored.aclose()


async def made(config: Config, tenant: str | None, wish: Wish, *, json: bool) -> None:
    async with books(config, tenant) as open_books:
        new = await open_books.office.create_key(OPERATING, open_books.tenant, wish)
        await _hand_over(open_books, new.key, new.secret, json=json)


async def rotated(
    config: Config, tenant: str | None, named: str, grace_seconds: int, *, json: bool
) -> None:
    async with books(config, tenant) as open_books:
        key = await open_books.key(named)
        new = await open_books.office.rotate_key(
            OPERATING, open_books.tenant, key.id, grace_seconds
        )
        await _hand_over(open_books, new.key, new.secret, json=json)


async def _hand_over(open_books: Books, key: Key, secret: str, *, json: bool) -> None:
    """The secret goes to stdout, alone; what is to be said beside it, elsewhere."""
    if json:
        (seen,) = await open_books.shown((key,))
        print_json({"key": secret, **_some(seen, *_LIMITED, "rights")})
        return
    print(f"{key.id} ({one_line(key.name)}). It is shown this once:", file=sys.stderr, flush=True)
    print(secret)


async def list_keys(config: Config, tenant: str | None, *, json: bool) -> None:
    async with books(config, tenant) as open_books:
        found = await open_books.shown(await open_books.keys())
    if json:
        names = (*_LIMITED, "user", "disabled", "stopped", "limit_remaining", "usage")
        print_json({"keys": [_some(each, *names) for each in found]})
        return
    rows = [("id", "key", "name", "state", "limit", "used")]
    for each in found:
        key, used = each.key, f"${dollars(each.spending.total)}"
        rows.append((key.id, key.label, one_line(key.name), state(key), _limit(each), used))
    print_columns(rows, left=4)


async def show_one(config: Config, tenant: str | None, named: str, *, json: bool) -> None:
    async with books(config, tenant) as open_books:
        key = await open_books.key(named)
        (seen,) = await open_books.shown((key,))
    if json:
        print_json(_some(seen, *_SHOWN))
        return
    told = {
        "id": key.id,
        "name": key.name,
        "key": key.label,
        "state": state(key),
        "tenant": key.tenant,
        "user": key.user,
        "made by": key.created_by,
        "made at": written(key.created_at),
        "expires at": written(key.expires_at),
        "limit": _limit(seen),
        "used": f"${dollars(seen.spending.total)}",
        "this month": f"${dollars(seen.spending.month)}",
        "today": f"${dollars(seen.spending.day)}",
    }
    for name, value in {**told, **show_rights(key.rights)}.items():
        if value not in (None, [], ""):
            print(f"{name.replace('_', ' ')}: {one_line(_words(value))}")


async def switched(
    config: Config, tenant: str | None, named: str, *, disabled: bool, json: bool
) -> None:
    async with books(config, tenant) as open_books:
        key = await open_books.key(named)
        key = await open_books.office.amend_key(
            OPERATING, open_books.tenant, key.id, lambda found: replace(found, disabled=disabled)
        )
        await _tell(open_books, key, "disabled" if disabled else "enabled", json=json)


async def opened(config: Config, tenant: str | None, named: str, *, json: bool) -> None:
    async with books(config, tenant) as open_books:
        key = await open_books.key(named)
        key = await open_books.office.open_key(OPERATING, open_books.tenant, key.id)
        await _tell(open_books, key, "open", json=json)


async def deleted(config: Config, tenant: str | None, named: str, *, json: bool) -> None:
    async with books(config, tenant) as open_books:
        key = await open_books.key(named)
        await open_books.office.forget_key(OPERATING, open_books.tenant, key.id)
    if json:
        print_json({"id": key.id, "deleted": True})
    else:
        print(f"{key.id} ({one_line(key.name)}) is deleted.", file=sys.stderr)


async def _tell(open_books: Books, key: Key, how: str, *, json: bool) -> None:
    if json:
        (seen,) = await open_books.shown((key,))
        print_json(_some(seen, "id", "name", "disabled", "stopped"))
    else:
        print(f"{key.id} ({one_line(key.name)}) is {how}.", file=sys.stderr)


def state(key: Key) -> str:
    if key.disabled:
        return "disabled"
    if key.stopped:
        return f"stopped: {one_line(key.stopped)}"
    ended = key.expires_at is not None and key.expires_at <= datetime.now(UTC).timestamp()
    return "expired" if ended else "manages" if key.rights.manages else "open"


def _some(seen: Seen, *names: str) -> Json:
    shown = show_key(seen.key, seen.spending, seen.limit)
    return {name: shown[name] for name in names}


def _limit(seen: Seen) -> str:
    limit = seen.limit
    if limit is None:
        return "none"
    period = "in all" if limit.budget.period == "total" else f"a {limit.budget.period}"
    return f"${dollars(limit.budget.cap)} {period}"


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def print_json(body: Json) -> None:
    print(msgspec.json.encode({"schema_version": 1, **body}).decode())
