"""The client for strangers' URLs: each way inside that was ever tried is tried here."""

import asyncio
import gzip
import zlib
from collections.abc import Sequence

import pytest

from manymind.canon.faults import (
    BadRequest,
    Fault,
    Forbidden,
    TimedOut,
    TooLarge,
    UpstreamBroken,
)
from manymind.egress.guarded import Fetched, Guarded, GuardedConfig
from tests.egress.stage import Authority, Theatre, Visit, always, once, plain, theatre

PUBLIC = "93.184.216.34"


class Names:
    """A resolver that knows what the test says. Each name may answer otherwise each time."""

    def __init__(self, **known: list[str]) -> None:
        self.known = {name.replace("_", "."): list(answers) for name, answers in known.items()}
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self.known.get(host)
        if not answers:
            raise OSError("no such name")
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer.split()


async def fetch(url: str, names: Names | None = None, *allow: str, limit: int = 1000) -> Fetched:
    guarded = Guarded(GuardedConfig(allow=frozenset(allow)), names or Names())
    return await guarded.fetch(url, limit_bytes=limit, deadline_seconds=5)


async def refused(url: str, names: Names | None = None, *allow: str) -> str:
    """Why a URL is refused; the test fails if it is not."""
    with pytest.raises(Forbidden) as caught:
        await fetch(url, names, *allow)
    return caught.value.message


INSIDE = {
    "127.0.0.1": "loopback",
    "127.9.9.9": "loopback",
    "0.0.0.0": "unspecified",
    "10.0.0.1": "private",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.168.1.1": "private",
    "169.254.169.254": "link-local",
    "100.64.0.1": "shared by a carrier",
    "100.100.100.200": "shared by a carrier",
    "168.63.129.16": "a metadata service",
    "192.0.0.192": "reserved",
    "198.18.0.1": "reserved",
    "224.0.0.1": "multicast",
    "255.255.255.255": "reserved",
    "[::1]": "loopback",
    "[::]": "reserved",
    "[fe80::1]": "link-local",
    "[fc00::1]": "private",
    "[fd00:ec2::254]": "a metadata service",
    "[ff02::1]": "multicast",
    "[fec0::1]": "reserved",
    "[::ffff:127.0.0.1]": "loopback",
    "[::ffff:a00:1]": "private",
    "[::127.0.0.1]": "loopback",
    "[64:ff9b::7f00:1]": "loopback",
    "[64:ff9b:1::7f00:1]": "reserved",
    "[2002:7f00:1::]": "a tunnel to an IPv4 address",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]": "reserved",
    "[2001:db8::1]": "reserved",
    "[100::1]": "reserved",
    "[5f00::1]": "reserved",
}


@pytest.mark.parametrize(("host", "why"), INSIDE.items(), ids=INSIDE.keys())
async def test_an_address_inside_is_refused(host: str, why: str) -> None:
    assert why in await refused(f"http://{host}/")


@pytest.mark.parametrize("address", [host.strip("[]") for host in INSIDE])
async def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    await refused("http://rebound.test/", Names(rebound_test=[address]))


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "017700000001",
        "0x7F.1",
        "1.2.3.0x7f",
        "127.0.0.01",
        "300.1.1.1",
        "①②⑦.⓪.⓪.①",
        "１２７.0.0.1",
    ],
)
async def test_an_address_in_disguise_is_refused(host: str) -> None:
    names = Names()
    with pytest.raises((Forbidden, BadRequest)):
        await fetch(f"http://{host}/", names)
    assert names.asked == []


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "data", "ws", "javascript", ""])
async def test_only_http_and_https_are_followed(scheme: str) -> None:
    with pytest.raises(BadRequest):
        await fetch(f"{scheme}://example.test/")


@pytest.mark.parametrize(
    "url",
    [
        "http://user@example.test/",
        "http://user:secret@example.test/",
        "http://:secret@example.test/",
        "http://example.test\\@127.0.0.1/",
        "http://exa mple.test/",
        "http://[fe80::1%25eth0]/",
        "http://example.test:99999/",
        "http:///x",
        "http://[::1/",
        "http://" + "a" * 9000,
        "http://-x/\0",
        "http://a,b/",
    ],
)
async def test_a_url_that_can_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises((BadRequest, Forbidden)) as caught:
        await fetch(url, Names())
    assert "secret" not in caught.value.full


