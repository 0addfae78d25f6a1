"""Fetches what a caller or a model names: pages and images, from the open internet only.

The URL is judged before it is followed, every hop anew; and the address is judged when the socket
is made, so that neither a name that resolves to somewhere else the second time nor a spelling that
we read differently leads inside. No cookies, no credentials, no proxy, no trust in sizes.
"""

import asyncio
import re
import socket
from collections.abc import Sequence

from msgspec import Struct
from yarl import URL

from manymind.canon.faults import BadRequest, TimedOut, UpstreamBroken
from manymind.egress.addresses import Resolver, admit, forbidden, literal
from manymind.egress.hop import Stranger, visit

_METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "instance-data"})
_HOST = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_.])?|[0-9a-f:.]*:[0-9a-f:.]*")
_URL_LENGTH_MAX = 8192


class Fetched(Struct, frozen=True, kw_only=True):
    """What was found at `url`, the last hop. A status that is no success is not a fault here."""

    url: str
    status: int
    content_type: str
    body: bytes


class GuardedConfig(Struct, frozen=True, kw_only=True):
    """`allow` opens private hosts by `name` or `name:port`, and a port of its own to any host;
    `ca_file` is what SSL_CERT_FILE says."""

    allow: frozenset[str] = frozenset()
    ca_file: str | None = None
    ports: frozenset[int] = frozenset({80, 443})
    redirects_max: int = 5
    agent: str = "manymind"


class SystemResolver:
    """Asks as the operating system does."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [str(entry[4][0]) for entry in found]


class Guarded:
    """Opens only what stands on the open internet, or what the operator allowed by name."""

    def __init__(
        self, config: GuardedConfig | None = None, resolver: Resolver | None = None
    ) -> None:
        self._config = config or GuardedConfig()
        self._allow = frozenset(entry.lower() for entry in self._config.allow)
        self._resolver = resolver or SystemResolver()

    async def fetch(self, url: str, *, limit_bytes: int, deadline_seconds: float) -> Fetched:
        """What stands at `url`, redirects followed; never more than `limit_bytes` of it."""
        place = _read(url)
        try:
            async with asyncio.timeout(deadline_seconds):
                return await self._follow(place, limit_bytes)
        except TimeoutError:
            raise TimedOut(
                f"{place.raw_host} did not answer in {deadline_seconds:g} seconds.",
                advice="Try again later, or use another source.",
            ) from None

    async def _follow(self, place: URL, limit_bytes: int) -> Fetched:
        start = place.raw_host
        for _ in range(self._config.redirects_max + 1):
            stranger = Stranger(
                place=place,
                opened=self._judge(place),
                resolver=self._resolver,
                ca_file=self._config.ca_file,
                agent=self._config.agent,
            )
            seen = await visit(stranger, limit_bytes)
            if seen.onward is None:
                return Fetched(
                    url=str(place),
                    status=seen.status,
                    content_type=seen.content_type,
                    body=seen.body,
                )
            place = _onward(place, seen.onward)
        raise UpstreamBroken(
            f"{start} sends us on more than {self._config.redirects_max} times.",
            advice="Give the final address.",
        )

    def _judge(self, place: URL) -> bool:
        """Whether the operator opened this place; raises if nobody may go there."""
        host, port = place.raw_host or "", place.port or 0
        listed = f"{f'[{host}]' if ':' in host else host}:{port}" in self._allow
        opened = listed or host in self._allow
        if port not in self._config.ports and not listed:
            raise forbidden(f"port {port} of {host} is not open to us")
        if host.rstrip(".") in _METADATA_NAMES:
            raise forbidden(f"{host} is a metadata service")
        try:
            address = literal(host)
        except ValueError:
            raise forbidden(f"{host} is an address in disguise") from None
        if address is not None:
            admit(str(address), opened=opened)
        return opened


def _read(url: str) -> URL:
    """A URL that cannot be read in two ways, without its fragment."""
    if len(url) > _URL_LENGTH_MAX:
        raise _unfit(f"is longer than {_URL_LENGTH_MAX:,} characters")
    try:
        place = URL(url)
        host = place.raw_host
    except ValueError:
        raise _unfit("is not a web address") from None
    if place.scheme not in ("http", "https") or not host:
        raise _unfit("is not an http or https address")
    if place.raw_user is not None or place.raw_password is not None:
        raise _unfit("holds credentials")
    if not _HOST.fullmatch(host):
        raise _unfit("names no host that could exist")
    return place.with_fragment(None)


def _onward(place: URL, location: str) -> URL:
    try:
        return _read(str(place.join(URL(location))))
    except (BadRequest, ValueError):
        raise UpstreamBroken(
            f"{place.raw_host} sends us on to something that is not a plain web address."
        ) from None


def _unfit(problem: str) -> BadRequest:
    return BadRequest(f"The URL {problem}.", advice="Give a plain http or https URL.")
