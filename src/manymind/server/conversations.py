"""`/v1/conversations`: lists of items under a name, to which answers are added."""

from collections.abc import Callable

import msgspec

from manymind.canon.faults import BadRequest
from manymind.canon.items import Item
from manymind.canon.values import Json
from manymind.dialects.openai_responses.listed import identified, list_item, read_items
from manymind.dialects.openai_responses.words import ENCRYPTED
from manymind.dialects.reading import Object
from manymind.memory.turns import Turns
from manymind.policy.keys import Caller
from manymind.server.admission import Admission
from manymind.server.exchange import Exchange
from manymind.server.fields import fields, metadata
from manymind.server.inference import Bounds
from manymind.server.manners import RESPONSES, Manners
from manymind.server.paging import listed, page, query
from manymind.server.routes import Captured, Page, Route
from manymind.server.stored import HOUSES
from manymind.store.answers import Window
from manymind.store.conversations import Conversation, Conversations

ADDED_MAX = 20
"""Items that may be added at once, as OpenAI has it."""


class Conversing:
    def __init__(
        self,
        conversations: Conversations,
        turns: Turns,
        admission: Admission,
        bounds: Bounds,
        new_id: Callable[[], str],
    ) -> None:
        self._conversations = conversations
        self._turns = turns
        self._admission = admission
        self._bounds = bounds
        self._new_id = new_id

    def routes(self) -> tuple[Route, ...]:
        one, items = "/conversations/{id}", "/conversations/{id}/items"
        pages: tuple[tuple[str, str, Page], ...] = (
            ("POST", "/conversations", self.create),
            ("GET", one, self.show),
            ("POST", one, self.update),
            ("DELETE", one, self.delete),
            ("POST", items, self.add),
            ("GET", items, self.list_items),
            ("GET", f"{items}/{{item}}", self.show_item),
            ("DELETE", f"{items}/{{item}}", self.delete_item),
        )
        return tuple(
            Route(
                method=method,
                path=prefix + path,
                page=handler,
                manners=Manners(dialect=RESPONSES, house=house),
                needs="infer",
            )
            for prefix, house in HOUSES
            for method, path, handler in pages
        )

    async def create(self, exchange: Exchange, caller: Caller, _captured: Captured) -> None:
        top = await self._fields(exchange)
        name = self._new_id()
        added = await self._added(caller, top, name)
        made = await self._conversations.create(
            caller.id, f"conv_{name}", metadata(top) or {}, added
        )
        await _reply(exchange, _shown(made))

    async def show(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        await _reply(exchange, _shown(await self._conversations.find(caller.id, captured["id"])))

    async def update(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        top = await self._fields(exchange)
        given = top.needed("metadata", metadata(top))
        amended = await self._conversations.amend(caller.id, captured["id"], given)
        await _reply(exchange, _shown(amended))

    async def delete(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        await self._conversations.forget(caller.id, captured["id"])
        await _reply(
            exchange, {"id": captured["id"], "object": "conversation.deleted", "deleted": True}
        )

    async def add(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        top = await self._fields(exchange)
        added = await self._added(caller, top, self._new_id())
        if not added:
            raise top.wrong("items", "must hold at least one item")
        names = await self._conversations.append(caller.id, captured["id"], added)
        data = [list_item(item, name) for name, item in names]
        await _reply(exchange, listed(data, more=False))

    async def list_items(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        asked = query(exchange)
        wanted = page(asked, oldest_first=False)
        if wanted.before is not None:
            raise BadRequest("before is unknown here.", advice="Use after.", field="before")
        window = Window(
            limit=wanted.limit + 1, after=wanted.after, oldest_first=wanted.oldest_first
        )
        found = await self._conversations.listed(caller.id, captured["id"], window)
        sealed = ENCRYPTED in asked.many("include")
        data = [list_item(item, name, sealed=sealed) for name, item in found[: wanted.limit]]
        await _reply(exchange, listed(data, more=len(found) > wanted.limit))

    async def show_item(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        sealed = ENCRYPTED in query(exchange).many("include")
        item = await self._conversations.item(caller.id, captured["id"], captured["item"])
        await _reply(exchange, list_item(item, captured["item"], sealed=sealed))

    async def delete_item(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        left = await self._conversations.forget_item(caller.id, captured["id"], captured["item"])
        await _reply(exchange, _shown(left))

    async def _added(self, caller: Caller, top: Object, stem: str) -> dict[str, Item]:
        items = read_items(top, "items")
        if len(items) > ADDED_MAX:
            raise BadRequest(
                f"{len(items)} items are more than can be added at once.",
                advice=f"Send at most {ADDED_MAX}.",
                field="items",
            )
        news = await self._turns.filled(caller.id, items, field="items")
        return dict(identified(stem, news.kept))

    async def _fields(self, exchange: Exchange) -> Object:
        with self._admission.visit() as take:
            bounds = self._bounds
            return await fields(exchange, bounds.body_bytes, bounds.body_seconds, take)


def _shown(conversation: Conversation) -> Json:
    return {
        "id": conversation.id,
        "object": "conversation",
        "created_at": conversation.created,
        "metadata": conversation.metadata,
    }


async def _reply(exchange: Exchange, body: Json) -> None:
    await exchange.reply(200, msgspec.json.encode(body))
