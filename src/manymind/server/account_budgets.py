"""`/v1/manage/budgets`: what tenants, users, keys, routes and features may use."""

from manymind.canon.budgets import ALARM_PERCENT, Budget
from manymind.canon.faults import BadRequest
from manymind.dialects.reading import Object
from manymind.policy.keys import Caller
from manymind.server.account_fields import (
    SCOPES,
    cap,
    finish,
    line,
    period,
    scope,
    unit,
)
from manymind.server.account_forms import show_budget
from manymind.server.accounts import Desk, gone, ours, reply
from manymind.server.exchange import Exchange
from manymind.server.paging import listed, page, query
from manymind.server.routes import Captured, Page, Route


class BudgetPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._office = desk.office

    def routes(self) -> tuple[Route, ...]:
        pages: tuple[tuple[str, str, Page], ...] = (
            ("GET", "/budgets", self.list_all),
            ("POST", "/budgets", self.define),
            ("GET", "/budgets/{id}", self.show),
            ("PATCH", "/budgets/{id}", self.amend),
            ("DELETE", "/budgets/{id}", self.drop),
        )
        return ours(pages, "manage")

    async def list_all(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        asked = query(exchange)
        wanted, only = page(asked, oldest_first=True), asked.one("scope")
        if only is not None and only not in SCOPES:
            raise BadRequest(f"scope must be one of {', '.join(SCOPES)}.", field="scope")
        tenant = await self._desk.tenant(exchange, caller)
        subject = asked.one("subject")
        found = await self._office.budgets.listed(tenant)
        fitting = [
            (each.id, each)
            for each in found
            if only in (None, each.scope) and subject in (None, each.subject)
        ]
        shown, more = wanted.cut(fitting)
        data = [show_budget(await self._desk.counted(each)) for _, each in shown]
        await reply(exchange, listed(data, more=more))

    async def define(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        top = await self._desk.fields(exchange)
        tenant = await self._desk.tenant(exchange, caller)
        kind, counted = scope(top), unit(top)
        amount = cap(top, counted)
        budget = Budget(
            owner=tenant,
            id="",
            scope=kind,
            subject=line(top, "subject") or (tenant if kind == "tenant" else ""),
            unit=counted,
            period=period(top),
            cap=top.needed("cap_usd" if counted == "ticks" else "cap", amount),
            alarm_percent=_alarm(top, ALARM_PERCENT),
        )
        finish(top)
        defined = await self._office.define_budget(caller, budget)
        await reply(exchange, show_budget(await self._desk.counted(defined)), 201)

    async def show(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        tenant = await self._desk.tenant(exchange, caller)
        found = await self._office.budgets.find(tenant, captured["id"])
        await reply(exchange, show_budget(await self._desk.counted(found)))

    async def amend(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        top = await self._desk.fields(exchange)
        tenant = await self._desk.tenant(exchange, caller)
        found = await self._office.budgets.find(tenant, captured["id"])
        amount = cap(top, found.unit)
        percent = _alarm(top, found.alarm_percent)
        finish(top)
        amended = await self._office.amend_budget(
            caller, found, found.cap if amount is None else amount, percent
        )
        await reply(exchange, show_budget(await self._desk.counted(amended)))

    async def drop(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        tenant = await self._desk.tenant(exchange, caller)
        found = await self._office.budgets.find(tenant, captured["id"])
        await self._office.drop_budget(caller, found)
        await reply(exchange, gone(captured["id"], "budget"))


def _alarm(top: Object, before: int) -> int:
    said = top.whole("alarm_percent", 0, 100)
    return before if said is None else said