@pytest.mark.parametrize("port", [22, 25, 6379, 8080, 0])
async def test_a_port_that_no_page_stands_on_is_refused(port: int) -> None:
    assert "port" in await refused(f"http://example.test:{port}/", Names(example_test=[PUBLIC]))


@pytest.mark.parametrize("host", ["metadata.google.internal", "metadata", "instance-data."])
async def test_a_metadata_service_is_refused_by_name_even_if_allowed(host: str) -> None:
    names = Names(**{host.replace(".", "_"): [PUBLIC]})
    assert "metadata" in await refused(f"http://{host}/", names, host)


async def test_one_private_address_among_public_ones_spoils_a_name() -> None:
    await refused("http://mixed.test/", Names(mixed_test=[f"{PUBLIC} 10.0.0.1"]))


async def test_an_allowed_host_is_opened_by_name_and_port() -> None:
    async with theatre(always(plain(b"inside", "200 OK", "content-type: text/x"))) as house:
        names = Names(wiki_corp=["127.0.0.1"])
        url = f"http://wiki.corp:{house.port}/a?b=c#d"
        found = await fetch(url, names, f"Wiki.corp:{house.port}")
        assert found == Fetched(
            url=url.removesuffix("#d"), status=200, content_type="text/x", body=b"inside"
        )
        await refused(url, names, "wiki.corp")
        await refused(url, names, "corp", f"other.corp:{house.port}")
        assert len(house.visits) == 1


async def test_an_allowed_host_still_cannot_lead_to_a_metadata_service() -> None:
    names = Names(wiki_corp=["169.254.169.254"])
    assert "link-local" in await refused("http://wiki.corp/", names, "wiki.corp")


async def test_nothing_of_ours_is_sent_along() -> None:
    async with theatre(always(plain(b"", "200 OK", "set-cookie: a=b"))) as house:
        place = f"a.corp:{house.port}"
        for _ in range(2):
            await fetch(f"http://{place}/", Names(a_corp=["127.0.0.1"]), place)
        for visit in house.visits:
            head = visit.heads[0].lower()
            assert "cookie" not in head and "authorization" not in head and "referer" not in head


def sending_on(*places: str) -> bytes:
    return plain(b"", "302 Found", *(f"location: {place}" for place in places))


async def travel(house: Theatre, names: Names) -> Fetched:
    place = f"start.corp:{house.port}"
    return await fetch(f"http://{place}/", names, place)


@pytest.mark.parametrize(
    "onward",
    [
        "http://127.0.0.1/",
        "http://10.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "//2130706433/",
        "http://inside.test/",
        "http://start.corp:22/",
    ],
)
async def test_each_hop_is_judged_anew(onward: str) -> None:
    async with theatre(always(sending_on(onward))) as house:
        names = Names(start_corp=["127.0.0.1"], inside_test=["192.168.0.1"])
        with pytest.raises(Forbidden):
            await travel(house, names)
        assert len(house.visits) == 1


@pytest.mark.parametrize(
    "onward", ["file:///etc/passwd", "http://u:p@x.test/", "http://[", "ftp://x"]
)
async def test_a_hop_to_no_web_address_is_refused(onward: str) -> None:
    async with theatre(always(sending_on(onward))) as house:
        with pytest.raises(UpstreamBroken, match="sends us on to something"):
            await travel(house, Names(start_corp=["127.0.0.1"]))


async def test_hops_are_followed_and_counted() -> None:
    async def play(visit: Visit) -> None:
        await visit.hear()
        number = int(visit.heads[0].split()[1].strip("/") or 0)
        await visit.say(sending_on(f"/{number + 1}") if number < 4 else plain(b"there"))

    async with theatre(play) as house:
        found = await travel(house, Names(start_corp=["127.0.0.1"]))
        assert (found.body, found.url) == (b"there", f"http://start.corp:{house.port}/4")
    async with theatre(always(sending_on("/again"))) as house:
        with pytest.raises(UpstreamBroken, match="more than 5 times"):
            await travel(house, Names(start_corp=["127.0.0.1"]))
        assert len(house.visits) == 6


