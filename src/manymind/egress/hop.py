"""One request to a stranger's host, by aiohttp; nothing is remembered from one to the next."""

import socket
import ssl
from functools import lru_cache

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct
from yarl import URL

from manymind.canon.faults import Fault, UpstreamBroken
from manymind.egress.addresses import Resolver, admit
from manymind.egress.unpacking import ACCEPTED, unpacked

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Seen(Struct, frozen=True, kw_only=True):
    """What one host answered; `onward` is where it sends us, and then there is no body."""

    status: int
    content_type: str = ""
    body: bytes = b""
    onward: str | None = None


class Stranger(Struct, frozen=True, kw_only=True):
    """A host that was judged. `opened` says that the operator allowed it by name."""

    place: URL
    opened: bool
    resolver: Resolver
    ca_file: str | None
    agent: str

    @property
    def host(self) -> str:
        return self.place.raw_host or ""


async def visit(stranger: Stranger, limit_bytes: int) -> Seen:
    """Ask once, in a session of its own."""
    connector = aiohttp.TCPConnector(
        resolver=_Pinned(stranger.resolver, stranger.opened),
        socket_factory=_Sockets(stranger.opened),
        ssl=_tls(stranger.ca_file),
        use_dns_cache=False,
        force_close=True,
    )
    try:
        async with aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as session:
            return await _ask(session, stranger, limit_bytes)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise _explained(stranger.host, error) from error


async def _ask(session: aiohttp.ClientSession, stranger: Stranger, limit_bytes: int) -> Seen:
    headers = {"accept-encoding": ACCEPTED, "user-agent": stranger.agent, "accept": "*/*"}
    async with session.get(stranger.place, headers=headers, allow_redirects=False) as reply:
        onward = reply.headers.get("location")
        if reply.status in _REDIRECTS and onward:
            return Seen(status=reply.status, onward=onward)
        coding = reply.headers.get("content-encoding", "")
        body = await unpacked(reply.content.iter_any(), coding, limit_bytes, stranger.host)
        kind = reply.headers.get("content-type", "")
        return Seen(status=reply.status, content_type=kind, body=body)


class _Pinned(AbstractResolver):
    """Every address of a name must pass, or none is used; those that pass are what is dialled."""

    def __init__(self, resolver: Resolver, opened: bool) -> None:
        self._resolver = resolver
        self._opened = opened

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port)
        for address in found:
            admit(address, opened=self._opened)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        return None


class _Sockets:
    """The last gate: this address, and no other, is what the socket will be connected to."""

    def __init__(self, opened: bool) -> None:
        self._opened = opened

    def __call__(self, info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        family, kind, protocol, _, address = info
        admit(str(address[0]), opened=self._opened)
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


@lru_cache(maxsize=4)
def _tls(ca_file: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def _explained(host: str, error: Exception) -> Fault:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return UpstreamBroken(f"The certificate of {host} cannot be trusted.")
        case aiohttp.ClientConnectorError() | OSError():
            return UpstreamBroken(
                f"{host} cannot be reached.", advice="Check the address, or try again later."
            )
        case _:
            return UpstreamBroken(f"{host} sent a reply that cannot be read.")
