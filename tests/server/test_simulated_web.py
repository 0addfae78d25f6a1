"""The web of the Marren Isles: pages that hang together, a search engine, and a maze."""

import gzip
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import anyio
import msgspec
import pytest
from msgspec import Struct

from manymind.server.simulated.web.door import Web, hosts
from manymind.server.simulated.web.maze import BOMB_BYTES, REDIRECTS
from manymind.server.simulated.web.pages import pages
from manymind.server.simulated.web.world import questions, world
from tests.world import serving

LINK = re.compile(r'href="http://([a-z]+)\.localhost:(\d+)/([^"]*)"')


class Came(Struct, frozen=True):
    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode()


class Reader:
    """A browser that does not follow, unpack or resolve anything."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.port = url.rpartition(":")[2]
        self.session = session

    async def get(self, site: str, path: str) -> Came:
        host = f"{site}.localhost:{self.port}" if site else f"127.0.0.1:{self.port}"
        asked = self.session.get(
            f"{self.url}/{path}", headers={"host": host}, allow_redirects=False
        )
        async with asked as reply:
            named = {name.lower(): value for name, value in reply.headers.items()}
            return Came(reply.status, named, await reply.read())

    async def search(self, query: str, **fields: str) -> dict[str, Any]:
        asked = {"q": query, "format": "json", **fields}
        async with self.session.get(f"{self.url}/search", params=asked) as reply:
            assert reply.status == 200
            return msgspec.json.decode(await reply.read(), type=dict[str, Any])


@asynccontextmanager
async def reading(web: Web | None = None) -> AsyncGenerator[Reader]:
    async with (
        serving(web or Web()) as url,
        aiohttp.ClientSession(auto_decompress=False) as session,
    ):
        yield Reader(url, session)


def test_it_has_a_hundred_pages_on_several_sites() -> None:
    assert len(pages(world())) >= 100
    assert len(hosts()) >= 6


async def test_every_link_leads_to_a_page_that_says_what_its_table_says() -> None:
    web = Web()
    async with reading(web) as reader:
        for name, page in web.pages.items():
            site, _, path = name.partition("/")
            came = await reader.get(site, path)
            assert came.status == 200, name
            assert page.title.replace("'", "&#x27;") in came.text or page.title in came.text
            for linked, port, target in LINK.findall(came.text):
                assert f"{linked}/{target}" in web.pages, name
                assert port == reader.port


async def test_a_page_can_be_reached_from_the_front_of_its_site_or_by_searching() -> None:
    web = Web()
    async with reading(web) as reader:
        for name, page in web.pages.items():
            if not page.says:
                continue
            found = await reader.search(f"{page.title} site:{page.site}.localhost")
            urls = [result["url"] for result in found["results"]]
            assert any(url.endswith(f"/{page.path}") for url in urls), name


async def test_the_search_answers_as_searxng_does() -> None:
    async with reading() as reader:
        found = await reader.search("Skarra Outer height")
        assert found["query"] == "Skarra Outer height"
        first = found["results"][0]
        assert {"url", "title", "content", "publishedDate", "engine", "score"} <= first.keys()
        assert first["url"].startswith("http://atlas.localhost:")
        nothing = await reader.search("zyzzyva")
        assert nothing["results"] == [] and nothing["number_of_results"] == 0


async def test_a_search_can_be_kept_to_sites_and_to_days() -> None:
    async with reading() as reader:
        only = await reader.search("Skarra site:gazette.localhost")
        but = await reader.search("Skarra -site:atlas.localhost")
        late = await reader.search("Skarra", time_range="month")
    assert {result["url"].split(".")[0] for result in only["results"]} == {"http://gazette"}
    assert all("//atlas." not in result["url"] for result in but["results"]) and but["results"]
    assert all("2026-0" in result["publishedDate"] for result in late["results"])


@pytest.mark.parametrize("query", ["", "?format=json", "?q=Skarra", "?q=&format=json"])
async def test_a_search_for_nothing_is_refused(query: str) -> None:
    async with reading() as reader:
        assert (await reader.get("", f"search{query}")).status == 400


async def test_what_is_known_of_a_question_stands_on_its_pages() -> None:
    known = pages(world())
    for question in questions():
        told = " ".join(" ".join(known[name].says) for name in question.sources)
        for part in question.says:
            assert part in told, question.ask
        if question.trap is not None:
            assert question.trap in known


async def test_a_page_may_lie_about_its_day_but_its_server_does_not() -> None:
    async with reading() as reader:
        came = await reader.get("cheap", "cheap-ferries")
    assert "2026-04-02" in came.text
    assert parsedate_to_datetime(came.headers["last-modified"]).year == 2019


async def test_what_is_not_there_is_missing() -> None:
    web = Web()
    async with reading(web) as reader:
        for site, path in (("atlas", "island/nowhere"), ("nosite", ""), ("maze", "exit")):
            assert (await reader.get(site, path)).status == 404
    assert list(web.visited) == ["atlas/island/nowhere", "nosite/", "maze/exit"]


async def test_the_maze_sends_a_reader_round_and_inside() -> None:
    async with reading() as reader:
        for path, place in REDIRECTS.items():
            came = await reader.get("maze", path)
            assert (came.status, came.headers["location"]) == (302, place)
        assert "Disallow: /private" in (await reader.get("maze", "robots.txt")).text


async def test_the_maze_has_a_bomb_and_pages_without_end() -> None:
    async with reading() as reader:
        bomb = await reader.get("maze", "bomb")
        assert bomb.headers["content-encoding"] == "gzip"
        assert len(bomb.data) * 500 < BOMB_BYTES == len(gzip.decompress(bomb.data))
        for path, least in (("endless", 1_000_000), ("slow", 1)):
            host = {"host": f"maze.localhost:{reader.port}"}
            async with reader.session.get(f"{reader.url}/{path}", headers=host) as reply:
                with anyio.fail_after(10):
                    assert len(await reply.content.readexactly(least)) == least