async def test_a_name_that_changes_its_mind_is_caught_where_the_socket_is_made() -> None:
    async with theatre(always(sending_on("/again"))) as house:
        names = Names(start_corp=["127.0.0.1", "169.254.169.254"])
        with pytest.raises(Forbidden, match="link-local"):
            await travel(house, names)
        assert len(house.visits) == 1


async def test_the_address_that_is_connected_is_the_one_that_is_checked() -> None:
    from manymind.egress.hop import _Sockets  # pyright: ignore[reportPrivateUsage] # The gate itself.

    gate = _Sockets(opened=False)
    with pytest.raises(Forbidden, match="loopback"):
        gate((2, 1, 6, "", ("127.0.0.1", 80)))
    with pytest.raises(Forbidden, match="private"):
        gate((10, 1, 6, "", ("::ffff:10.0.0.1", 80, 0, 0)))
    gate((2, 1, 6, "", (PUBLIC, 80))).close()


async def corp(reply: bytes, limit: int = 1000, seconds: float = 5) -> Fetched:
    async with theatre(once(reply)) as house:
        place = f"a.corp:{house.port}"
        guarded = Guarded(GuardedConfig(allow=frozenset({place})), Names(a_corp=["127.0.0.1"]))
        return await guarded.fetch(f"http://{place}/", limit_bytes=limit, deadline_seconds=seconds)


async def test_a_page_larger_than_its_limit_is_refused() -> None:
    assert len((await corp(plain(b"x" * 1000))).body) == 1000
    for reply in (plain(b"x" * 1001), b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000):
        with pytest.raises(TooLarge, match="larger than 1,000 bytes"):
            await corp(reply)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "GZIP"])
async def test_a_packed_page_is_unpacked(coding: str) -> None:
    packed = zlib.compress(b"hello") if coding == "deflate" else gzip.compress(b"hello")
    assert (await corp(plain(packed, "200 OK", f"content-encoding: {coding}"))).body == b"hello"


async def test_a_bomb_does_not_go_off() -> None:
    bomb = gzip.compress(b"\0" * 100_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(TooLarge):
        await corp(plain(bomb, "200 OK", "content-encoding: gzip"), limit=200_000)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", b"x"),
        ("gzip, gzip", b"x"),
        ("gzip", b"not packed"),
        ("gzip", gzip.compress(b"x", mtime=0)[:9]),
    ],
)
async def test_a_page_packed_otherwise_or_badly_is_refused(coding: str, body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        await corp(plain(body, "200 OK", f"content-encoding: {coding}"))


async def test_a_page_that_takes_too_long_is_given_up() -> None:
    async def drip(visit: Visit) -> None:
        await visit.hear()
        await visit.say(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await visit.say(b"x")
            await asyncio.sleep(0.01)

    async with theatre(drip) as house:
        place = f"a.corp:{house.port}"
        guarded = Guarded(GuardedConfig(allow=frozenset({place})), Names(a_corp=["127.0.0.1"]))
        with pytest.raises(TimedOut, match=r"a\.corp did not answer in 0\.2 seconds"):
            await guarded.fetch(f"http://{place}/", limit_bytes=10**6, deadline_seconds=0.2)


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
)
async def test_a_broken_page_is_a_fault(reply: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        await corp(reply)


async def test_a_page_that_is_not_there_is_not_a_fault() -> None:
    found = await corp(plain(b"gone", "404 Not Found"))
    assert (found.status, found.body) == (404, b"gone")


async def test_an_unknown_name_is_a_plain_fault() -> None:
    with pytest.raises(UpstreamBroken, match=r"nowhere\.test cannot be reached"):
        await fetch("http://nowhere.test/")
    with pytest.raises(Fault):
        await Guarded().fetch("http://nowhere.invalid/", limit_bytes=10, deadline_seconds=5)


async def test_https_is_verified(authority: Authority) -> None:
    async with theatre(always(plain(b"sealed")), authority.server) as house:
        place, names = f"a.corp:{house.port}", Names(a_corp=["127.0.0.1"])
        with pytest.raises(UpstreamBroken, match="cannot be trusted"):
            await fetch(f"https://{place}/", names, place)
        config = GuardedConfig(allow=frozenset({place}), ca_file=authority.file)
        found = await Guarded(config, names).fetch(
            f"https://{place}/", limit_bytes=100, deadline_seconds=5
        )
        assert found.body == b"sealed"
