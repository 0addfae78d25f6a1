"""`/v1/responses/compact`: a long conversation made short, to be sent instead of the whole."""

from uuid import uuid4

import msgspec

from manymind.canon.faults import BadRequest, UpstreamBroken
from manymind.canon.items import Item, Said
from manymind.canon.parts import Text
from manymind.canon.ports import Clock
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.mirror import Dialect, View
from manymind.dialects.openai_responses.listed import identified, list_item
from manymind.dialects.openai_responses.usage import write_usage
from manymind.gateway import Gateway
from manymind.memory.compaction import ASK, KIND, SHORT, kept, seal, transcript
from manymind.memory.turns import Turns
from manymind.policy.keys import Caller
from manymind.server.admission import Admission
from manymind.server.exchange import Exchange
from manymind.server.inference import Bounds
from manymind.server.manners import RESPONSES, Manners
from manymind.server.marks import marks
from manymind.server.naming import Naming
from manymind.server.routes import Captured, Route
from manymind.server.stored import HOUSES
from manymind.server.stream import Gathered, gather

_NOTES_TOKENS_MAX = 4000


class Compacting:
    def __init__(
        self,
        gateway: Gateway,
        turns: Turns,
        dialect: Dialect,
        admission: Admission,
        clock: Clock,
        bounds: Bounds,
    ) -> None:
        self._gateway = gateway
        self._turns = turns
        self._dialect = dialect
        self._admission = admission
        self._clock = clock
        self._bounds = bounds

    def routes(self) -> tuple[Route, ...]:
        return tuple(
            Route(
                method="POST",
                path=f"{prefix}/responses/compact",
                page=self.compact,
                manners=Manners(dialect=RESPONSES, house=house),
                needs="infer",
            )
            for prefix, house in HOUSES
        )

    async def compact(self, exchange: Exchange, caller: Caller, _captured: Captured) -> None:
        with self._admission.visit() as take:
            bounds = self._bounds
            body = await exchange.body(bounds.body_bytes, bounds.body_seconds, take)
            request = self._dialect.read_request(body)
            checked = await self._gateway.checked(caller, request, marks(exchange))
            most = min(checked.max_output_tokens or _NOTES_TOKENS_MAX, _NOTES_TOKENS_MAX)
            items = await self._turns.history(caller.id, request)
            if not items:
                raise BadRequest("There is nothing to compact.", field="input")
            notes = transcript(items)
            usage = Usage()
            if len(notes) > SHORT:
                notes, usage = await self._noted(exchange, caller, request, items, most)
            await exchange.reply(200, msgspec.json.encode(self._shown(items, notes, usage)))

    async def _noted(
        self,
        exchange: Exchange,
        caller: Caller,
        request: Request,
        items: tuple[Item, ...],
        most: int,
    ) -> tuple[str, Usage]:
        """The model's own notes, of so many tokens at the `most`, in the place of all that is not
        kept word for word. Who is asked is the caller's choice, as for any answer."""
        asked = Request(
            model=request.model,
            models=request.models,
            preferences=request.preferences,
            aside=request.aside,
            dialect=RESPONSES,
            items=(*items, Said(role="user", parts=(Text(text=ASK),))),
            instructions=request.instructions,
            max_output_tokens=most,
            caps=request.caps,
            store=False,
        )
        gathered = Gathered(Naming(RESPONSES, "openai", exchange.request_id))

        async def speak() -> None:
            key, said = exchange.request_id, marks(exchange)
            await self._gateway.answer(caller, asked, gathered.say, key=key, marks=said)

        answer = await gather(exchange, gathered, speak)
        if not answer.text:
            raise UpstreamBroken("The model has written no notes on the conversation.")
        return answer.text, answer.usage or Usage()

    def _shown(self, items: tuple[Item, ...], notes: str, usage: Usage) -> Json:
        stem = uuid4().hex
        data = [
            list_item(item, name) for name, item in identified(f"{stem}_kept", filter(kept, items))
        ]
        compacted: Json = {"id": f"cmp_{stem}", "type": KIND, "encrypted_content": seal(notes)}
        return {
            "id": f"resp_{stem}",
            "object": "response.compaction",
            "created_at": int(self._clock.today()),
            "output": [*data, compacted],
            "usage": write_usage(usage, View()),
        }
