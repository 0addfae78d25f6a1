"""Opens the socket: straight or through a proxy, in the clear or under TLS."""

import asyncio
import re
import ssl
from collections.abc import Generator
from contextlib import contextmanager

from manymind.canon.faults import Fault, TimedOut, UpstreamBroken, UpstreamRefused
from manymind.egress.connection import Bounds, Connection
from manymind.egress.proxies import Address, Proxies, Proxy

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")
_TUNNEL_HEAD_BYTES_MAX = 16 * 1024


class Dialer:
    """Knows how to reach an address. `ca_file` replaces the system's certificate authorities."""

    def __init__(self, proxies: Proxies, ca_file: str | None, bounds: Bounds) -> None:
        self._proxies = proxies
        self._ca_file = ca_file
        self._bounds = bounds
        self._context: ssl.SSLContext | None = None

    async def dial(self, address: Address, seconds: float) -> Connection:
        """A new connection, or the fault that tells why there is none."""
        try:
            with _explained(address, self._proxies.towards(address)):
                async with asyncio.timeout(seconds):
                    return await self._open(address, self._proxies.towards(address))
        except Fault as fault:
            fault.unbilled = True  # Nothing was sent yet.
            raise

    async def _open(self, address: Address, proxy: Proxy | None) -> Connection:
        if address.scheme == "http":
            return await self._plain(address, proxy)
        if proxy is None:
            return await self._secure(address)
        return await self._tunnelled(address, proxy)

    async def _plain(self, address: Address, proxy: Proxy | None) -> Connection:
        nearest = proxy or address
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(address.host, self._bounds), nearest.host, nearest.port
        )
        return connection

    async def _secure(self, address: Address) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(address.host, self._bounds),
            address.host,
            address.port,
            ssl=self._tls(),
            server_hostname=address.host,
        )
        return connection

    async def _tunnelled(self, address: Address, proxy: Proxy) -> Connection:
        loop = asyncio.get_running_loop()
        transport, tunnel = await loop.create_connection(_Tunnel, proxy.host, proxy.port)
        try:
            await tunnel.open(transport, address, proxy)
            connection = Connection(address.host, self._bounds)
            secured = await loop.start_tls(
                transport, connection, self._tls(), server_hostname=address.host
            )
            if secured is None:
                raise ConnectionResetError
            connection.connection_made(secured)
        except BaseException:
            transport.abort()
            raise
        return connection

    def _tls(self) -> ssl.SSLContext:
        """Made once: loading the certificate authorities takes tens of milliseconds."""
        if self._context is None:
            try:
                context = ssl.create_default_context(cafile=self._ca_file)
            except (OSError, ssl.SSLError) as error:
                raise UpstreamRefused(
                    "The file of certificate authorities cannot be read.",
                    advice="Check that SSL_CERT_FILE names a PEM file.",
                ) from error
            context.set_alpn_protocols(["http/1.1"])
            self._context = context
        return self._context


class _Tunnel(asyncio.Protocol):
    """The few bytes that are said to a proxy before TLS begins."""

    def __init__(self) -> None:
        self._head = b""
        self._answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def open(self, transport: asyncio.Transport, address: Address, proxy: Proxy) -> None:
        """Ask for the way through; returns once the proxy has made it."""
        host = f"[{address.host}]" if ":" in address.host else address.host
        target = f"{host}:{address.port}"
        authorization = (
            f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
        )
        request = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n"
        transport.write(request.encode())
        head = await self._answer
        status = _STATUS.match(head)
        code = int(status.group(1)) if status else 0
        if code == 407:
            raise UpstreamRefused(
                f"The proxy {proxy.host} does not accept our credentials.",
                advice="Set them in HTTPS_PROXY, as in http://user:password@host:port.",
            )
        if not 200 <= code < 300 or not head.endswith(b"\r\n\r\n"):
            raise UpstreamBroken(
                f"The proxy {proxy.host} refused to connect to {address.host}"
                + (f" (status {code})." if code else "."),
                advice="Check the proxy's rules, or name the host in NO_PROXY.",
            )

    def data_received(self, data: bytes) -> None:
        self._head += data
        full = len(self._head) > _TUNNEL_HEAD_BYTES_MAX
        if (b"\r\n\r\n" in self._head or full) and not self._answer.done():
            self._answer.set_result(self._head)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._answer.done():
            self._answer.set_result(b"")


@contextmanager
def _explained(address: Address, proxy: Proxy | None) -> Generator[None]:
    """Turns what sockets raise into a fault that says which host, and what to do."""
    where = address.host if proxy is None else f"{address.host} (by the proxy {proxy.host})"
    try:
        yield
    except Fault:
        raise
    except TimeoutError as error:
        raise TimedOut(
            f"No connection to {where} within the time allowed.",
            advice="Check the network and the address, or use another provider.",
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise UpstreamBroken(
            f"The certificate of {address.host} cannot be trusted: {error.verify_message}.",
            advice="Set SSL_CERT_FILE if the host is certified by an authority of your own.",
        ) from error
    except ssl.SSLError as error:
        raise UpstreamBroken(
            f"No secure connection to {where}.",
            advice="Check that the address speaks https, and the port.",
        ) from error
    except (OSError, UnicodeError) as error:
        raise UpstreamBroken(
            f"{where} cannot be reached: {_reason(error)}.",
            advice="Check the network and the address, or use another provider.",
        ) from error


def _reason(error: OSError | UnicodeError) -> str:
    match error:
        case ConnectionRefusedError():
            return "the connection was refused"
        case ConnectionResetError():
            return "the connection was closed at once"
        case OSError(errno=code) if code is not None and code < 0:
            return "the name is not known"
        case OSError(strerror=str(text)) if text:
            return text.lower()
        case _:
            return "no connection"
