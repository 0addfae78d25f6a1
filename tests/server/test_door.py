"""What the door does with what comes in: right, wrong, huge, half, or gone."""

import asyncio
import json
import logging
import time

import anyio
import pytest

from manymind.canon.events import Began, Say, spoken
from manymind.canon.faults import RateLimited
from manymind.canon.ports import Desk
from manymind.canon.requests import Request
from manymind.providers.scripted import Entry, Scripted
from tests.server.stage import Caller, Heard, Terms, ask, calling


class Silent:
    """Begins and then says nothing; knows when it was cancelled."""

    def __init__(self, *, begins: bool = True) -> None:
        self.cancelled_at: float | None = None
        self.reached = asyncio.Event()
        self._begins = begins

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        try:
            if self._begins:
                await say(spoken(Began(id="r", model="m")))
            self.reached.set()
            await anyio.sleep(30)
        finally:
            self.cancelled_at = time.monotonic()


class Buggy:
    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        raise ValueError("the prompt was: rosebud")


def error_of(heard: Heard) -> dict[str, object]:
    error = heard.json["error"]
    assert isinstance(error, dict)
    return {str(name): value for name, value in error.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] # JSON


async def test_health_version_and_description_are_served() -> None:
    async with calling(Scripted("s", "hi")) as caller:
        assert (await caller.get("/healthz")).json == {"status": "ok"}
        assert (await caller.get("/readyz")).json == {"status": "ready"}
        assert "version" in (await caller.get("/version")).json
        described = (await caller.get("/openapi.json")).json
        assert "/v1/responses" in json.dumps(described["paths"])
        assert (await caller.call("HEAD", "/healthz")).body == b""
        assert b"/v1" in (await caller.get("/")).body


async def test_every_reply_has_a_request_id() -> None:
    async with calling(Scripted("s", "hi")) as caller:
        good = await caller.post("/v1/chat/completions", ask())
        bad = await caller.post("/v1/messages", b"{")
        assert good.headers["x-request-id"].startswith("req_")
        assert (
            bad.headers["request-id"] == bad.headers["x-request-id"] != good.headers["x-request-id"]
        )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/chat/completions", 405),
        ("DELETE", "/v1/models", 405),
        ("POST", "/v1/nothing", 404),
        ("GET", "/v1/models/none/such", 404),
        ("GET", "/client/v4/accounts/a/ai/v1/nothing", 404),
        ("GET", "/" + "x" * 4000, 404),
    ],
)
async def test_wrong_paths_and_methods_are_explained(method: str, path: str, status: int) -> None:
    async with calling(Scripted("s", "hi")) as caller:
        heard = await caller.call(method, path)
        assert heard.status == status
        assert error_of(heard)["message"]
        assert (heard.headers.get("allow") is not None) == (status == 405)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/chat/completions", "/v1/chat/completions"),
        ("/v1/v1/messages", "/v1/messages"),
        ("/v1/response", "/v1/responses"),
        ("/models", "/v1/models"),
        ("/v1/audio/speech", "/openapi.json"),
        ("/v1/messages/batches", "/openapi.json"),
    ],
)
async def test_a_path_that_is_nearly_right_is_put_right(path: str, meant: str) -> None:
    async with calling(Scripted("s", "hi")) as caller:
        assert f" {meant}" in str(error_of(await caller.post(path, {}))["message"])


async def test_where_nothing_stands_the_refusal_is_in_the_form_of_who_asks() -> None:
    async with calling(Scripted("s", "hi")) as caller:
        openrouter = error_of(await caller.get("/api/v1/models/none/such"))
        assert openrouter["code"] == 404
        assert error_of(await caller.get("/v1/models/none/such"))["code"] == "model_not_found"
        for path in ("/v1/messages/batches", "/v1/models/none/such"):
            heard = await caller.get(path, anthropic_version="2023-06-01")
            assert (heard.json["type"], error_of(heard)["type"]) == ("error", "not_found_error")


async def test_models_are_listed_in_the_form_of_who_asks() -> None:
    async with calling(Scripted("s", "hi")) as caller:
        openai = (await caller.get("/v1/models")).json
        anthropic = (await caller.get("/v1/models", anthropic_version="2023-06-01")).json
        openrouter = (await caller.get("/api/v1/models")).json
        assert openai["object"] == "list"
        assert anthropic["first_id"] == "acme/small"
        assert openrouter["total_count"] == 1
        assert (await caller.get("/v1/models/acme/small")).json["id"] == "acme/small"
        assert (await caller.get("/v1/models/acme%2Fsmall")).json["id"] == "acme/small"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"\xff\xfe",
        b'{"model": 3, "messages": [], "input": []}',
        b'{"model": "m"}',
        b'{"messages": [{"role": "user", "content": "x"}], "max_tokens": 3}',
        b"[" * 100_000,
        b'{"a":' * 40_000,
    ],
    ids=lambda body: body[:12].decode("latin-1"),
)
async def test_a_body_that_cannot_be_read_is_a_clear_4xx(path: str, body: bytes) -> None:
    provider = Scripted("s", "hi")
    async with calling(provider, Terms(body_bytes=1_000_000)) as caller:
        heard = await caller.post(path, body)
        assert 400 <= heard.status < 500
        assert error_of(heard)["message"]
    assert provider.calls == 0


