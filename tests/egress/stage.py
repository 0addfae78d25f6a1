"""A raw server whose every byte the test decides, and a tiny real proxy."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import trustme

from manymind.egress.trusted import Trusted, TrustedConfig

Play: TypeAlias = Callable[["Visit"], Awaitable[None]]


def plain(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A whole reply with its length."""
    extra = "".join(f"{header}\r\n" for header in headers)
    return f"HTTP/1.1 {status}\r\n{extra}content-length: {len(body)}\r\n\r\n".encode() + body


def chunked(*pieces: bytes) -> bytes:
    """A whole reply in chunks."""
    framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


class Visit:
    """One connection to the server. `gone` is set when the client hangs up."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.asked = False

    async def hear(self) -> bytes:
        """The body of the next request; raises `EOFError` when the client is gone."""
        self.asked = False
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = 0
        for line in head.split("\r\n")[1:]:
            name, _, value = line.partition(":")
            if name.lower() == "content-length":
                length = int(value)
        body = await self._reader.readexactly(length)
        self.heads.append(head)
        self.bodies.append(body)
        self.asked = True
        return body

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def hung_up(self) -> None:
        """Wait until the client closes its side."""
        try:
            while await self._reader.read(65536):
                pass
        except ConnectionError:
            pass

    def leave(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        self._writer.transport.abort()


class Theatre:
    """A running server: its address, and every visit so far."""

    def __init__(self, port: int, scheme: str) -> None:
        self.port = port
        self.url = f"{scheme}://127.0.0.1:{port}"
        self.visits: list[Visit] = []


@asynccontextmanager
async def theatre(play: Play, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Theatre]:
    """Serves `play` to each visit on a free port while the block runs."""
    tasks: set[asyncio.Task[None]] = set()
    visits: list[Visit] = []

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        visit = Visit(reader, writer)
        visits.append(visit)
        try:
            await play(visit)
        except (EOFError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(receive, "127.0.0.1", 0, ssl=tls, limit=2**20)
    house = Theatre(server.sockets[0].getsockname()[1], "https" if tls else "http")
    house.visits = visits
    try:
        yield house
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def always(reply: bytes) -> Play:
    """Answers each request with the same bytes and keeps the connection."""

    async def play(visit: Visit) -> None:
        while True:
            await visit.hear()
            await visit.say(reply)

    return play


def once(reply: bytes) -> Play:
    """Answers one request and closes."""

    async def play(visit: Visit) -> None:
        await visit.hear()
        await visit.say(reply)

    return play


class Authority:
    """A certificate authority of the test's own, and a certificate for three names."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.file = str(folder / "ca.pem")
        authority.cert_pem.write_to_path(self.file)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        chain = str(folder / "chain.pem")
        issued = authority.issue_cert("127.0.0.1", "api.test", "a.corp")
        issued.private_key_and_cert_chain_pem.write_to_path(chain)
        self.server.load_cert_chain(chain)


@asynccontextmanager
async def client(**fields: Any) -> AsyncGenerator[Trusted]:
    trusted = Trusted(TrustedConfig(**fields))
    try:
        yield trusted
    finally:
        await trusted.aclose()


async def ask(trusted: Trusted, url: str, body: bytes = b"{}") -> bytes:
    async with trusted.post(url, headers={}, body=body) as reply:
        return await reply.read(10**9)
