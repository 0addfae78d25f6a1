"""A web page in somebody's browser cannot drive this server, and nobody without a key can."""

import pytest

from manymind.providers.scripted import Scripted
from tests.server.stage import Terms, ask, calling

PATHS = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/api/v1/chat/completions",
    "/client/v4/accounts/x/ai/run",
    "/client/v4/accounts/x/ai/v1/responses",
    "/v1/models",
    "/healthz",
    "/openapi.json",
    "/nowhere",
)


@pytest.mark.parametrize("path", PATHS)
async def test_a_foreign_host_is_refused_on_every_path(path: str) -> None:
    provider = Scripted("s", "hi")
    async with calling(provider) as caller:
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"):
            heard = await caller.post(path, ask(), host=host)
            assert heard.status == 403
            assert b"Host header" in heard.body
    assert provider.calls == 0


@pytest.mark.parametrize("path", PATHS)
async def test_a_foreign_origin_is_refused_on_every_path(path: str) -> None:
    provider = Scripted("s", "hi")
    async with calling(provider) as caller:
        for origin in ("http://evil.example", "null", "http://localhost:1", "file://"):
            heard = await caller.post(path, ask(), origin=origin)
            assert heard.status == 403
    assert provider.calls == 0


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_a_body_that_is_not_json_is_refused_on_every_path(path: str, kind: str) -> None:
    provider = Scripted("s", "hi")
    async with calling(provider) as caller:
        heard = await caller.post(path, ask(), content_type=kind)
        assert heard.status == 415
        assert b"Content-Type: application/json" in heard.body
    assert provider.calls == 0


async def test_our_own_pages_and_listed_ones_may_call() -> None:
    terms = Terms(hosts=("mind.example",), origins=("https://app.example/",))
    async with calling(Scripted("s", "hi"), terms) as caller:
        own = caller.base_url
        assert (await caller.post("/v1/chat/completions", ask(), origin=own)).status == 200
        listed = await caller.post("/v1/chat/completions", ask(), origin="https://app.example")
        assert listed.status == 200
        named = await caller.post("/v1/chat/completions", ask(), host="mind.example:8484")
        assert named.status == 200


async def test_bound_to_all_addresses_it_is_called_by_address_but_not_by_any_name() -> None:
    async with calling(Scripted("s", "hi"), Terms(bound="0.0.0.0", key="k")) as caller:
        by_address = await caller.get("/healthz", host="192.0.2.7:8484")
        by_name = await caller.get("/healthz", host="rebound.example:8484")
        assert (by_address.status, by_name.status) == (200, 403)


async def test_two_host_headers_are_one_too_many() -> None:
    async with calling(Scripted("s", "hi")) as caller:
        reply = await caller.raw(
            b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n"
        )
        assert reply.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"x-api-key": "k2"}])
async def test_without_the_key_only_the_health_pages_are_open(headers: dict[str, str]) -> None:
    provider = Scripted("s", "hi")
    async with calling(provider, Terms(key="k1")) as caller:
        for path in ("/v1/chat/completions", "/v1/responses", "/v1/messages"):
            heard = await caller.post(path, ask(max_tokens=5), **headers)
            assert heard.status == 401
            assert b"k1" not in heard.body
        assert (await caller.get("/v1/models", **headers)).status == 401
        assert (await caller.get("/healthz", **headers)).status == 200
    assert provider.calls == 0


@pytest.mark.parametrize(
    "headers", [{"authorization": "Bearer k1"}, {"authorization": "bearer k1"}, {"x-api-key": "k1"}]
)
async def test_the_key_is_taken_from_the_customary_headers(headers: dict[str, str]) -> None:
    async with calling(Scripted("s", "hi"), Terms(key="k1")) as caller:
        assert (await caller.post("/v1/chat/completions", ask(), **headers)).status == 200


async def test_a_browser_may_call_from_a_listed_origin_and_from_no_other() -> None:
    async with calling(Scripted("s", "hi"), Terms(origins=("https://app.example",))) as caller:
        wish = {"access-control-request-method": "POST"}
        path = "/v1/chat/completions"
        listed = await caller.call(
            "OPTIONS", path, headers={"origin": "https://app.example", **wish}
        )
        assert listed.status == 204
        assert listed.headers["access-control-allow-origin"] == "https://app.example"
        answered = await caller.post(path, ask(), origin="https://app.example")
        assert answered.headers["access-control-allow-origin"] == "https://app.example"
        foreign = await caller.call(
            "OPTIONS", path, headers={"origin": "https://x.example", **wish}
        )
        assert foreign.status == 403
        plain = await caller.post(path, ask())
        assert not {name for name in plain.headers if name.startswith("access-control")}


async def test_who_was_admitted_once_is_looked_at_again_where_anything_differs() -> None:
    provider = Scripted("s", "hi")
    async with calling(provider, Terms(key="k1")) as caller:
        path, key = "/v1/chat/completions", "Bearer k1"
        for _ in range(2):
            assert (await caller.post(path, ask(), authorization=key)).status == 200
        foreign = await caller.post(path, ask(), authorization=key, origin="http://evil.example")
        assert foreign.status == 403
        assert (
            await caller.post(path, ask(), authorization=key, host="evil.example")
        ).status == 403
        plain = await caller.post(path, ask(), authorization=key, content_type="text/plain")
        assert plain.status == 415
        assert (await caller.post(path, ask(), authorization="Bearer k2")).status == 401
    assert provider.calls == 2