async def test_a_body_over_the_limit_is_refused_with_and_without_its_length() -> None:
    provider = Scripted("s", "hi")
    async with calling(provider, Terms(body_bytes=1000)) as caller:
        declared = await caller.post("/v1/chat/completions", b"x" * 1001)
        assert declared.status == 413
        assert "1,000 bytes" in str(error_of(declared)["message"])
        chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"
        reply = await caller.raw(_head(b"transfer-encoding: chunked") + chunk)
        assert reply.startswith(b"HTTP/1.1 413")
    assert provider.calls == 0


async def test_a_body_that_stops_halfway_is_a_408_and_not_a_hang() -> None:
    provider = Scripted("s", "hi")
    async with calling(provider, Terms(body_seconds=0.2)) as caller:
        reply = await caller.raw(_head(b"content-length: 500") + b'{"model":')
        assert reply.startswith(b"HTTP/1.1 408")
    assert provider.calls == 0


async def test_a_fault_before_the_first_word_has_its_status_and_retry_after() -> None:
    fault = RateLimited("Too many.", advice="Wait.", retry_after=7)
    for path, body in (
        ("/v1/chat/completions", ask()),
        ("/v1/chat/completions", ask(stream=True)),
        ("/v1/messages", ask(max_tokens=5, stream=True)),
        ("/client/v4/accounts/a/ai/run", {"model": "acme/small", "input": "Hello"}),
    ):
        async with calling(Scripted("s", fault)) as caller:
            heard = await caller.post(path, body)
            assert heard.status == 429
            assert heard.headers["retry-after"] == "7"
            assert b"Too many. Wait." in heard.body


async def test_a_bug_is_a_500_that_tells_nothing_of_the_prompt(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with calling(Buggy()) as caller:
        heard = await caller.post("/v1/chat/completions", ask())
        assert heard.status == 500
        assert heard.headers["x-request-id"] in str(error_of(heard)["message"])
        assert b"rosebud" not in heard.body
    assert "ValueError" in caplog.text
    assert "rosebud" not in caplog.text


async def test_the_log_tells_how_each_request_ended(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    script: list[Entry] = ["hi", RateLimited("No."), ["hi", RateLimited("No more.")]]
    async with calling(Scripted("s", *script)) as caller:
        for stream in (False, True, True):
            await caller.post("/v1/chat/completions", ask(stream=stream))
        await caller.get("/nowhere")
    told = [line for line in caplog.messages if " in 0." in line]
    assert [line.split(" ", 2)[2].partition(" in 0.")[0] for line in told] == [
        "ok",
        "429 rate_limit_exceeded",
        "200 and then 429 rate_limit_exceeded",
        "404 not_found",
    ]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("begins", [False, True])
async def test_a_hang_up_cancels_the_provider_at_once(stream: bool, begins: bool) -> None:
    provider = Silent(begins=begins)
    async with calling(provider) as caller:
        host, _, port = caller.base_url.removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        body = json.dumps(ask(stream=stream)).encode()
        writer.write(_head(b"content-length: %d" % len(body)) + body)
        await asyncio.wait_for(provider.reached.wait(), 5)
        hung_up_at = time.monotonic()
        writer.transport.abort()
        with anyio.fail_after(5):
            while provider.cancelled_at is None:
                await anyio.sleep(0.001)
        assert provider.cancelled_at - hung_up_at < 0.1


async def test_a_silent_stream_is_kept_alive_by_comments() -> None:
    async with calling(Silent(), Terms(heartbeat_seconds=0.1)) as caller:
        heard = await _listen_for(caller, ask(stream=True), 0.6)
        assert heard.startswith(b"HTTP/1.1 200")
        assert heard.count(b": manymind is working\n\n") >= 3


async def test_either_body_is_taken_on_either_openai_path() -> None:
    async with calling(Scripted("s", "hi")) as caller:
        responses = {"model": "acme/small", "input": "Hello"}
        assert (await caller.post("/v1/chat/completions", responses)).json["object"] == "response"
        chat = (await caller.post("/v1/responses", ask())).json
        assert chat["object"] == "chat.completion"


async def test_cloudflares_envelope_goes_both_ways() -> None:
    async with calling(Scripted("s", "hi")) as caller:
        run = "/client/v4/accounts/any/ai/run"
        for path, body in (
            (run, {"model": "acme/small", "input": "Hello"}),
            (run, {"model": "acme/small", "input": {"input": "Hello"}}),
            (run, {"model": "acme/small", "input": ask()}),
            (f"{run}/acme/small", {"input": "Hello"}),
        ):
            heard = (await caller.post(path, body)).json
            assert heard["success"] is True
            assert "hi" in json.dumps(heard["result"])
        refused = await caller.post(run, {"input": "Hello"})
        assert refused.status == 400
        assert refused.json["success"] is False
        assert "model" in json.dumps(refused.json["errors"])


def _head(length: bytes) -> bytes:
    return (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
        b"content-type: application/json\r\n" + length + b"\r\n\r\n"
    )


async def _listen_for(caller: Caller, body: dict[str, object], seconds: float) -> bytes:
    host, _, port = caller.base_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    data = json.dumps(body).encode()
    writer.write(_head(b"content-length: %d" % len(data)) + data)
    heard = b""
    with anyio.move_on_after(seconds):
        while piece := await reader.read(65536):
            heard += piece
    writer.close()
    return heard
