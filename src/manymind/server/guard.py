"""What every request must pass before anyone reads its body: Host, Origin, media type, key.

A web page in the user's browser can reach a server on loopback. It cannot forge these headers.
"""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from manymind.canon.faults import BadRequest, Forbidden, NotJson
from manymind.policy.keys import Caller, Keys
from manymind.server.exchange import Exchange
from manymind.server.paging import query
from manymind.server.reply_headers import EXPOSED

_SHARED = (
    ("access-control-expose-headers", EXPOSED),
    ("vary", "origin"),
)
"""What goes out to a page of a listed origin, so that its browser lets it read the reply."""

PREFLIGHT = (
    ("access-control-allow-methods", "GET, POST, PATCH, DELETE"),
    ("access-control-allow-headers", "*, authorization"),
    ("access-control-allow-private-network", "true"),
    ("access-control-max-age", "600"),
)

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_loopback(host: str) -> bool:
    """Whether an address to bind to is reachable from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


GOOGLE = ("/v1beta/", "/v1/models/")
"""Where Google's paths begin."""


_LOOKED_AT = (b"host", b"content-type", b"origin")
_JSON = (b"application/json", None)
"""The media type that any request may be of, and no origin."""

ADMITTED_MAX = 1024
"""So many names of this server are remembered; behind a wildcard there may be any number."""


class Guard:
    def __init__(
        self, bound: str, hosts: Iterable[str], origins: Iterable[str], keys: Keys
    ) -> None:
        self._names = LOOPBACK_NAMES | {_bracketed(bound), *(host.lower() for host in hosts)}
        self._literals = not is_loopback(bound)
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)
        self._keys = keys
        self._admitted: set[tuple[bytes | None, ...]] = set()

    def admit(self, exchange: Exchange) -> None:
        """Refuses a request that a foreign web page could have sent. What was admitted once, in
        the same words and without an origin, is admitted again."""
        words = exchange.plain(_LOOKED_AT)
        if words in self._admitted:
            return
        self._look(exchange)
        if words is not None and words[1:] == _JSON and len(self._admitted) < ADMITTED_MAX:
            self._admitted.add(words)

    def _look(self, exchange: Exchange) -> None:
        host = (exchange.header("host") or "").lower()
        if not host:
            raise BadRequest("The Host header is missing.", field="host")
        if not self._knows(_without_port(host)):
            raise Forbidden(
                "This server is not known by the name in the Host header.",
                advice="Call it by its own address, or list the name under server.hosts.",
                field="host",
            )
        origin = exchange.header("origin")
        if origin is not None and not self._welcomes(origin.lower().rstrip("/"), host):
            raise Forbidden(
                "Requests from this web page are not accepted.",
                advice="List its origin under server.origins if it is yours.",
                field="origin",
            )
        if origin is not None and origin.lower().rstrip("/") in self._origins:
            exchange.add_header("access-control-allow-origin", origin)
            for name, value in _SHARED:
                exchange.add_header(name, value)
        self._check_media_type(exchange)

    def is_preflight(self, exchange: Exchange) -> bool:
        """Whether a browser asks beforehand if a page of a listed origin may call."""
        origin = (exchange.header("origin") or "").lower().rstrip("/")
        asks = exchange.header("access-control-request-method") is not None
        return asks and origin in self._origins

    def known(self, exchange: Exchange) -> Caller | None:
        """Who calls, where nobody has to be asked; None leaves it to `identify`."""
        return self._keys.known(_key(exchange))

    async def identify(self, exchange: Exchange) -> Caller:
        """Who calls, by the key in the customary headers; or why they may not."""
        return await self._keys.identify(_key(exchange))

    def _check_media_type(self, exchange: Exchange) -> None:
        if not exchange.has_body():
            return
        given = (exchange.header("content-type") or "").partition(";")[0].strip().lower()
        if given != "application/json":
            raise NotJson(
                "The body is not declared as JSON.",
                advice="Send the header Content-Type: application/json.",
                field="content-type",
            )

    def _knows(self, name: str) -> bool:
        # A page can make its own name resolve to us, but no page has an address for a name.
        return name in self._names or (self._literals and _is_literal(name))

    def _welcomes(self, origin: str, host: str) -> bool:
        return origin in self._origins or urlsplit(origin).netloc == host


def _key(exchange: Exchange) -> str | None:
    bearer = exchange.header("authorization") or ""
    scheme, _, token = bearer.partition(" ")
    given = token.strip() if scheme.lower() == "bearer" else ""
    return (
        given
        or exchange.header("x-api-key")
        or exchange.header("api-key")
        or exchange.header("x-goog-api-key")
        or _key_in_query(exchange)
    )


def _key_in_query(exchange: Exchange) -> str | None:
    """Google's clients may write the key into the URL; nobody else is taken at that word, and
    no query is ever logged."""
    if not exchange.path.startswith(GOOGLE):
        return None
    return query(exchange).one("key")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _bracketed(host: str) -> str:
    return f"[{host.lower()}]" if ":" in host else host.lower()


def _is_literal(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
