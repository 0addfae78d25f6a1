"""At each path that there is, whoever may not come in is told so in the words of its callers.

The paths are those of the whole program, so that a new one is held to this by itself.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import aiohttp
import pytest

from manymind.server.handshake import SOCKET
from manymind.server.routes import Route
from tests.faults.fronts import Heard
from tests.flows.stage import Stage, on_stage
from tests.server.refusals import refused

SETTINGS = "[server]\nbody_seconds = 0.3\nbody_limit_mb = 1\n"
KEY = "mm-the-key-of-this-door"
METHODS = ("GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE")

TORN = (
    b"",
    b"{",
    b'{"model": "manymind/reader", "input": "Hi", "messages": [{"role": "user", "content": "',
    b"[]",
    b'"x"',
    b"null",
    b"17",
    b"\xff\xfe",
    '{"model": "x"}'.encode("utf-16"),
    b"[" * 50_000,
    b'{"a":' * 50_000,
    b'{"model": "manymind/reader"}}',
    b'{"model": NaN}',
)
"""Bodies that are no JSON object, or only half of one."""

UNREAD = "/cancel"
"""Where nobody reads the body, and nobody waits for it."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    environment = {"MANYMIND_API_KEY": KEY}
    async with on_stage(tmp_path, settings=SETTINGS, environment=environment) as stage:
        yield stage
        assert not [visit for visit in stage.simulated.visits if visit.method == "POST"], (
            "whoever is refused costs nothing"
        )


def routes(stage: Stage, method: str = "") -> Iterator[tuple[Route, str]]:
    """Each route, with a path that leads there."""
    for route in stage.house.application.routes:
        if route.method in (method or METHODS):
            path = re.sub(r"{\w+\.\.\.}", "manymind/reader", route.path)
            yield route, re.sub(r"{\w+}", "absent", path)


async def call(stage: Stage, method: str, path: str, **headers: str) -> Heard:
    """With a small body where one belongs; the right key unless another is given."""
    body = b"{}" if method == "POST" else None
    kind = {"content-type": "application/json"} if body else {}
    named = {"authorization": f"Bearer {KEY}", **kind, **headers}
    skip = frozenset({"Content-Type", "User-Agent"})
    async with (
        aiohttp.ClientSession(skip_auto_headers=skip) as session,
        session.request(method, stage.url + path, data=body, headers=named) as reply,
    ):
        told = {name.lower(): value for name, value in reply.headers.items()}
        return Heard(status=reply.status, headers=told, body=await reply.read())


async def send(stage: Stage, path: str, *lines: str, pieces: tuple[bytes, ...] = ()) -> Heard:
    """By a bare socket, and then no more; what comes until the server hangs up."""
    host, _, port = stage.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (f"POST {path} HTTP/1.1", "host: localhost", f"authorization: Bearer {KEY}")
    kind = ("content-type: application/json", "connection: close")
    writer.write("\r\n".join([*head, *kind, *lines, "", ""]).encode())
    hearing = asyncio.create_task(reader.read())
    for piece in pieces:
        if not hearing.done():
            writer.write(piece)
            await asyncio.sleep(0.02)
    top, _, body = (await asyncio.wait_for(hearing, 5)).partition(b"\r\n\r\n")
    writer.close()
    first, *rest = top.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    return Heard(status=int(first.split()[1]), headers=headers, body=body)


async def test_there_are_routes_of_every_kind(stage: Stage) -> None:
    paths = {path for _, path in routes(stage)}
    assert {"/v1/embeddings", "/v1/conversations", "/v1/responses/compact"} < paths
    assert len(paths) > 50


async def test_a_foreign_host_is_refused_at_every_route(stage: Stage) -> None:
    for route, path in routes(stage):
        heard = await call(stage, route.method, path, host="evil.example")
        assert heard.status == 403, path
        assert "Host" in refused(path, heard)


