"""The simulated provider as an ASGI application: it lets requests in and watches them end."""

import hmac
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

import anyio

from manymind.providers.acts import Act
from manymind.server.simulated.answering import Answering
from manymind.server.simulated.delivery import Delivery, Raw, Send
from manymind.server.simulated.roster import Roster
from manymind.server.simulated.talk import Json
from manymind.server.simulated.visits import Visit

_LISTED = re.compile(r"/v1(beta)?/models\b")
"""Where Google's paths begin."""

BODY_BYTES_MAX = 32 * 1024 * 1024

Receive: TypeAlias = Callable[[], Awaitable[Any]]


class Simulated:
    """A provider without a model behind it.

    `key` is the one that callers must bring. `replies` gives whole replies by model name, which
    are sent as they stand, or told in events. `acts` adds models of one's own. The last `keep`
    requests stay in `visits`. All else is asked for in the model's name: see `Knobs`.
    """

    def __init__(
        self,
        *,
        key: str | None = None,
        replies: Mapping[str, Json] | None = None,
        acts: Mapping[str, Act] | None = None,
        keep: int = 1000,
        now: Callable[[], float] = time.monotonic,
        today: Callable[[], float] = time.time,
    ) -> None:
        self.visits: deque[Visit] = deque(maxlen=keep)
        self.visited = 0
        self._roster = Roster(acts or {}, replies or {}, today)
        self._key = key
        self._now = now

    @property
    def models(self) -> tuple[str, ...]:
        """The names of what it serves."""
        return self._roster.names

    @property
    def hangups(self) -> Sequence[Visit]:
        """The requests whose callers left before the end; `ended` says when."""
        return [visit for visit in self.visits if visit.outcome == "hung_up"]

    @property
    def open(self) -> Sequence[Visit]:
        """The requests that are being answered."""
        return [visit for visit in self.visits if visit.outcome == "open"]

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise AssertionError("The simulated provider speaks HTTP only.")
        self.visited += 1
        visit = Visit(
            self.visited,
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            scope["headers"],
            scope.get("client"),
            self._now(),
        )
        self.visits.append(visit)
        try:
            if await _read_body(visit, receive):
                await self._answer(visit, scope, receive, send)
        finally:
            visit.end("hung_up", self._now())

    async def _answer(self, visit: Visit, scope: Any, receive: Receive, send: Send) -> None:
        """Answers for as long as the caller is there."""
        raw: Raw | None = scope.get("extensions", {}).get("manymind.raw", {}).get("write")
        delivery = Delivery(send, visit, self._now, raw)
        answering = Answering(self._roster, visit, delivery, welcome=self._welcomes(scope))

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            visit.end("hung_up", self._now())
            group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            await answering.run()
            group.cancel_scope.cancel()

    def _welcomes(self, scope: Any) -> bool:
        if self._key is None:
            return True
        key = self._key.encode()
        return any(hmac.compare_digest(brought, key) for brought in _brought(scope))


def _brought(scope: Any) -> list[bytes]:
    """The keys that a caller brought: as Bearer, on Anthropic's paths as x-api-key, on Google's
    as x-goog-api-key, on Azure's as api-key."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    names = [name for name, _ in headers]
    anthropic = b"anthropic-version" in names or "/messages" in scope["path"]
    keys: list[bytes] = []
    for name, value in headers:
        scheme, _, secret = value.strip().partition(b" ")
        if name == b"authorization" and scheme.lower() == b"bearer":
            keys.append(secret.strip())
        if name == b"x-api-key" and anthropic:
            keys.append(value.strip())
        if name == b"x-goog-api-key" and _LISTED.search(scope["path"]):
            keys.append(value.strip())
        if name == b"api-key" and "/openai/v1/" in scope["path"]:
            keys.append(value.strip())
    return keys


async def _read_body(visit: Visit, receive: Receive) -> bool:
    """Reads the body as far as it may go; False where the caller left in the middle of it."""
    pieces: list[bytes] = []
    size, more = 0, True
    while more and size <= BODY_BYTES_MAX:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        more = message.get("more_body", False)
    visit.oversize = size > BODY_BYTES_MAX
    visit.raw = b"" if visit.oversize else b"".join(pieces)
    return True
