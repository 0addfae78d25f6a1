"""Canaries in every place of a call, in every dialect, well and ill: they are in no log, metric,
trace, webhook or row, and in no error that anybody else gets."""

import asyncio
import base64
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from msgspec import Struct

from manymind.server.simulated import Simulated
from tests.faults.canaries import CANARY, HEADERS, LEAKS, Leaking, body, found
from tests.faults.fronts import FRONTS, Heard, post
from tests.faults.program import Program, program
from tests.flows.receiver import Receiver
from tests.world import serving

MISHAPS = (
    *("", "fault=400", "fault=401", "fault=429;retry_after=31", "fault=500;retry_after=0"),
    *("html", "redirect=/x", "malformed=1", "cut=8", "malformed=8", "error=8", "unfinished=8"),
)
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
THROUGH = (
    *("prompt", "system", "result", "arguments", "metadata", "tool"),
    *("vendor_error", "vendor_page"),
)
"""What a caller may hear of its own call: an echo of it, what Responses repeat of their request,
or its vendor's own words."""


class Scene(Struct, frozen=True):
    running: Program
    url: str
    traces: Receiver
    hooks: Receiver
    data: Path

    async def say(self, path: str, *, key: str | None = None) -> str:
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        async with (
            aiohttp.ClientSession() as session,
            session.get(self.url + path, headers=headers) as reply,
        ):
            return f"{dict(reply.headers)} {await reply.text()}"

    def kept(self) -> dict[str, bytes]:
        """Every byte in the data folder, by file."""
        return {each.name: each.read_bytes() for each in self.data.rglob("*") if each.is_file()}


@asynccontextmanager
async def scene(folder: Path, store: str = "") -> AsyncGenerator[Scene]:
    traces, hooks = Receiver(), Receiver()
    async with (
        serving(Simulated(key=CANARY["upstream_key"])) as upstream,
        serving(Leaking()) as leaking,
        serving(traces) as collector,
        serving(hooks) as hook,
    ):
        settings = f"""
[otel]
endpoint = "{collector}/v1/traces"
[webhooks]
urls = ["{hook}/hook"]
[providers.leaking]
base_url = "{leaking}/v1"
dialect = "openai_chat"
key_env = "LEAKING_KEY"
{store}
"""
        seen = {
            "VLLM_BASE_URL": f"{upstream}/v1",
            "VLLM_API_KEY": CANARY["upstream_key"],
            "LEAKING_KEY": CANARY["upstream_key"],
            "MANYMIND_API_KEY": CANARY["caller_key"],
            "MANYMIND_WEBHOOK_SECRET": SECRET,
        }
        flags = ("--port", "0", "--log-level", "debug", "--log-format", "json")
        async with program(folder, *flags, settings=settings, environment=seen) as running:
            yield Scene(running, await running.url(), traces, hooks, folder / "data")


async def ask(there: Scene, front: str, model: str, *, stream: bool, rich: bool) -> Heard:
    face = FRONTS[front]
    path = face.path(model, stream=stream)
    queried = f"{path}{'&' if '?' in path else '?'}canary={CANARY['query']}"
    headers = {**HEADERS, "authorization": f"Bearer {CANARY['caller_key']}"}
    return await post(there.url + queried, body(front, model, stream=stream, rich=rich), headers)


async def stray(there: Scene) -> None:
    """Calls that lead nowhere, and such as nobody may make."""
    for path in (f"/v1/{CANARY['path']}", f"/client/v4/accounts/{CANARY['path']}/ai/v1/responses"):
        heard = await post(there.url + path, {}, {"x-api-key": CANARY["wrong_key"], **HEADERS})
        assert heard.status in (401, 404)
        assert found(f"{heard.headers} {heard.body.decode()}") == []
    for name in ("authorization", "x-api-key", "x-goog-api-key"):
        said = f"Bearer {CANARY['wrong_key']}" if name == "authorization" else CANARY["wrong_key"]
        wrong = {**HEADERS, name: said}
        heard = await post(
            f"{there.url}/v1/messages", body("messages", "x", stream=False, rich=True), wrong
        )
        assert heard.status == 401
        assert found(f"{heard.headers} {heard.body.decode()}") == []


