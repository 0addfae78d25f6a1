"""`/v1/responses/{id}`: answers that were kept, to be read, told again and deleted."""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.events import Began, Chunk, Ended, Happened, Spent, spoken
from manymind.canon.faults import BadRequest, NoSuchAnswer
from manymind.canon.items import Item
from manymind.canon.ports import Kept
from manymind.canon.requests import Reasoning, Request
from manymind.canon.values import Json
from manymind.dialects.mirror import Dialect, View
from manymind.dialects.openai_responses.listed import identified, list_item
from manymind.dialects.openai_responses.telling import tell
from manymind.dialects.openai_responses.words import ENCRYPTED
from manymind.policy.keys import Caller
from manymind.server.exchange import Exchange
from manymind.server.manners import RESPONSES, Manners
from manymind.server.paging import listed, page, query
from manymind.server.routes import Captured, Route
from manymind.server.routes import Page as Handler
from manymind.server.stream import STREAM_HEADERS
from manymind.store.answers import Answers

HOUSES = (("/v1", "openai"), ("/api/v1", "openrouter"))

_NUMBER_MAX = 2**53


class StoredResponses:
    def __init__(self, answers: Answers, dialects: Mapping[str, Dialect]) -> None:
        self._answers = answers
        self._dialect = dialects[RESPONSES]

    def routes(self) -> tuple[Route, ...]:
        pages: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/responses/{id}", self.show),
            ("DELETE", "/responses/{id}", self.delete),
            ("POST", "/responses/{id}/cancel", self.cancel),
            ("GET", "/responses/{id}/input_items", self.input_items),
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

    async def show(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        asked = query(exchange)
        streamed, after = asked.flag("stream"), asked.whole("starting_after", 0, _NUMBER_MAX)
        if after is not None and not streamed:
            raise BadRequest("starting_after needs stream=true.", field="starting_after")
        kept = await self._answers.find(caller.id, captured["id"], RESPONSES)
        request = _as_asked(kept.request, sealed=ENCRYPTED in asked.many("include"))
        view = _view(kept, exchange)
        if not streamed:
            await exchange.reply(200, self._dialect.write_reply(kept.answer, request, view))
            return
        writer = self._dialect.writer(request, view)
        frames = [frame for chunk in _told(kept) for frame in writer.write(chunk)]
        await exchange.start(200, STREAM_HEADERS)
        await exchange.send(b"".join(frames[0 if after is None else after + 1 :]), more=False)

    async def delete(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        await self._answers.forget(caller.id, captured["id"], RESPONSES)
        body: Json = {"id": captured["id"], "object": "response", "deleted": True}
        await exchange.reply(200, msgspec.json.encode(body))

    async def cancel(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        """None is made in the background here, so that there is never one to cancel."""
        await self._answers.find(caller.id, captured["id"], RESPONSES)
        raise BadRequest(
            "Cannot cancel a synchronous response.",
            advice="To cancel an answer that is being written, close its connection.",
        )

    async def input_items(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        asked = query(exchange)
        wanted = page(asked, oldest_first=False)
        kept = await self._answers.find(caller.id, captured["id"], RESPONSES)
        before = await self._before(caller.id, kept.request)
        items = identified(f"{_stem(kept)}_in", (*before, *kept.request.items))
        found, more = wanted.cut(items)
        sealed = ENCRYPTED in asked.many("include")
        data = [list_item(item, name, sealed=sealed) for name, item in found]
        await exchange.reply(200, msgspec.json.encode(listed(data, more=more)))

    async def _before(self, owner: str, request: Request) -> tuple[Item, ...]:
        """What the answer went on from, as far as it is still there."""
        if request.previous_response_id is None:
            return ()
        try:
            return await self._answers.recall(owner, request.previous_response_id)
        except NoSuchAnswer:
            return ()


def _stem(kept: Kept) -> str:
    return kept.answer.id.removeprefix("resp_")


def _as_asked(request: Request, *, sealed: bool) -> Request:
    """The request as this reader would have made it: what is sealed is shown to who asks now."""
    reasoning = request.reasoning or (Reasoning() if sealed else None)
    reasoning = None if reasoning is None else replace(reasoning, encrypted=sealed or None)
    return replace(request, reasoning=reasoning)


def _view(kept: Kept, exchange: Exchange) -> View:
    house = "openrouter" if exchange.path.startswith("/api/") else "openai"
    return View(house=house, created=kept.at, now=lambda: kept.at)


def _told(kept: Kept) -> Iterator[Chunk]:
    """The answer in the events that it was streamed in, or in those that it might have been."""
    for event in kept.events or _events(kept.answer):
        yield spoken(event)


def _events(answer: Answer) -> Iterator[Happened]:
    yield Began(id=answer.id, model=answer.model, created=answer.created, aside=answer.aside)
    for number, output in enumerate(answer.outputs):
        if output.choice == 0:
            yield from tell(str(number), output.item)
    yield from answer.stops
    if answer.usage is not None:
        yield Spent(usage=answer.usage)
    yield Ended(status=answer.status, reason=answer.reason, aside=answer.aside)
