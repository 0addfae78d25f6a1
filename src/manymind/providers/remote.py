"""A provider on the network: an address, a key, and the dialects that it speaks."""

import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.events import Say
from manymind.canon.faults import Fault, TimedOut, Unsupported, UpstreamBroken
from manymind.canon.letters import Letter
from manymind.canon.ports import Clock, Desk
from manymind.canon.requests import Request
from manymind.dialects.mirror import Dialect, Sealing
from manymind.egress.reply import Patience, Reply
from manymind.egress.trusted import Trusted
from manymind.providers.asked import needed, unrouted
from manymind.providers.hearing import Hearing, skimmed
from manymind.providers.sieve import Sieve
from manymind.providers.upstream import Only, named

STREAMED = Patience()

WHOLE = Patience(first_byte_seconds=600.0)
"""A whole reply shows no sign of life before its last word is written."""

ReadFault: TypeAlias = Callable[[int, bytes, float | None], Fault]
"""How a dialect reads a refusal: its status, its body, and the seconds to wait."""

_FAULT_BYTES_MAX = 256 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_DOUBTFUL = frozenset({408, 499, 502, 504, 520, 522, 524})
_BETA = "anthropic-beta"


class Door(Struct, frozen=True):
    """One dialect of an upstream, the URL that speaks it, and the headers that go with it, the
    key among them. `streamed` is the URL of streams, if they have one of their own; where a URL
    holds `{model}`, the model's name goes there."""

    dialect: Dialect
    url: str
    headers: Mapping[str, str] = {}
    streamed: str | None = None

    def at(self, request: Request) -> str:
        url = self.streamed if request.stream and self.streamed is not None else self.url
        return named(url, request.model)


class Remote:
    """Writes a request, posts it, and speaks what comes back.

    `doors` stand in the order of preference; a request goes out in the dialect that it came in,
    if there is such a door, because nothing is lost on that way. `secrets` are blotted out of
    whatever the upstream says of them.
    """

    def __init__(
        self,
        name: str,
        doors: tuple[Door, ...],
        client: Trusted,
        *,
        headers: Mapping[str, str],
        secrets: tuple[str, ...] = (),
        only: tuple[Only, ...] = (),
        routing: bool = True,
    ) -> None:
        self.name = name
        self._doors = {door.dialect.name: door for door in reversed(doors)}
        self._preferred = doors[0]
        self._client = client
        self._headers = headers
        self._sealing = {
            name: (door.dialect, client.prepare(door.url, self._greeting(door, streamed=False)))
            for name, door in self._doors.items()
            if isinstance(door.dialect, Sealing)
        }
        self._sieve = Sieve(secrets)
        self._only = only
        self._routing = routing

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        door = self._door(request)
        plain, ours = (request, ()) if self._routing else unrouted(request)
        written = door.dialect.write_request(_metered(plain, door))
        betas = _betas(request, door)
        lost = (*ours, *written.lost, *(() if betas or not request.betas else (_BETA,)))
        self._refuse_to_lose(request, lost, door)
        headers = {**self._greeting(door, streamed=request.stream), **betas}
        hearing = Hearing(door.dialect, say, lost, self._sieve)
        try:
            async with self._client.post(
                door.at(request),
                headers=headers,
                body=written.body,
                deadline_seconds=left(desk),
                patience=STREAMED if request.stream else WHOLE,
            ) as reply:
                if not 200 <= reply.status < 300:
                    raise await refusal(reply, door.dialect.read_fault, desk.clock)
                await hearing.hear(reply, streamed=request.stream)
        except Fault as fault:
            if hearing.listening:
                self._sign(fault)
            raise

    def _greeting(self, door: Door, *, streamed: bool) -> dict[str, str]:
        accept = "text/event-stream" if streamed else "application/json"
        return {
            **door.headers,
            **self._headers,
            "content-type": "application/json",
            "accept": accept,
        }

    def carries(self, letter: Letter, model: str) -> bool:
        sealing = self._sealing.get(letter.dialect)
        if sealing is None or not sealing[0].takes(letter):
            return False
        return not self._only or self._only_door(model) is None

    async def carry(self, letter: Letter, model: str, desk: Desk) -> Answer:
        """Posts a letter as it came, but for the model's name."""
        sealing, ask = self._sealing[letter.dialect]
        dialect = self._doors[letter.dialect].dialect
        body = sealing.write_letter(letter, model)
        try:
            async with self._client.send(
                ask, body, deadline_seconds=left(desk), patience=WHOLE
            ) as reply:
                if not 200 <= reply.status < 300:
                    raise await refusal(reply, dialect.read_fault, desk.clock)
                return await skimmed(reply, sealing, dialect, self._sieve)
        except Fault as fault:
            self._sign(fault)
            raise

    def _refuse_to_lose(self, request: Request, lost: tuple[str, ...], door: Door) -> None:
        """Some losses change the question, and some callers can do with none."""
        refused = lost if request.require_parameters else needed(request, lost)
        if refused:
            raise Unsupported(
                f"{self.name} cannot take {', '.join(refused)} in {door.dialect.name}.",
                advice="Leave them out, do not require all parameters, or use another provider.",
                field=refused[0],
            )

    def _door(self, request: Request) -> Door:
        only = self._only_door(request.model)
        return only or self._doors.get(request.dialect or "", self._preferred)

    def _only_door(self, model: str) -> Door | None:
        for rule in self._only:
            if rule.model in model and rule.dialect in self._doors:
                return self._doors[rule.dialect]
        return None

    def _sign(self, fault: Fault) -> None:
        """Puts our name on the upstream's fault, and takes our secrets out of it."""
        fault.upstream = self.name
        fault.message = self._sieve.blotted(fault.message)
        fault.advice = self._sieve.blotted(fault.advice)
        fault.field = fault.field and self._sieve.blotted(fault.field)
        fault.args = (fault.message,)