async def alarmed(there: Scene) -> None:
    """A budget whose alarm goes off with the calls that follow."""
    said = {"scope": "tenant", "unit": "requests", "period": "day", "cap": 10_000}
    headers = {"authorization": f"Bearer {CANARY['caller_key']}"}
    heard = await post(f"{there.url}/v1/manage/budgets", {**said, "alarm_percent": 1}, headers)
    assert heard.status == 201, heard.body


async def test_a_canary_of_any_place_is_kept_nowhere(tmp_path: Path) -> None:
    async with scene(tmp_path) as there:
        await alarmed(there)
        await stray(there)
        calls = [
            (front, f"vllm/sim-echo;{mishap}".rstrip(";"), stream, rich)
            for front in FRONTS
            for mishap in MISHAPS
            for stream in (False, True)
            for rich in (False, True)
        ]
        calls += [
            (front, f"leaking/{leak}", stream, False)
            for front in FRONTS
            for leak in LEAKS
            for stream in (False, True)
        ]
        answered = 0
        for start in range(0, len(calls), 16):
            heard = await asyncio.gather(
                *(
                    ask(there, front, model, stream=stream, rich=rich)
                    for front, model, stream, rich in calls[start : start + 16]
                )
            )
            for each in heard:
                answered += each.status == 200
                assert found(f"{each.headers} {each.body.decode()}", *THROUGH) == []
        assert answered > 40
        await _search(there)
        there.running.process.terminate()
        assert await there.running.end(20) == 0
        assert found(there.running.said) == []
        assert '"route": "/v1/chat/completions"' in there.running.said
        assert '"provider": "leaking"' in there.running.said
        assert len(there.traces.posts) > 0
        for each in (*there.traces.posts, *there.hooks.posts):
            assert found(each.body) == []
            assert found(f"{each.headers}") == []
        for name, data in there.kept().items():
            assert found(data) == [], name


async def _search(there: Scene) -> None:
    """In all that the running server shows to others than the caller of each call."""
    await there.hooks.got(1)
    key = CANARY["caller_key"]
    for path in (
        "/metrics",
        "/v1/manage/logs?limit=500",
        "/v1/manage/logs?format=csv",
        "/v1/manage/usage?by=model,provider,app,feature,user",
        "/api/v1/activity",
        "/api/v1/datasets/app-rankings",
    ):
        said = await there.say(path, key=key)
        assert len(said) > 300, said
        assert found(said) == [], path
    assert "leaking" in await there.say("/metrics", key=key)
    for name, data in there.kept().items():
        assert found(data) == [], name


async def test_what_its_caller_wants_kept_is_in_the_tables_of_answers_alone(tmp_path: Path) -> None:
    async with scene(tmp_path) as there:
        key = {"authorization": f"Bearer {CANARY['caller_key']}"}
        for front in ("chat", "responses"):
            for stream in (False, True):
                asked = body(front, "vllm/sim-echo", stream=stream, rich=True)
                kept = {**asked, "store": True, "metadata": {"note": CANARY["metadata"]}}
                heard = await post(there.url + FRONTS[front].path("", stream=stream), kept, key)
                assert heard.status == 200, heard.body
        there.running.process.terminate()
        assert await there.running.end(20) == 0
        assert found(there.running.said) == []
        with sqlite3.connect(there.data / "manymind.db") as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            names = [name for (name,) in tables.fetchall()]
            holding = {
                name
                for name in names
                if found(repr(connection.execute(f'SELECT * FROM "{name}"').fetchall()))
            }
        assert {"attempts", "webhook_outbox", "budgets", "keys"} <= set(names)
        assert holding <= {"answers", "answer_items", "conversation_items", "conversations"}
        assert holding
