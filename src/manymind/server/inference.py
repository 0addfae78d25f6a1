"""Every dialect's paths: one handler."""

import re
from collections.abc import Awaitable, Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.faults import BadRequest, Fault
from manymind.canon.letters import Letter
from manymind.canon.ports import Clock
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.mirror import Dialect, Sealing, View, Writer
from manymind.dialects.reading import count
from manymind.dialects.sealing import asked
from manymind.gateway import Gateway
from manymind.policy.keys import Caller
from manymind.server.admission import Admission
from manymind.server.exchange import Exchange
from manymind.server.manners import CHAT, GEMINI, MESSAGES, RESPONSES, Manners, Refusals
from manymind.server.marks import marks
from manymind.server.naming import Naming
from manymind.server.paging import query
from manymind.server.retries import limited, limits_retries
from manymind.server.routes import Captured, Route
from manymind.server.stream import Gathered, Streamed, gather, stream, until_hang_up
from manymind.server.told import Told
from manymind.server.trail import Annotating, Trail, wants_metadata, with_metadata

_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeError)
"""What strangers' JSON may raise."""

BETA_HEADER = "anthropic-beta"
BETAS_MAX = 32
_BETA = re.compile(r"[A-Za-z0-9_.-]{1,100}")

_DOORS = {"/chat/completions": CHAT, "/responses": RESPONSES, "/messages": MESSAGES}
_CLOUDFLARE = "/client/v4/accounts/{account}/ai"
_GOOGLE = ("/v1beta/models/{model...}", "/v1/models/{model...}")
_HOUSES = (("/v1", "openai"), ("/api/v1", "openrouter"))


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
        self,
        gateway: Gateway,
        dialects: Mapping[str, Dialect],
        refusals: Refusals,
        clock: Clock,
        bounds: Bounds,
    ) -> None:
        self._gateway = gateway
        self._refusals = refusals
        self._dialects = dialects
        self._sealing = {
            name: spoken for name, spoken in dialects.items() if isinstance(spoken, Sealing)
        }
        self._clock = clock
        self._bounds = bounds
        self.admission = Admission(bounds.bodies_bytes)

    def routes(self) -> tuple[Route, ...]:
        """Every dialect's paths in every house. The account in Cloudflare's is never authority;
        only the key is."""
        cloudflare = Manners(dialect=RESPONSES, house="cloudflare", wrapped=True)
        return (
            *(
                self._door(prefix + path, Manners(dialect=dialect, house=house))
                for prefix, house in (*_HOUSES, (f"{_CLOUDFLARE}/v1", "cloudflare"))
                for path, dialect in _DOORS.items()
            ),
            self._door(f"{_CLOUDFLARE}/run", cloudflare),
            self._door(f"{_CLOUDFLARE}/run/{{model...}}", cloudflare),
            *(
                self._door(f"{path}:{verb}", Manners(dialect=GEMINI, streamed=streamed))
                for path in _GOOGLE
                for verb, streamed in (("generateContent", False), ("streamGenerateContent", True))
            ),
        )

    def _door(self, path: str, manners: Manners) -> Route:
        def page(exchange: Exchange, caller: Caller, captured: Captured) -> Awaitable[None]:
            return self._visit(exchange, caller, manners, captured.get("model"))

        return Route(method="POST", path=path, page=page, manners=manners, needs="infer")

    async def _visit(
        self, exchange: Exchange, caller: Caller, manners: Manners, model: str | None
    ) -> None:
        bounds = self._bounds
        with self.admission.visit() as take:
            body = exchange.arrived(bounds.body_bytes, take)
            if body is None:
                body = await exchange.body(bounds.body_bytes, bounds.body_seconds, take)
            letter = self._sealed(exchange, manners, body)
            if letter is not None:
                del body
                await self._relay(exchange, caller, manners, letter)
                return
            if manners.wrapped:
                body = _unwrap(body, model)
            spoken = replace(manners, dialect=_dialect_of(body, manners.dialect))
            try:
                request = self._dialects[spoken.dialect].read_request(body)
                del body  # The history is in the request; both would double a large prompt.
                if spoken.dialect == GEMINI:
                    request = addressed(request, exchange, model, streamed=manners.streamed)
                request = limited(replace(request, betas=_betas(exchange)), exchange)
                request = self._gateway.readied(request)
                await self._answer(exchange, caller, spoken, request)
            except Fault as fault:
                if exchange.started:
                    raise
                await self._refusals.refuse(exchange, fault, spoken)

    def _sealed(self, exchange: Exchange, manners: Manners, body: bytes) -> Letter | None:
        """The body as a letter, where it can go on, and its reply come back, as they are."""
        sealing = self._sealing.get(manners.dialect)
        if sealing is None or manners.house != "openai" or exchange.has_header(BETA_HEADER):
            return None
        if limits_retries(exchange):
            return None
        letter = sealing.read_letter(body)
        return None if letter is None or self._gateway.keeps(letter) else letter

    async def _relay(
        self, exchange: Exchange, caller: Caller, manners: Manners, letter: Letter
    ) -> None:
        naming = Naming(letter.dialect, manners.house, exchange.request_id)
        view = self._view(manners, letter.outline)
        exchange.trail = trail = Trail()
        if letter.outline.stream:
            writer = self._sealing[letter.dialect].letter_writer(letter, view)
            streamed = Streamed(exchange, writer, naming, self._bounds.heartbeat_seconds)

            async def speak() -> None:
                key, said = exchange.request_id, marks(exchange)
                beside = Told(exchange, letter.dialect, self._clock.today)
                await self._gateway.relay(
                    caller,
                    letter,
                    streamed.say,
                    key=key,
                    marks=said,
                    tell=beside,
                    trail=trail,
                )

            await stream(exchange, streamed, speak)
            return
        gathered = Gathered(naming)
        answer: Answer | None = None

        async def ask() -> None:
            nonlocal answer
            key = exchange.request_id
            said = marks(exchange)
            beside = Told(exchange, letter.dialect, self._clock.today)
            answer = await self._gateway.relay(
                caller,
                letter,
                gathered.say,
                key=key,
                marks=said,
                tell=beside,
                trail=trail,
            )

        await until_hang_up(exchange, ask)
        if answer is None:
            for name, names in gathered.losses.news():
                exchange.add_header(name, names)
            answer = gathered.answer()
        # What was opened is answered as what was read; a reply that was not, needs no question.
        unopened = answer.wire is not None and answer.wire.sealed
        request = letter.outline if unopened else asked(letter)
        dialect = self._dialects[letter.dialect]
        await exchange.reply(200, dialect.write_reply(naming.named(answer), request, view))

    async def _answer(
        self, exchange: Exchange, caller: Caller, manners: Manners, request: Request
    ) -> None:
        dialect = self._dialects[manners.dialect]
        view = self._view(manners, request)
        naming = Naming(dialect.name, manners.house, exchange.request_id)
        exchange.trail = trail = Trail()
        told = wants_metadata(exchange, manners.house)
        if request.stream:
            writer = dialect.writer(request, view)
            writer = Annotating(writer, trail, request) if told else writer
            await self._stream(exchange, caller, writer, request, naming, trail)
            return
        gathered = Gathered(naming)

        async def speak() -> None:
            key, said = exchange.request_id, marks(exchange)
            beside = Told(exchange, dialect.name, self._clock.today)
            await self._gateway.answer(
                caller,
                request,
                gathered.say,
                key=key,
                marks=said,
                tell=beside,
                trail=trail,
            )

        answer = await gather(exchange, gathered, speak)
        reply = dialect.write_reply(answer, request, view)
        if told:
            reply = with_metadata(reply, trail.metadata(request))
        await exchange.reply(200, _wrap(reply) if manners.wrapped else reply)

    def _view(self, manners: Manners, request: Request) -> View:
        return View(
            house=manners.house,
            agents="agents" in (request.include or ()),
            created=int(self._clock.today()),
            now=self._clock.today,
        )

    async def _stream(
        self,
        exchange: Exchange,
        caller: Caller,
        writer: Writer,
        request: Request,
        naming: Naming,
        trail: Trail,
    ) -> None:
        streamed = Streamed(exchange, writer, naming, self._bounds.heartbeat_seconds)

        async def speak() -> None:
            key, said = exchange.request_id, marks(exchange)
            beside = Told(exchange, request.dialect or "", self._clock.today)
            await self._gateway.answer(
                caller,
                request,
                streamed.say,
                key=key,
                marks=said,
                tell=beside,
                trail=trail,
            )

        await stream(exchange, streamed, speak)


