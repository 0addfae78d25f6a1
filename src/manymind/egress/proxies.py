"""Which proxy, if any, stands between us and an address. Pure: the settings are passed in."""

from base64 import b64encode
from functools import lru_cache
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from manymind.canon.faults import BadRequest

_PORTS = {"http": 80, "https": 443}


class Address(Struct, frozen=True, kw_only=True):
    """Where a request goes. `target` is path and query, as the request line names them."""

    scheme: str
    host: str
    port: int
    target: str = "/"

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


class Proxy(Struct, frozen=True, kw_only=True):
    """An HTTP proxy. `authorization` is the whole header value, or None."""

    host: str
    port: int
    authorization: str | None = None


class Proxies(Struct, frozen=True, kw_only=True):
    """What HTTP_PROXY, HTTPS_PROXY and NO_PROXY say, the last one entry by entry."""

    http: str | None = None
    https: str | None = None
    bypass: tuple[str, ...] = ()

    def towards(self, address: Address) -> Proxy | None:
        """The proxy for this address. Loopback is always reached directly."""
        setting = self.https if address.scheme == "https" else self.http
        if not setting or _loopback(address.host) or _bypassed(address, self.bypass):
            return None
        return read_proxy(setting)


@lru_cache(maxsize=1024)
def read_address(url: str) -> Address:
    """Take a configured URL apart; it may hold neither credentials nor spaces."""
    problem = "is not an http or https address"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _misconfigured(problem) from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise _misconfigured(problem)
    if parts.username is not None or parts.password is not None:
        raise _misconfigured("holds credentials; set the key apart from the address")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.hostname
    if not all("!" <= sign <= "~" for sign in target + host):
        raise _misconfigured("holds a character that an address must not hold")
    return Address(scheme=parts.scheme, host=host, port=port or _PORTS[parts.scheme], target=target)


@lru_cache(maxsize=64)
def read_proxy(setting: str) -> Proxy:
    """Read `http://user:password@host:port`; the scheme may be missing."""
    trouble = "A proxy setting is not an address of the form http://user:password@host:port."
    advice = "Only HTTP proxies are spoken to; check HTTP_PROXY and HTTPS_PROXY."
    try:
        parts = urlsplit(setting if "://" in setting else f"http://{setting}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadRequest(trouble, advice=advice) from None
    if parts.scheme != "http" or not host:
        raise BadRequest(trouble, advice=advice)
    authorization = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + b64encode(pair.encode()).decode()
    return Proxy(host=host, port=port or 80, authorization=authorization)


def _misconfigured(problem: str) -> BadRequest:
    return BadRequest(
        f"An address in the configuration {problem}.",
        advice="Set the provider's base URL as in https://api.example.com/v1.",
    )


def _loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _bypassed(address: Address, bypass: tuple[str, ...]) -> bool:
    return any(_matches(address, entry.strip().lower()) for entry in bypass)


def _matches(address: Address, entry: str) -> bool:
    """One entry of NO_PROXY: `*`, a network, or a name with its subdomains, port or not."""
    if not entry:
        return False
    if entry == "*":
        return True
    try:
        return ip_address(address.host) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        name, colon, port = entry.rpartition(":")
        if colon and port.isdigit() and not name.endswith(":"):
            if int(port) != address.port:
                return False
            entry = name.strip("[]")
    entry = entry.removeprefix("*").removeprefix(".")
    return address.host == entry or address.host.endswith(f".{entry}")
