"""`/v1/manage`: tenants, users, and who changed what."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from msgspec import Struct

from manymind.canon.budgets import Budget
from manymind.canon.faults import BadRequest
from manymind.canon.ports import Clock
from manymind.canon.values import Json
from manymind.dialects.reading import Object
from manymind.policy.keys import Caller
from manymind.policy.office import Office
from manymind.server.account_fields import finish, line, switch
from manymind.server.account_forms import Counted, show_change, show_tenant, show_user
from manymind.server.admission import Admission
from manymind.server.exchange import Exchange
from manymind.server.fields import fields
from manymind.server.inference import Bounds
from manymind.server.paging import listed, page, query
from manymind.server.routes import Captured, Needs, Page, Route
from manymind.store.answers import Window
from manymind.store.changing import Change
from manymind.store.spending import Spent

PREFIX = "/v1/manage"


class Desk(Struct, frozen=True, kw_only=True):
    """What every page of accounts works with."""

    office: Office
    spent: Spent
    changes: Callable[[str, Window], Awaitable[tuple[Change, ...]]]
    clock: Clock
    admission: Admission
    bounds: Bounds

    async def fields(self, exchange: Exchange) -> Object:
        with self.admission.visit() as take:
            return await fields(exchange, self.bounds.body_bytes, self.bounds.body_seconds, take)

    async def tenant(self, exchange: Exchange, caller: Caller) -> str:
        """The tenant whose accounts are meant: the caller's, or what the operator names."""
        return await self.office.tenant(caller, query(exchange).one("tenant"))

    async def counted(self, budget: Budget) -> Counted:
        return Counted(budget, await self.office.budgets.standing(budget.owner, budget.id))


class People:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        tenants: tuple[tuple[str, str, Page], ...] = (
            ("GET", "/tenants", self.list_tenants),
            ("POST", "/tenants", self.create_tenant),
            ("GET", "/tenants/{id}", self.show_tenant),
            ("PATCH", "/tenants/{id}", self.amend_tenant),
            ("DELETE", "/tenants/{id}", self.forget_tenant),
        )
        users: tuple[tuple[str, str, Page], ...] = (
            ("GET", "/users", self.list_users),
            ("POST", "/users", self.create_user),
            ("GET", "/users/{id}", self.show_user),
            ("PATCH", "/users/{id}", self.amend_user),
            ("DELETE", "/users/{id}", self.forget_user),
            ("GET", "/changes", self.list_changes),
        )
        return (*ours(tenants, "operator"), *ours(users, "manage"))

    async def list_tenants(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        window = window_of(exchange)
        found = await self._desk.office.accounts.tenants(window)
        await reply_page(exchange, window, [show_tenant(each) for each in found])

    async def create_tenant(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        top = await self._desk.fields(exchange)
        name = top.needed("name", line(top, "name"))
        finish(top)
        made = await self._desk.office.create_tenant(caller, name)
        await reply(exchange, show_tenant(made), 201)

    async def show_tenant(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        await reply(exchange, show_tenant(await self._desk.office.accounts.tenant(captured["id"])))

    async def amend_tenant(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        top = await self._desk.fields(exchange)
        name, disabled = line(top, "name"), switch(top, "disabled")
        finish(top)
        office = self._desk.office
        amended = await office.amend_tenant(caller, captured["id"], name, disabled)
        await reply(exchange, show_tenant(amended))

    async def forget_tenant(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        await self._desk.office.forget_tenant(caller, captured["id"])
        await reply(exchange, gone(captured["id"], "tenant"))

    async def list_users(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        window = window_of(exchange)
        tenant = await self._desk.tenant(exchange, caller)
        found = await self._desk.office.accounts.users(tenant, window)
        await reply_page(exchange, window, [show_user(each) for each in found])

    async def create_user(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        top = await self._desk.fields(exchange)
        name = top.needed("name", line(top, "name"))
        finish(top)
        tenant = await self._desk.tenant(exchange, caller)
        made = await self._desk.office.create_user(caller, tenant, name)
        await reply(exchange, show_user(made), 201)

    async def show_user(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        tenant = await self._desk.tenant(exchange, caller)
        found = await self._desk.office.accounts.user(tenant, captured["id"])
        await reply(exchange, show_user(found))

    async def amend_user(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        top = await self._desk.fields(exchange)
        name, disabled = line(top, "name"), switch(top, "disabled")
        finish(top)
        tenant = await self._desk.tenant(exchange, caller)
        office = self._desk.office
        amended = await office.amend_user(caller, tenant, captured["id"], name, disabled)
        await reply(exchange, show_user(amended))

    async def forget_user(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        tenant = await self._desk.tenant(exchange, caller)
        await self._desk.office.forget_user(caller, tenant, captured["id"])
        await reply(exchange, gone(captured["id"], "user"))

    async def list_changes(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        window = window_of(exchange)
        tenant = await self._desk.tenant(exchange, caller)
        found = await self._desk.changes(tenant, window)
        await reply_page(exchange, window, [show_change(each) for each in found])


def ours(pages: Sequence[tuple[str, str, Page]], needs: Needs) -> tuple[Route, ...]:
    return tuple(
        Route(method=method, path=PREFIX + path, page=handler, needs=needs)
        for method, path, handler in pages
    )


def window_of(exchange: Exchange) -> Window:
    """One more than is shown, to know whether there are more."""
    wanted = page(query(exchange), oldest_first=False)
    if wanted.before is not None:
        raise BadRequest("before is unknown here.", advice="Use after.", field="before")
    return Window(limit=wanted.limit + 1, after=wanted.after, oldest_first=wanted.oldest_first)


async def reply_page(exchange: Exchange, window: Window, found: Sequence[Json]) -> None:
    shown = found[: window.limit - 1]
    await reply(exchange, listed(shown, more=len(found) > len(shown)))


async def reply(exchange: Exchange, body: Json, status: int = 200) -> None:
    await exchange.reply(
        status, msgspec.json.encode(body), headers=(("cache-control", "no-store"),)
    )


def gone(name: str, kind: str) -> Json:
    return {"id": name, "object": kind, "deleted": True}
