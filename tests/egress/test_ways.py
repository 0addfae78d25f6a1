"""Ways to a host: TLS, authorities of one's own, proxies."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from manymind.canon.faults import BadRequest, TimedOut, UpstreamBroken, UpstreamRefused
from manymind.egress.proxies import Proxies, read_address, read_proxy
from manymind.egress.trusted import Trusted, TrustedConfig
from tests.egress.stage import Authority, Theatre, Visit, always, plain, theatre


class Gatekeeper:
    """A tiny real proxy. Every name leads to one port; `tickets` are the credentials it takes."""

    def __init__(self, target: Theatre, ticket: str | None, answer: bytes | None) -> None:
        self.lines: list[str] = []
        self._target = target
        self._ticket = ticket
        self._answer = answer

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (EOFError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.lines.append(head.split("\r\n")[0])
        ticket = b64encode((self._ticket or "").encode()).decode()
        if self._answer is not None:
            writer.write(self._answer)
            await writer.drain()
            await reader.read()
            return
        if self._ticket and f"proxy-authorization: basic {ticket}".lower() not in head.lower():
            writer.write(b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n")
            return
        there, out = await asyncio.open_connection("127.0.0.1", self._target.port)
        if head.startswith("CONNECT"):
            writer.write(b"HTTP/1.1 200 Go ahead\r\nvia: test\r\n\r\n")
        else:
            out.write(head.encode())
        await asyncio.gather(_carry(reader, out), _carry(there, writer))


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        pass
    finally:
        sink.close()


@asynccontextmanager
async def gate(
    target: Theatre, ticket: str | None = None, answer: bytes | None = None
) -> AsyncGenerator[tuple[Gatekeeper, str]]:
    keeper = Gatekeeper(target, ticket, answer)
    server = await asyncio.start_server(keeper.receive, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield keeper, f"{ticket}@127.0.0.1:{port}" if ticket else f"127.0.0.1:{port}"


async def ask(config: TrustedConfig, url: str, times: int = 1) -> bytes:
    trusted = Trusted(config)
    try:
        answer = b""
        for _ in range(times):
            async with trusted.post(url, headers={"x-key": "canary"}, body=b"{}") as reply:
                answer = await reply.read(100)
        return answer
    finally:
        await trusted.aclose()


async def test_https_to_an_authority_of_ones_own(authority: Authority) -> None:
    async with theatre(always(plain(b"sealed")), authority.server) as house:
        assert await ask(TrustedConfig(ca_file=authority.file), house.url, 3) == b"sealed"
        assert len(house.visits) == 1


async def test_a_stranger_s_certificate_is_refused_before_anything_is_said(
    authority: Authority,
) -> None:
    async with theatre(always(plain(b"sealed")), authority.server) as house:
        with pytest.raises(UpstreamBroken, match="cannot be trusted") as caught:
            await ask(TrustedConfig(), house.url)
        assert "SSL_CERT_FILE" in caught.value.advice
        assert all(visit.heads == [] for visit in house.visits)


async def test_a_certificate_for_another_name_is_refused(authority: Authority) -> None:
    async with theatre(always(plain(b"sealed")), authority.server) as house:
        with pytest.raises(UpstreamBroken, match="cannot be trusted"):
            await ask(TrustedConfig(ca_file=authority.file), f"https://localhost:{house.port}/")


async def test_https_to_a_port_that_speaks_none() -> None:
    async with theatre(always(plain(b"x"))) as house:
        config = TrustedConfig(connect_seconds=0.2)
        with pytest.raises(TimedOut):
            await ask(config, house.url.replace("http:", "https:"))


async def test_a_missing_file_of_authorities_is_named() -> None:
    with pytest.raises(UpstreamRefused, match="certificate authorities") as caught:
        await ask(TrustedConfig(ca_file="/nowhere.pem"), "https://127.0.0.1:9/")
    assert "SSL_CERT_FILE" in caught.value.advice


async def test_hanging_up_reaches_through_tls_within_100_ms(authority: Authority) -> None:
    heard, gone = asyncio.Event(), asyncio.Event()

    async def play(visit: Visit) -> None:
        await visit.hear()
        heard.set()
        await visit.hung_up()
        gone.set()

    async with theatre(play, authority.server) as house:
        task = asyncio.create_task(ask(TrustedConfig(ca_file=authority.file), house.url))
        await heard.wait()
        task.cancel()
        await asyncio.wait_for(gone.wait(), 0.1)


@pytest.mark.parametrize("ticket", [None, "user:pass"])
async def test_https_goes_through_a_tunnel(authority: Authority, ticket: str | None) -> None:
    async with (
        theatre(always(plain(b"sealed")), authority.server) as house,
        gate(house, ticket) as (keeper, address),
    ):
        config = TrustedConfig(
            ca_file=authority.file, proxies=Proxies(https=f"http://{address}", http="http://no:1")
        )
        assert await ask(config, "https://api.test/v1", 3) == b"sealed"
        assert keeper.lines == ["CONNECT api.test:443 HTTP/1.1"]
        head = house.visits[0].heads[0]
        assert head.startswith("POST /v1 ") and "proxy" not in head.lower()


@pytest.mark.parametrize("ticket", [None, "user:p%40ss"])
async def test_http_is_asked_of_the_proxy_whole(ticket: str | None) -> None:
    async with theatre(always(plain(b"open"))) as house, gate(house) as (keeper, address):
        setting = f"{ticket}@{address}" if ticket else address
        config = TrustedConfig(proxies=Proxies(http=setting))
        assert await ask(config, "http://api.test:81/v1?a=b") == b"open"
        assert keeper.lines == ["POST http://api.test:81/v1?a=b HTTP/1.1"]
        head = house.visits[0].heads[0]
        expected = b64encode(b"user:p@ss").decode()
        assert (f"proxy-authorization: Basic {expected}" in head) is (ticket is not None)


async def test_a_proxy_that_wants_credentials_is_told_apart_from_the_host(
    authority: Authority,
) -> None:
    async with (
        theatre(always(plain(b"sealed")), authority.server) as house,
        gate(house, "user:secret") as (_, address),
    ):
        wrong = address.replace("secret", "hunter2")
        with pytest.raises(UpstreamRefused, match=r"proxy 127\.0\.0\.1 does not accept") as caught:
            await ask(TrustedConfig(proxies=Proxies(https=wrong)), "https://api.test/")
        assert "hunter2" not in caught.value.full


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 No\r\n\r\n",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 9000,
        b"HTTP/1.1 200 OK\r\n\r\nsurplus",
    ],
)
async def test_a_proxy_that_will_not_tunnel_is_named(answer: bytes) -> None:
    async with (
        theatre(always(plain(b""))) as house,
        gate(house, answer=answer) as (_, address),
    ):
        with pytest.raises(UpstreamBroken, match=r"proxy 127\.0\.0\.1 refused"):
            await ask(TrustedConfig(proxies=Proxies(https=address)), "https://api.test/")


async def test_a_proxy_that_says_nothing_costs_bounded_time() -> None:
    async with theatre(always(plain(b""))) as house, gate(house, answer=b"") as (_, address):
        config = TrustedConfig(proxies=Proxies(https=address), connect_seconds=0.1)
        with pytest.raises(TimedOut):
            await ask(config, "https://api.test/")


@pytest.mark.parametrize(
    ("url", "bypass", "through"),
    [
        ("https://api.test/", (), True),
        ("https://api.test/", ("*",), False),
        ("https://api.test/", ("api.test",), False),
        ("https://api.test/", (".test",), False),
        ("https://api.test/", ("*.test",), False),
        ("https://api.test/", ("pi.test", "est"), True),
        ("https://api.test/", ("API.test:443",), False),
        ("https://api.test/", ("api.test:444",), True),
        ("https://10.1.2.3/", ("10.0.0.0/8",), False),
        ("https://10.1.2.3/", ("10.1.2.3",), False),
        ("https://11.1.2.3/", ("10.0.0.0/8", "", " "), True),
        ("https://[fd00::1]/", ("fd00::/8",), False),
        ("https://127.0.0.1/", (), False),
        ("https://localhost/", (), False),
        ("http://api.test/", (), False),
    ],
)
def test_no_proxy_is_read_as_people_write_it(
    url: str, bypass: tuple[str, ...], through: bool
) -> None:
    proxies = Proxies(https="http://proxy:3128", bypass=bypass)
    assert (proxies.towards(read_address(url)) is not None) is through


@pytest.mark.parametrize(
    "setting", ["socks5://x:1", "https://x", "http://", "http://x:y", "http://["]
)
def test_a_proxy_that_we_cannot_speak_to_is_refused(setting: str) -> None:
    with pytest.raises(BadRequest, match="proxy setting"):
        read_proxy(setting)
