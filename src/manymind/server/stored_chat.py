"""`/v1/chat/completions/{id}`: completions that their callers asked to be kept."""

from collections.abc import Mapping

import msgspec

from manymind.canon.ports import Kept
from manymind.canon.values import Json
from manymind.dialects.mirror import Dialect, View
from manymind.policy.keys import Caller
from manymind.server.admission import Admission
from manymind.server.exchange import Exchange
from manymind.server.fields import fields, metadata
from manymind.server.inference import Bounds
from manymind.server.manners import CHAT, Manners
from manymind.server.paging import listed, page, query
from manymind.server.routes import Captured, Page, Route
from manymind.server.stored import HOUSES
from manymind.store.answers import Answers, Window


class StoredChat:
    def __init__(
        self,
        answers: Answers,
        dialects: Mapping[str, Dialect],
        admission: Admission,
        bounds: Bounds,
    ) -> None:
        self._answers = answers
        self._dialect = dialects[CHAT]
        self._admission = admission
        self._bounds = bounds

    def routes(self) -> tuple[Route, ...]:
        one = "/chat/completions/{id}"
        pages: tuple[tuple[str, str, Page], ...] = (
            ("GET", "/chat/completions", self.all),
            ("GET", one, self.show),
            ("POST", one, self.update),
            ("DELETE", one, self.delete),
            ("GET", f"{one}/messages", self.messages),
        )
        return tuple(
            Route(
                method=method,
                path=prefix + path,
                page=handler,
                manners=Manners(dialect=CHAT, house=house),
                needs="infer",
            )
            for prefix, house in HOUSES
            for method, path, handler in pages
        )

    async def all(self, exchange: Exchange, caller: Caller, _captured: Captured) -> None:
        asked = query(exchange)
        wanted = page(asked, oldest_first=True)
        window = Window(
            limit=wanted.limit + 1, after=wanted.after, oldest_first=wanted.oldest_first
        )
        found = await self._answers.listed(caller.id, CHAT, window, asked.one("model"))
        data = [self._shown(kept) for kept in found[: wanted.limit]]
        await _reply(exchange, listed(data, more=len(found) > wanted.limit))

    async def show(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        kept = await self._answers.find(caller.id, captured["id"], CHAT)
        await _reply(exchange, self._shown(kept))

    async def update(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        with self._admission.visit() as take:
            bounds = self._bounds
            top = await fields(exchange, bounds.body_bytes, bounds.body_seconds, take)
        given = top.needed("metadata", metadata(top))
        kept = await self._answers.amend(caller.id, captured["id"], CHAT, given)
        await _reply(exchange, self._shown(kept))

    async def delete(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        await self._answers.forget(caller.id, captured["id"], CHAT)
        await _reply(
            exchange,
            {"id": captured["id"], "object": "chat.completion.deleted", "deleted": True},
        )

    async def messages(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        wanted = page(query(exchange), oldest_first=True)
        kept = await self._answers.find(caller.id, captured["id"], CHAT)
        written = msgspec.json.decode(self._dialect.write_request(kept.request).body, type=_Sent)
        named = [(f"{kept.answer.id}-{n}", message) for n, message in enumerate(written.messages)]
        found, more = wanted.cut(named)
        await _reply(exchange, listed([_message(*each) for each in found], more=more))

    def _shown(self, kept: Kept) -> Json:
        view = View(created=kept.at)
        whole: Json = msgspec.json.decode(
            self._dialect.write_reply(kept.answer, kept.request, view), type=dict[str, object]
        )
        return {**whole, "metadata": kept.request.metadata or {}}


class _Sent(msgspec.Struct):
    """What of a request a list of its messages needs."""

    messages: list[Json]


def _message(name: str, message: Json) -> Json:
    """Words stand in `content`, whatever else was sent beside them in `content_parts`."""
    content = message.get("content")
    words = content is None or isinstance(content, str)
    return {
        **message,
        "id": name,
        "content": content if words else None,
        "content_parts": None if words else content,
    }


async def _reply(exchange: Exchange, body: Json) -> None:
    await exchange.reply(200, msgspec.json.encode(body))
