"""`/v1/manage/losses`: what servers that died had borrowed of budgets, until somebody says what it
really came to."""

from manymind.policy.keys import Caller
from manymind.policy.losses import Losses
from manymind.server.account_fields import amount, finish
from manymind.server.account_forms import show_loss, show_reconciled
from manymind.server.accounts import Desk, ours, reply
from manymind.server.exchange import Exchange
from manymind.server.paging import listed, page, query
from manymind.server.routes import Captured, Page, Route


class LossPages:
    def __init__(self, desk: Desk, losses: Losses) -> None:
        self._desk = desk
        self._losses = losses

    def routes(self) -> tuple[Route, ...]:
        pages: tuple[tuple[str, str, Page], ...] = (
            ("GET", "/losses", self.list_all),
            ("GET", "/losses/{id}", self.show),
            ("POST", "/losses/{id}/reconcile", self.reconcile),
        )
        return ours(pages, "manage")

    async def list_all(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        wanted = page(query(exchange), oldest_first=True)
        tenant = await self._desk.tenant(exchange, caller)
        found = await self._losses.listed(tenant)
        shown, more = wanted.cut([(each.id, each) for each in found])
        await reply(exchange, listed([show_loss(each) for _, each in shown], more=more))

    async def show(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        tenant = await self._desk.tenant(exchange, caller)
        await reply(exchange, show_loss(await self._losses.find(tenant, captured["id"])))

    async def reconcile(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        top = await self._desk.fields(exchange)
        tenant = await self._desk.tenant(exchange, caller)
        loss = await self._losses.find(tenant, captured["id"])
        name = "used_usd" if loss.unit == "ticks" else "used"
        used = top.needed(name, amount(top, "used", loss.unit))
        finish(top)
        await self._losses.reconcile(caller, loss, used)
        await reply(exchange, show_reconciled(loss, used))