def addressed(
    request: Request, exchange: Exchange, model: str | None, *, streamed: bool = False
) -> Request:
    """The request with what stands in the URL of Google's paths, and not in the body."""
    if streamed and query(exchange).one("alt") != "sse":
        raise BadRequest(
            "Only server-sent events are streamed here, not an array.",
            advice="Add ?alt=sse to the URL, as Google's own clients do.",
            field="alt",
        )
    return replace(request, model=model or request.model, stream=streamed)


def _betas(exchange: Exchange) -> tuple[str, ...]:
    """The one header of a caller's that goes on to an upstream, word by harmless word."""
    words = (exchange.header(BETA_HEADER) or "").split(",")
    betas = tuple(word.strip() for word in words if word.strip())
    if len(betas) > BETAS_MAX or not all(map(_BETA.fullmatch, betas)):
        raise BadRequest(
            f"The header {BETA_HEADER} is not a short list of names.", field=BETA_HEADER
        )
    return betas


def _dialect_of(body: bytes, named: str) -> str:
    """Either OpenAI body is taken on either OpenAI path, as clients of the field send them."""
    if named in (MESSAGES, GEMINI):
        return named
    try:
        shape = msgspec.json.decode(body, type=_Shape)
    except _UNREADABLE:
        return named  # which then says what is wrong, better than we could
    if shape.messages and not shape.input:
        return CHAT
    if shape.input and not shape.messages:
        return RESPONSES
    return named


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