async def test_a_foreign_page_is_refused_at_every_route(stage: Stage) -> None:
    for route, path in routes(stage):
        heard = await call(stage, route.method, path, origin="https://evil.example")
        assert heard.status == 403, path
        assert "web page" in refused(path, heard)


async def test_a_caller_without_the_key_is_refused_at_every_route_but_the_open(
    stage: Stage,
) -> None:
    opened: set[str] = set()
    for route, path in routes(stage):
        for given in ({"authorization": ""}, {"authorization": "Bearer mm-wrong"}):
            heard = await call(stage, route.method, path, **given)
            if heard.status == 200:
                opened.add(path)
                continue
            assert heard.status == 401, path
            assert refused(path, heard)
    assert opened == {"/", "/healthz", "/readyz", "/version", "/openapi.json"}


async def test_a_method_that_does_not_stand_is_refused_with_those_that_do(stage: Stage) -> None:
    for _, path in routes(stage):
        standing = {route.method for route, other in routes(stage) if other == path}
        for method in set(METHODS) - standing:
            heard = await call(stage, method, path)
            if heard.status == 405:
                assert refused(path, heard)
                assert standing <= {*heard.headers["allow"].split(", ")}, (method, path)
            else:
                assert heard.status in (400, 404), (method, path)


async def test_a_body_that_is_not_declared_as_json_is_refused_at_every_route(stage: Stage) -> None:
    for _, path in routes(stage, "POST"):
        for kind in ("text/plain", "multipart/form-data; boundary=x", ""):
            heard = await call(stage, "POST", path, **{"content-type": kind})
            assert heard.status == 415, path
            assert "application/json" in refused(path, heard)


async def test_a_torn_body_is_refused_at_every_route(stage: Stage) -> None:
    async def tear(path: str, body: bytes) -> None:
        heard = await send(stage, path, f"content-length: {len(body)}", pieces=(body,))
        if body == b"" and path.endswith("/conversations"):
            assert heard.status == 200, "it may begin without a word"
        else:
            assert heard.status in (400, 404), (path, body[:20])
            assert refused(path, heard)

    for _, path in routes(stage, "POST"):
        await asyncio.gather(*(tear(path, body) for body in TORN))


async def test_a_body_that_never_comes_to_its_end_is_refused_at_every_route(stage: Stage) -> None:
    begun = b'{"model": "manymind/reader",'
    halves = (
        ("content-length: 500", (begun,)),
        ("content-length: 500", tuple(bytes([byte]) for byte in begun)),
        ("transfer-encoding: chunked", (b"1c\r\n", begun)),
        ("content-length: 500", ()),
    )

    async def halve(path: str, length: str, pieces: tuple[bytes, ...]) -> None:
        heard = await send(stage, path, length, pieces=pieces)
        assert heard.status == (404 if path.endswith(UNREAD) else 408), path
        assert refused(path, heard)

    paths = [path for _, path in routes(stage, "POST")]
    await asyncio.gather(*(halve(path, *half) for path in paths for half in halves))


async def test_a_body_that_is_too_large_is_refused_at_every_route(stage: Stage) -> None:
    for _, path in routes(stage, "POST"):
        heard = await send(stage, path, "content-length: 2000000")
        assert heard.status == (404 if path.endswith(UNREAD) else 413), path
        assert heard.status == 404 or "1,048,576 bytes" in refused(path, heard)


async def test_a_caller_who_leaves_in_the_middle_of_a_body_is_forgotten(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    host, _, port = stage.url.removeprefix("http://").partition(":")
    for _, path in routes(stage, "POST"):
        _, writer = await asyncio.open_connection(host, int(port))
        head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {KEY}\r\n"
        kind = 'content-type: application/json\r\ncontent-length: 50\r\n\r\n{"model": '
        writer.write((head + kind).encode())
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.transport.abort()
    assert (await call(stage, "GET", "/healthz")).status == 200
    assert "bug" not in caplog.text


def test_no_line_of_http_can_ask_for_a_socket_by_its_method() -> None:
    assert SOCKET not in METHODS