def _betas(request: Request, door: Door) -> dict[str, str]:
    """Only servers of Messages know the header, whoever they belong to."""
    if not request.betas or door.dialect.name != "anthropic_messages":
        return {}
    return {_BETA: ",".join(request.betas)}


def _metered(request: Request, door: Door) -> Request:
    """Chat tells what a stream used only if asked. We must know; the caller need not hear it.
    Responses are kept by whoever is not forbidden to, and a caller of Chat asked for no such thing.
    """
    if request.stream and door.dialect.name == "openai_chat":
        return replace(request, stream_usage=True)
    if request.store is None and door.dialect.name == "openai_responses":
        return replace(request, store=False)
    return request


async def refusal(reply: Reply, read_fault: ReadFault, clock: Clock) -> Fault:
    """The fault that a reply without success tells of."""
    if 300 <= reply.status < 400:
        return UpstreamBroken(
            f"{reply.host} sends us on to another address, where our key does not follow.",
            advice="Set the provider's base URL to its final address.",
        )
    fault = read_fault(reply.status, await _excerpt(reply), wait(reply.headers, clock))
    # A provider that refuses or fails charges nothing. But these statuses may come from someone
    # between us, who gave up on an answer that was being written, and billed.
    fault.unbilled = reply.status not in _DOUBTFUL
    trace = reply.headers.get("x-request-id") or reply.headers.get("request-id") or ""
    if _REQUEST_ID.fullmatch(trace):
        fault.advice = f"{fault.advice} The provider's request id is {trace}.".strip()
    return fault


async def _excerpt(reply: Reply) -> bytes:
    """As much of an error's body as comes; that it broke off as well matters to nobody."""
    pieces: list[bytes] = []
    reply.hurry(5.0)
    try:
        while (piece := await reply.take()) and sum(map(len, pieces)) < _FAULT_BYTES_MAX:
            pieces.append(piece)
    except Fault:
        pass
    return b"".join(pieces)


def wait(headers: Mapping[str, str], clock: Clock) -> float | None:
    """Seconds to wait, as a reply says in one of three ways; None where it says nothing."""
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if isfinite(seconds):
            return max(0.0, seconds)
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, until.timestamp() - clock.today())
    except (ValueError, OverflowError, OSError):
        return None


def left(desk: Desk) -> float | None:
    """Seconds until the deadline; raises `TimedOut` where it has passed."""
    if desk.deadline is None:
        return None
    left = desk.deadline - desk.clock.now()
    if left <= 0:
        raise TimedOut("The time for this request has run out.", advice="Allow more time.")
    return left
