"""Every dialect's paths: one handler."""

import re
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.faults import BadRequest, Fault
from manymind.canon.ports import Clock
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.mirror import Dialect, View
from manymind.dialects.reading import count
from manymind.gateway import Gateway
from manymind.policy.keys import Caller
from manymind.server.admission import Admission
from manymind.server.exchange import Exchange
from manymind.server.naming import Naming
from manymind.server.stream import Gathered, Streamed, gather, stream

_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeError)
"""What strangers' JSON may raise."""

BETA_HEADER = "anthropic-beta"
BETAS_MAX = 32
_BETA = re.compile(r"[A-Za-z0-9_.-]{1,100}")

CHAT, RESPONSES, MESSAGES = "openai_chat", "openai_responses", "anthropic_messages"


class Door(Struct, frozen=True, kw_only=True):
    """One inference path: the dialect that it is named for, and whose house it belongs to."""

    dialect: str
    house: str
    run: bool = False
    model: str | None = None


class Bounds(Struct, frozen=True, kw_only=True):
    """`body_bytes` may one body have, `bodies_bytes` all together that are under way."""

    body_bytes: int
    body_seconds: float
    heartbeat_seconds: float
    bodies_bytes: int = 256 * 1024 * 1024


class _Shape(Struct):
    """Just enough of a body to tell a Chat body from a Responses body."""

    messages: msgspec.Raw = msgspec.Raw()
    input: msgspec.Raw = msgspec.Raw()


class _Envelope(Struct):
    """The body of `/ai/run`."""

    model: str | None = None
    input: msgspec.Raw = msgspec.Raw()


class Inference:
    def __init__(
        self, gateway: Gateway, dialects: Mapping[str, Dialect], clock: Clock, bounds: Bounds
    ) -> None:
        self._gateway = gateway
        self._dialects = dialects
        self._clock = clock
        self._bounds = bounds
        self._admission = Admission(bounds.bodies_bytes)

    async def answer(self, exchange: Exchange, caller: Caller, door: Door) -> None:
        with self._admission.visit() as take:
            await self._admitted(exchange, caller, door, take)

    async def _admitted(
        self, exchange: Exchange, caller: Caller, door: Door, take: Callable[[int], None]
    ) -> None:
        body = await exchange.body(self._bounds.body_bytes, self._bounds.body_seconds, take)
        if door.run:
            body = _unwrap(body, door.model)
        dialect = self._dialects[_dialect_of(body, door)]
        try:
            request = replace(dialect.read_request(body), betas=_betas(exchange))
            del body  # The history is in the request; holding both would double a large prompt.
            await self._answer(exchange, caller, door, dialect, request)
        except Fault as fault:
            if exchange.started:
                raise
            await self.refuse(exchange, fault, door, dialect)

    async def refuse(
        self, exchange: Exchange, fault: Fault, door: Door, dialect: Dialect | None = None
    ) -> None:
        """A fault before the first byte, in the words of the caller's dialect."""
        own = dialect or self._dialects[door.dialect]
        body = own.write_fault(fault, exchange.request_id, door.house)
        if door.run:
            body = _wrap_fault(fault)
        exchange.outcome = f"{fault.status} {fault.code}"
        await exchange.reply(fault.status, body, headers=fault_headers(fault))

    async def _answer(
        self, exchange: Exchange, caller: Caller, door: Door, dialect: Dialect, request: Request
    ) -> None:
        view = View(
            house=door.house,
            agents="agents" in (request.include or ()),
            created=int(self._clock.today()),
            now=self._clock.today,
        )
        naming = Naming(dialect.name, door.house, exchange.request_id)
        if request.stream:
            await self._stream(exchange, caller, dialect, request, view, naming)
            return
        gathered = Gathered(naming)

        async def speak() -> None:
            await self._gateway.answer(caller, request, gathered.say, key=exchange.request_id)

        answer = await gather(exchange, gathered, speak)
        reply = dialect.write_reply(answer, request, view)
        await exchange.reply(200, _wrap(reply) if door.run else reply)

    async def _stream(
        self,
        exchange: Exchange,
        caller: Caller,
        dialect: Dialect,
        request: Request,
        view: View,
        naming: Naming,
    ) -> None:
        writer = dialect.writer(request, view)
        streamed = Streamed(exchange, writer, naming, self._bounds.heartbeat_seconds)

        async def speak() -> None:
            await self._gateway.answer(caller, request, streamed.say, key=exchange.request_id)

        await stream(exchange, streamed, speak)


def _betas(exchange: Exchange) -> tuple[str, ...]:
    """The one header of a caller's that goes on to an upstream, word by harmless word."""
    words = (exchange.header(BETA_HEADER) or "").split(",")
    betas = tuple(word.strip() for word in words if word.strip())
    if len(betas) > BETAS_MAX or not all(map(_BETA.fullmatch, betas)):
        raise BadRequest(
            f"The header {BETA_HEADER} is not a short list of names.", field=BETA_HEADER
        )
    return betas


def fault_headers(fault: Fault) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    if fault.retry_after is not None:
        headers.append(("retry-after", str(max(1, round(fault.retry_after)))))
    if fault.status == 401:
        headers.append(("www-authenticate", "Bearer"))
    if fault.status == 408:
        headers.append(("connection", "close"))
    return headers


def _dialect_of(body: bytes, door: Door) -> str:
    """Either OpenAI body is taken on either OpenAI path, as clients of the field send them."""
    if door.dialect == MESSAGES:
        return MESSAGES
    try:
        shape = msgspec.json.decode(body, type=_Shape)
    except _UNREADABLE:
        return door.dialect  # which then says what is wrong, better than we could
    if shape.messages and not shape.input:
        return CHAT
    if shape.input and not shape.messages:
        return RESPONSES
    return door.dialect


def _unwrap(body: bytes, model: str | None) -> bytes:
    """The request inside the envelope of `/ai/run`: `input` is a whole body, or the Responses
    field of that name; the model may stand in the path."""
    count(body)
    try:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        envelope = msgspec.json.decode(body, type=_Envelope)
        if bytes(memoryview(envelope.input)[:1]) == b"{":
            fields = msgspec.json.decode(envelope.input, type=dict[str, msgspec.Raw])
    except _UNREADABLE:
        raise BadRequest(
            "The body must be a JSON object with model and input.",
            advice='Send {"model": "…", "input": {…}}.',
        ) from None
    name = model or envelope.model
    if name is None:
        raise BadRequest("The model is missing.", field="model")
    return msgspec.json.encode({**fields, "model": name})


def _wrap(reply: bytes) -> bytes:
    whole: Json = {"result": msgspec.Raw(reply), "success": True, "errors": [], "messages": []}
    return msgspec.json.encode(whole)


def _wrap_fault(fault: Fault) -> bytes:
    error: Json = {"code": fault.status, "message": fault.full}
    return msgspec.json.encode(
        {"result": None, "success": False, "errors": [error], "messages": []}
    )
