"""The web as one ASGI application: which site is meant stands in the Host header."""

import re
from collections import deque
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, unquote

import anyio
import msgspec

from manymind.server.simulated.delivery import Send
from manymind.server.simulated.door import Receive
from manymind.server.simulated.web import maze
from manymind.server.simulated.web.pages import SUFFIX, Page, body, pages
from manymind.server.simulated.web.search import Finder, told
from manymind.server.simulated.web.world import world

TODAY = date(2026, 8, 15)
"""The day that it is in the Marren Isles; `time_range` counts back from it."""

_KINDS = {
    "html": "text/html; charset=utf-8",
    "text": "text/plain; charset=utf-8",
    "markdown": "text/markdown; charset=utf-8",
}
_RANGES = {"day": 1, "week": 7, "month": 31, "year": 366}
_HOST = re.compile(r"([a-z0-9-]+)\.localhost(?::(\d+))?|.*?(?::(\d+))?")


class Web:
    """`visited` holds the addresses that were asked for last."""

    def __init__(self, *, keep: int = 1000) -> None:
        self.pages = pages(world())
        self.visited: deque[str] = deque(maxlen=keep)
        self._finder = Finder(self.pages.values())

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise AssertionError("This web speaks HTTP only.")
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        site, port = _asked(headers.get(b"host", ""), scope)
        path, query = unquote(scope["path"]).strip("/"), scope["query_string"].decode("latin-1")
        self.visited.append(f"{site}/{path}{'?' if query else ''}{query}")
        answer = _Answer(send)
        async with anyio.create_task_group() as group:

            async def watch() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                group.cancel_scope.cancel()

            group.start_soon(watch)
            await self._answer(answer, site, path, query, port)
            group.cancel_scope.cancel()

    async def _answer(self, answer: "_Answer", site: str, path: str, query: str, port: int) -> None:
        if site == maze.MAZE:
            await _wander(answer, path)
        elif site == "" and path in ("search", ""):
            await self._search(answer, query, port)
        elif path == "robots.txt":
            await answer.whole(200, b"User-agent: *\nAllow: /\n", _KINDS["text"])
        else:
            page = self.pages.get(f"{site}/{path}")
            if page is None:
                await answer.whole(404, b"<h1>There is no such page.</h1>", _KINDS["html"])
            else:
                await answer.whole(200, body(page, port), _KINDS[page.kind], _changed(page))

    async def _search(self, answer: "_Answer", query: str, port: int) -> None:
        fields = {name: values[-1] for name, values in parse_qs(query).items()}
        asked = fields.get("q", "").strip()
        if not asked or fields.get("format") != "json":
            await answer.whole(400, b"Send q and format=json.", _KINDS["text"])
            return
        days = _RANGES.get(fields.get("time_range", ""))
        since = None if days is None else TODAY - timedelta(days=days)
        found = self._finder.find(asked, since=since)
        await answer.whole(200, msgspec.json.encode(told(asked, found, port)), "application/json")


class _Answer:
    def __init__(self, send: Send) -> None:
        self._send = send

    async def whole(self, status: int, content: bytes, kind: str, *more: tuple[str, str]) -> None:
        await self.begin(status, kind, *more, ("content-length", str(len(content))))
        await self._send({"type": "http.response.body", "body": content})

    async def begin(self, status: int, kind: str, *more: tuple[str, str]) -> None:
        fields = [("content-type", kind), *more]
        headers = [(name.encode(), value.encode("latin-1")) for name, value in fields]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def put(self, piece: bytes) -> None:
        await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})


async def _wander(answer: _Answer, path: str) -> None:
    html = _KINDS["html"]
    if path in maze.REDIRECTS:
        await answer.whole(302, b"", html, ("location", maze.REDIRECTS[path]))
    elif path in maze.PAGES:
        await answer.whole(200, maze.PAGES[path], html)
    elif path == "robots.txt":
        await answer.whole(200, maze.ROBOTS, _KINDS["text"])
    elif path == "bomb":
        await answer.whole(200, maze.bomb(), html, ("content-encoding", "gzip"))
    elif path in ("endless", "slow"):
        await answer.begin(200, html)
        await (maze.endless if path == "endless" else maze.slow)(answer.put)
        await answer.end()
    else:
        await answer.whole(404, b"<h1>Lost.</h1>", html)


def _asked(host: str, scope: Any) -> tuple[str, int]:
    """The site that is meant, empty for the search engine, and the port of all of them."""
    match = _HOST.fullmatch(host.lower())
    served = (scope.get("server") or ("", 80))[1] or 80
    if match is None:
        return "", served
    site, port = match[1] or "", match[2] or match[3]
    return site, int(port or served)


def _changed(page: Page) -> tuple[str, str]:
    moment = datetime.combine(page.day, time(), UTC)
    return "last-modified", format_datetime(moment, usegmt=True)


def hosts() -> tuple[str, ...]:
    """The names of all sites, for whoever has to allow or to resolve them."""
    sites = {name.partition("/")[0] for name in pages(world())} | {maze.MAZE}
    return tuple(sorted(site + SUFFIX for site in sites))
