"""Notices by webhook, as Standard Webhooks has them: signed, kept until they are told, tried again.

Whoever has something to tell hands it over and goes on. It is written down first, and then told at
least once to each endpoint; a receiver knows by the id what it has heard before. The endpoints are
the operator's own words, so that they are trusted as its providers are; no caller names one.
"""

import asyncio
import base64
import hashlib
import hmac
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

import anyio
import msgspec
from msgspec import Struct

from manymind.canon.faults import Fault, StoreFailed
from manymind.canon.notices import Notice
from manymind.canon.ports import Clock
from manymind.canon.values import Json
from manymind.egress.trusted import Trusted
from manymind.store.webhook_outbox import Due, WebhookOutbox

log = logging.getLogger("manymind.webhooks")

PREFIX = "whsec_"
KEY_BYTES_LEAST = 24
PAUSES = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""Seconds from one try to the next; the last goes on."""

REPLY_SECONDS = 20.0
LEASE_SECONDS = 120.0
LOOK_SECONDS = 30.0
"""So often is looked for what another server wrote down, or left behind."""
UNWRITTEN_MAX = 1000
"""So many notices wait for the database. If it is away for longer, the oldest are lost, and that
is logged."""


class BadSecret(ValueError):
    """A secret that nobody could verify with. It is not repeated."""


class Endpoint(Struct, frozen=True):
    """`keys` are those of its secrets, the newest first; while one is being replaced, receivers
    find the signature of either."""

    url: str
    keys: tuple[bytes, ...]

    @property
    def name(self) -> str:
        """What it is called where its URL, which may be a secret itself, is not to stand."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:16]


def keys(secrets: str) -> tuple[bytes, ...]:
    """The keys of some secrets, `whsec_` and base64, with blanks between them."""
    return tuple(map(_key, secrets.split()))


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(PREFIX) or not KEY_BYTES_LEAST <= len(key) <= 64:
        raise BadSecret(
            f"A secret is {PREFIX} and the base64 of {KEY_BYTES_LEAST} to 64 random bytes."
        )
    return key


def signature(key: bytes, name: str, timestamp: int, body: bytes) -> str:
    digest = hmac.digest(key, b"%b.%d.%b" % (name.encode(), timestamp, body), "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def written(notice: Notice) -> bytes:
    """A notice as its receiver reads it."""
    at = datetime.fromtimestamp(notice.at, UTC).isoformat(timespec="milliseconds")
    data: Json = {"owner": notice.owner, **notice.data}
    said: Json = {"type": notice.kind, "timestamp": at.replace("+00:00", "Z"), "data": data}
    return msgspec.json.encode(said)


class Webhooks:
    """`hours` after it came about a notice is given up. `new_id` gives names that nobody else
    gives, `chance` a number from 0 to 1."""

    def __init__(
        self,
        outbox: WebhookOutbox,
        client: Trusted,
        clock: Clock,
        endpoints: Iterable[Endpoint],
        *,
        hours: float,
        new_id: Callable[[], str],
        chance: Callable[[], float],
    ) -> None:
        self._outbox = outbox
        self._client = client
        self._clock = clock
        self._endpoints = {endpoint.name: endpoint for endpoint in endpoints}
        self._seconds = hours * 3600
        self._new_id = new_id
        self._chance = chance
        self._unwritten: deque[tuple[str, Notice]] = deque()
        self._awake = asyncio.Event()
        self._gone: set[str] = set()

    def tell(self, notice: Notice) -> None:
        """Takes a notice and sees to it that it arrives. It neither waits nor raises."""
        if not self._endpoints:
            return
        if len(self._unwritten) >= UNWRITTEN_MAX:
            lost, _ = self._unwritten.popleft()
            log.error("notice %s is lost: the database does not take it", lost)
        self._unwritten.append((f"msg_{self._new_id()}", notice))
        self._awake.set()

    @property
    def unwritten(self) -> int:
        return len(self._unwritten)

    async def run(self) -> None:
        """Tells what there is to tell, until it is cancelled."""
        while True:
            self._awake.clear()
            pause = LOOK_SECONDS
            try:
                await self.write_down()
                pause = await self.deliver()
            except StoreFailed as fault:
                log.warning("webhooks wait for the database: %s", fault.code)
                pause = 1.0
            with suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), pause)

    async def write_down(self) -> None:
        """From here on what was told outlives us."""
        while self._unwritten:
            name, notice = self._unwritten[0]
            await self._outbox.add(
                notice.owner, name, notice.at, list(self._endpoints), written(notice)
            )
            self._unwritten.popleft()

    async def deliver(self) -> float:
        """Tell all whose time has come. Gives the seconds until there may be more."""
        while ripe := await self._outbox.take(self._clock.today(), LEASE_SECONDS):
            async with anyio.create_task_group() as group:
                for due in ripe:
                    group.start_soon(self._try, due)
        following = await self._outbox.next_due()
        if following is None:
            return LOOK_SECONDS
        return min(LOOK_SECONDS, max(0.05, following - self._clock.today()))

    async def _try(self, due: Due) -> None:
        endpoint = self._endpoints.get(due.endpoint)
        if endpoint is None or due.endpoint in self._gone:
            await self._outbox.give_up(due, "no such endpoint")
            return
        said, wait = await self._post(endpoint, due)
        log.info("notice %s to %s: %s (try %d)", due.id, due.endpoint, said, due.tries)
        if said.startswith("2"):
            await self._outbox.told(due, said)
            return
        if said == "410":  # Whoever says so wants to hear nothing ever again.
            self._gone.add(due.endpoint)
        now = self._clock.today()
        pause = PAUSES[min(due.tries, len(PAUSES)) - 1] * (0.9 + 0.2 * self._chance())
        again = now + max(pause, wait)
        if said == "410" or again > due.at + self._seconds:
            await self._outbox.give_up(due, said)
            log.error("notice %s to %s is given up: %s", due.id, due.endpoint, said)
        else:
            await self._outbox.again(due, again, said)

    async def _post(self, endpoint: Endpoint, due: Due) -> tuple[str, float]:
        """What came of it: a status, or the code of a fault; and how long we are to wait."""
        timestamp = int(self._clock.today())
        signed = " ".join(signature(key, due.id, timestamp, due.body) for key in endpoint.keys)
        headers = {
            "content-type": "application/json",
            "webhook-id": due.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signed,
        }
        try:
            async with self._client.post(
                endpoint.url, headers=headers, body=due.body, deadline_seconds=REPLY_SECONDS
            ) as reply:
                return str(reply.status), _wait(reply.headers)
        except Fault as fault:
            return fault.code, 0.0


def _wait(headers: Mapping[str, str]) -> float:
    said = headers.get("retry-after", "")
    return min(86_400.0, float(said)) if said.isascii() and said.isdecimal() else 0.0
