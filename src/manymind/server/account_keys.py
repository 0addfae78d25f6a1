"""Keys: OpenRouter's `/key`, `/keys` and `/credits`, and the same with more under `/v1/manage`."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from manymind.canon.accounts import Key
from manymind.canon.budgets import Budget, Scope
from manymind.canon.faults import BadRequest, NotFound
from manymind.canon.origins import Rights
from manymind.canon.values import Json
from manymind.dialects.money import dollars
from manymind.dialects.reading import Object
from manymind.policy.keys import Caller
from manymind.policy.office import Wish, limit_id
from manymind.server.account_fields import (
    finish,
    limit,
    line,
    moment,
    rights,
    says,
    show_rights,
    switch,
    written,
)
from manymind.server.account_forms import Counted, show_key, show_layers, show_spending
from manymind.server.accounts import Desk, gone, ours, reply, reply_page, window_of
from manymind.server.exchange import Exchange
from manymind.server.manners import Manners
from manymind.server.paging import query
from manymind.server.routes import Captured, Needs, Page, Route
from manymind.store.answers import Window
from manymind.store.spending import Spending

GRACE_SECONDS_MAX = 30 * 86_400
"""So long may a key that was replaced stay good."""

_AT_ONCE = 100
"""Keys on a page of OpenRouter's list, as there."""

OFFSET_MAX = 1_000_000
_IGNORED = ("include_byok_in_limit",)
"""What OpenRouter's clients may say, and what means nothing here."""

_NO_QUOTA: Json = {"limit": -1, "remaining": -1, "used": 0}


class KeyPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._office = desk.office

    def routes(self) -> tuple[Route, ...]:
        theirs: tuple[tuple[str, str, Page, Needs], ...] = (
            ("GET", "/key", self.show_own, "any"),
            ("GET", "/credits", self.show_credits, "manage"),
            ("GET", "/keys", self.list_theirs, "manage"),
            ("POST", "/keys", self.create_theirs, "manage"),
            ("GET", "/keys/{hash}", self.show, "manage"),
            ("PATCH", "/keys/{hash}", self.amend, "manage"),
            ("DELETE", "/keys/{hash}", self.forget, "manage"),
        )
        own: tuple[tuple[str, str, Page], ...] = (
            ("GET", "/keys", self.list_ours),
            ("POST", "/keys", self.create_ours),
            ("GET", "/keys/{id}", self.show),
            ("PATCH", "/keys/{id}", self.amend),
            ("DELETE", "/keys/{id}", self.forget),
            ("POST", "/keys/{id}/rotate", self.rotate),
            ("POST", "/keys/{id}/open", self.open),
        )
        house = Manners(house="openrouter")
        return (
            *(
                Route(method=method, path=f"/api/v1{path}", page=page, manners=house, needs=needs)
                for method, path, page, needs in theirs
            ),
            *ours(own, "manage"),
        )

    async def show_own(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        """What anybody may know of the key that they hold."""
        spending = await self._desk.spent.by_keys(caller.id, (caller.key,))
        key = await self._office.keys.find(caller.id, caller.key) if caller.key else None
        layers = await self._layers(caller)
        own = next((each for each in layers if each.budget.id == limit_id(caller.key)), None)
        shown: Json = {
            "label": "operator" if key is None else key.label,
            **show_spending(spending.get(caller.key, Spending()), own),
            **show_layers(layers),
            "is_free_tier": False,
            "is_management_key": caller.rights.manages,
            "is_provisioning_key": caller.rights.manages,
            "expires_at": None if key is None else written(key.expires_at),
            "creator_user_id": caller.user or None,
            "organization_id": None,
            "workspace_id": caller.id,
            "allowed_data_regions": ["global"],
            "free_model_daily_requests": _NO_QUOTA,
            "rate_limit": {
                "requests": -1,
                "interval": "10s",
                "note": "This field means nothing: see rights.",
            },
            "stopped": caller.stopped or None,
            "rights": show_rights(caller.rights if key is None else key.rights),
        }
        await reply(exchange, {"data": shown})

    async def show_credits(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        """What a tenant may spend in all. Where nobody said, it is what it has spent."""
        tenant = await self._tenant(exchange, caller)
        used = await self._desk.spent.by_tenant(tenant)
        caps = [
            each.cap
            for each in await self._office.budgets.listed(tenant, scope="tenant")
            if (each.unit, each.period) == ("ticks", "total")
        ]
        data: Json = {"total_credits": dollars(min(caps, default=used))}
        await reply(exchange, {"data": {**data, "total_usage": dollars(used)}})

    async def list_theirs(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        asked = query(exchange)
        offset = asked.whole("offset", 0, OFFSET_MAX) or 0
        disabled, expired = asked.flag("include_disabled"), asked.flag("include_expired")
        tenant = await self._tenant(exchange, caller)
        found = await self._office.keys.listed(
            tenant,
            Window(limit=_AT_ONCE, oldest_first=False),
            offset=offset,
            disabled=disabled,
            expired=expired,
        )
        await reply(exchange, {"data": await self._shown(tenant, found)})

    async def list_ours(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        window, user = window_of(exchange), query(exchange).one("user")
        tenant = await self._tenant(exchange, caller)
        found = await self._office.keys.listed(tenant, window, user=user)
        await reply_page(exchange, window, await self._shown(tenant, found))

    async def create_theirs(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        secret, shown = await self._create(exchange, caller)
        await reply(exchange, {"key": secret, "data": shown}, 201)

    async def create_ours(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        secret, shown = await self._create(exchange, caller)
        await reply(exchange, {"key": secret, **shown}, 201)

    async def show(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        tenant = await self._tenant(exchange, caller)
        key = await self._office.keys.find(tenant, _name(captured))
        await self._reply(exchange, captured, key)

    async def amend(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        top = await self._desk.fields(exchange)
        change = _change(top, self._desk.clock.today())
        said = limit(top)
        workspace = top.text("workspace_id")
        finish(top, _IGNORED)
        tenant = await self._tenant(exchange, caller, workspace)
        amended = await self._office.amend_key(
            caller, tenant, _name(captured), change, said.onto if said.given else None
        )
        await self._reply(exchange, captured, amended)

    async def forget(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        tenant = await self._tenant(exchange, caller)
        await self._office.forget_key(caller, tenant, _name(captured))
        theirs = "hash" in captured
        await reply(exchange, {"deleted": True} if theirs else gone(_name(captured), "key"))

    async def rotate(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        top = await self._desk.fields(exchange)
        grace = top.whole("grace_seconds", 0, GRACE_SECONDS_MAX) or 0
        finish(top)
        tenant = await self._tenant(exchange, caller)
        made = await self._office.rotate_key(caller, tenant, _name(captured), grace)
        (shown,) = await self._shown(tenant, (made.key,))
        await reply(exchange, {"key": made.secret, **shown})

    async def open(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        finish(await self._desk.fields(exchange))
        tenant = await self._tenant(exchange, caller)
        opened = await self._office.open_key(caller, tenant, _name(captured))
        await self._reply(exchange, captured, opened)

    async def _create(self, exchange: Exchange, caller: Caller) -> tuple[str, Json]:
        top = await self._desk.fields(exchange)
        wish = _wish(top, self._desk.clock.today())
        workspace = top.text("workspace_id")
        finish(top, _IGNORED)
        tenant = await self._tenant(exchange, caller, workspace)
        made = await self._office.create_key(caller, tenant, wish)
        (shown,) = await self._shown(tenant, (made.key,))
        return made.secret, shown

    async def _tenant(
        self, exchange: Exchange, caller: Caller, workspace: str | None = None
    ) -> str:
        """A workspace of OpenRouter's is a tenant of ours."""
        asked = query(exchange)
        names = (asked.one("tenant"), asked.one("workspace_id"), workspace)
        named = {name for name in names if name is not None}
        if len(named) > 1:
            raise BadRequest("Two tenants are named.", field="tenant")
        return await self._office.tenant(caller, named.pop() if named else None)

    async def _shown(self, tenant: str, keys: Sequence[Key]) -> list[Json]:
        spent = await self._desk.spent.by_keys(tenant, [key.id for key in keys])
        return [
            show_key(key, spent.get(key.id, Spending()), await self._limit(key)) for key in keys
        ]

    async def _limit(self, key: Key) -> Counted | None:
        budget = await self._office.limit_of(key.tenant, key.id)
        try:
            return None if budget is None else await self._desk.counted(budget)
        except NotFound:
            return None  # It was dropped just now.

    async def _layers(self, caller: Caller) -> list[Counted]:
        """Every budget that a caller's calls fall under, whatever they ask."""
        found = [
            *await self._office.budgets.listed(caller.id, scope="tenant"),
            *(await self._budgets_of(caller.id, "user", caller.user)),
            *(await self._budgets_of(caller.id, "key", caller.key)),
        ]
        return [await self._desk.counted(each) for each in found]

    async def _reply(self, exchange: Exchange, captured: Captured, key: Key) -> None:
        (shown,) = await self._shown(key.tenant, (key,))
        await reply(exchange, {"data": shown} if "hash" in captured else shown)

    async def _budgets_of(self, tenant: str, scope: Scope, subject: str) -> tuple[Budget, ...]:
        if not subject:
            return ()
        return await self._office.budgets.listed(tenant, scope=scope, subject=subject)


def _name(captured: Captured) -> str:
    return captured.get("hash") or captured["id"]


def _wish(top: Object, now: float) -> Wish:
    name = top.needed("name", line(top, "name"))
    given = top.inner("rights")
    said = limit(top)
    return Wish(
        name=name,
        user=_user(top) or "",
        rights=Rights() if given is None else rights(given, Rights()),
        expires_at=moment(top, "expires_at", now),
        limit=said.onto(None),
        capped=said.given,
    )


def _change(top: Object, now: float) -> Callable[[Key], Key]:
    """What becomes of a key. What is not said stays, and null takes away."""
    fields: dict[str, object] = {}
    if (name := line(top, "name")) is not None:
        fields["name"] = name
    if (disabled := switch(top, "disabled")) is not None:
        fields["disabled"] = disabled
    if says(top, "user") or says(top, "creator_user_id"):
        fields["user"] = _user(top) or ""
    if says(top, "expires_at"):
        fields["expires_at"] = moment(top, "expires_at", now)
    given = top.json("rights")

    def change(key: Key) -> Key:
        if given is None:
            return replace(key, **fields)
        wanted = rights(Object(given, "rights"), key.rights)
        return replace(key, **fields, rights=wanted)

    return change


def _user(top: Object) -> str | None:
    """OpenRouter's `creator_user_id` says whose a key is, as our `user` does."""
    user, theirs = line(top, "user"), line(top, "creator_user_id")
    if user and theirs and user != theirs:
        raise BadRequest("Two users are named.", field="user")
    return user or theirs
