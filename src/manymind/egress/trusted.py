"""The client for hosts that the operator configured: keep-alive HTTP/1.1, small and strict.

It follows no redirect, keeps no cookie, asks for no compression, and writes nothing down. What a
caller or a model names is fetched by `guarded` instead.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TypeAlias

from msgspec import Struct

from manymind.canon.faults import ShuttingDown, UpstreamBroken, UpstreamRefused
from manymind.egress.connection import Bounds, Connection
from manymind.egress.dialing import Dialer
from manymind.egress.pool import Pool, PoolSize
from manymind.egress.proxies import Address, Proxies, read_address
from manymind.egress.reply import Patience, Reply, out_of_time

Body: TypeAlias = bytes | Sequence[bytes]

STALE_SECONDS = 2.0
"""A resting socket that the upstream closed shows it at once. One that dies later than this died
at work, which may have been paid for, and nothing is sent a second time."""

_FORBIDDEN = re.compile(r"[^\t\x20-\x7e\x80-\xff]")


class TrustedConfig(Struct, frozen=True, kw_only=True):
    """`ca_file` is what SSL_CERT_FILE says, `proxies` what HTTP(S)_PROXY and NO_PROXY say."""

    ca_file: str | None = None
    proxies: Proxies = Proxies()
    connect_seconds: float = 10.0
    patience: Patience = Patience()
    pool: PoolSize = PoolSize()
    bounds: Bounds = Bounds()
    agent: str = "manymind"


class Ask(Struct, frozen=True):
    """A request but for its body: where it goes, and the lines of its head."""

    pool: Pool
    head: bytes


class Trusted:
    """Posts and gets, each within a deadline; one pool of sockets for each origin."""

    def __init__(self, config: TrustedConfig | None = None) -> None:
        self._config = config or TrustedConfig()
        self._dialer = Dialer(self._config.proxies, self._config.ca_file, self._config.bounds)
        self._pools: dict[tuple[str, str, int], Pool] = {}
        self._closed = False

    def prepare(self, url: str, headers: Mapping[str, str]) -> Ask:
        """What stays the same from one post to the next."""
        address = read_address(url)
        return Ask(self._pool(address), self._head("POST", url, address, headers))

    def send(
        self,
        ask: Ask,
        body: Body,
        *,
        deadline_seconds: float | None = None,
        patience: Patience | None = None,
    ) -> AbstractAsyncContextManager[Reply]:
        """Send `body` and open the reply; leaving the block before its end hangs up."""
        pieces = (body,) if isinstance(body, bytes) else body
        size = sum(map(len, pieces))
        head = b"%bcontent-length: %d\r\n\r\n" % (ask.head, size)
        return self._call(ask.pool, head, pieces, size, deadline_seconds, patience)

    def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Body,
        deadline_seconds: float | None = None,
        patience: Patience | None = None,
    ) -> AbstractAsyncContextManager[Reply]:
        """As `send`, for what is asked once."""
        return self.send(
            self.prepare(url, headers), body, deadline_seconds=deadline_seconds, patience=patience
        )

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        deadline_seconds: float | None = None,
        patience: Patience | None = None,
    ) -> AbstractAsyncContextManager[Reply]:
        address = read_address(url)
        head = self._head("GET", url, address, headers) + b"\r\n"
        return self._call(self._pool(address), head, (), 0, deadline_seconds, patience)

    def open_connections(self, url: str) -> int:
        """Sockets to the origin of `url`, at work or at rest."""
        pool = self._pools.get(read_address(url).origin)
        return pool.open if pool is not None else 0

    def open_sockets(self) -> int:
        """Sockets to all origins, at work or at rest."""
        return sum(pool.open for pool in self._pools.values())

    async def aclose(self) -> None:
        """Hang up everywhere; what is still under way is cut."""
        self._closed = True
        for pool in self._pools.values():
            pool.close()
        await asyncio.sleep(0)  # Lets the transports close their sockets.

    def _call(
        self,
        pool: Pool,
        head: bytes,
        body: Sequence[bytes],
        size: int,
        deadline_seconds: float | None,
        patience: Patience | None,
    ) -> "_Call":
        if self._closed:
            raise ShuttingDown("The server is stopping.", advice="Try again shortly.")
        deadline = None
        if deadline_seconds is not None:
            deadline = pool.loop.time() + deadline_seconds
        waits = patience or self._config.patience
        return _Call(pool, head, body, deadline, waits.first_byte(size), waits.idle_seconds)

    def _pool(self, address: Address) -> Pool:
        pool = self._pools.get(address.origin)
        if pool is None:

            async def dial() -> Connection:
                return await self._dialer.dial(address, self._config.connect_seconds)

            pool = self._pools[address.origin] = Pool(address.host, self._config.pool, dial)
        return pool

    def _head(self, method: str, url: str, address: Address, headers: Mapping[str, str]) -> bytes:
        """The lines of a head, but for the length of a body and the empty one at its end."""
        target, authorization = address.target, None
        if address.scheme == "http":
            proxy = self._config.proxies.towards(address)
            if proxy is not None:
                target, authorization = url.partition("#")[0], proxy.authorization
        lines = [
            f"{method} {target} HTTP/1.1",
            f"host: {address.authority}",
            f"user-agent: {self._config.agent}",
            "accept-encoding: identity",
        ]
        if authorization is not None:
            lines.append(f"proxy-authorization: {authorization}")
        for name, value in headers.items():
            if _FORBIDDEN.search(value) or _FORBIDDEN.search(name) or ":" in name:
                raise UpstreamRefused(
                    f"A header for {address.host} holds a character that HTTP forbids.",
                    advice="Check the provider's key and headers for line breaks.",
                )
            lines.append(f"{name}: {value}")
        return ("\r\n".join(lines) + "\r\n").encode("latin-1")


class _WentStale(Exception):
    """The socket died while it rested, and nothing was heard: asking again is safe, once."""


class _Call:
    """One exchange, as a block: the socket goes back to its pool, or is hung up, at its end."""

    def __init__(
        self,
        pool: Pool,
        head: bytes,
        body: Sequence[bytes],
        deadline: float | None,
        first_byte_seconds: float,
        idle_seconds: float,
    ) -> None:
        self._pool = pool
        self._head = head
        self._body = body
        self._deadline = deadline
        self._first_byte_seconds = first_byte_seconds
        self._idle_seconds = idle_seconds
        self._connection: Connection | None = None
        self._reply: Reply | None = None

    async def __aenter__(self) -> Reply:
        try:
            try:
                resting = self._pool.rested()
                if resting is not None:  # Its wait knows the deadline; a timer more is dear.
                    return await self._on(resting, fresh=False)
                async with asyncio.timeout_at(self._deadline):
                    return await self._on(await self._pool.take(), fresh=False)
            except _WentStale:
                async with asyncio.timeout_at(self._deadline):
                    return await self._on(await self._pool.take(fresh=True), fresh=True)
        except TimeoutError:
            raise out_of_time(self._pool.host) from None

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._reply is not None and self._connection is not None:
            self._part(self._reply, self._connection)

    async def _on(self, connection: Connection, *, fresh: bool) -> Reply:
        """The reply's head, or `_WentStale`."""
        loop = self._pool.loop
        reply = connection.ask(self._head, self._body, self._deadline, loop)
        sent_at = loop.time()
        try:
            await reply.head(self._first_byte_seconds, self._idle_seconds)
        except BaseException as error:
            reused = connection.served > 1
            self._part(reply, connection)
            quick = loop.time() - sent_at < STALE_SECONDS
            silent = isinstance(error, UpstreamBroken) and not reply.started
            if reused and silent and quick and not fresh:
                raise _WentStale from None
            raise
        self._reply, self._connection = reply, connection
        return reply

    def _part(self, reply: Reply, connection: Connection) -> None:
        reply.close()
        if reply.complete:
            self._pool.give(connection)
        else:
            self._pool.drop(connection)
