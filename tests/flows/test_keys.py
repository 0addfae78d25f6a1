"""Keys over HTTP: what each opens, what it does not, and whose things it sees."""

import re
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import aiohttp
import anyio
import pytest

from manymind.clock import SystemClock
from manymind.server.handshake import SOCKET
from manymind.server.routes import Route
from manymind.store.keys import StoredKeys
from tests.faults.program import program
from tests.flows.managed_stage import OPERATOR, Holder, Managed, managing
from tests.flows.stored_stage import settings
from tests.server.refusals import refused
from tests.store.databases import new_database

SAID = [{"role": "user", "content": "Hello"}]
CALLS: dict[str, object] = {
    "/v1/chat/completions": {"model": "manymind/reader", "messages": SAID},
    "/api/v1/chat/completions": {"model": "manymind/reader", "messages": SAID},
    "/v1/responses": {"model": "manymind/reader", "input": "Hello"},
    "/v1/messages": {"model": "manymind/reader", "max_tokens": 50, "messages": SAID},
    "/v1beta/models/manymind/reader:generateContent": {"contents": [{"parts": [{"text": "Hi"}]}]},
    "/client/v4/accounts/x/ai/run": {"model": "manymind/reader", "input": "Hello"},
}
"""A question in every dialect."""


async def test_a_key_asks_in_every_dialect_until_it_may_no_more(tmp_path: Path, url: str) -> None:
    async with managing(tmp_path, url) as managed:
        manager, user = await managed.tenant()
        for path, body in CALLS.items():
            assert (await user.call("POST", path, body)).status == 200
        for method, change, said in (
            ("PATCH", {"disabled": True}, "is disabled"),
            ("DELETE", None, "is not known"),
        ):
            await manager.ask(method, f"/v1/manage/keys/{user.id}", change)
            for path, body in CALLS.items():
                heard = await user.call("POST", path, body)
                assert heard.status == 401
                assert said in refused(path, heard)
                assert user.key.encode() not in heard.body


async def test_a_management_key_asks_no_models(tmp_path: Path, url: str) -> None:
    async with managing(tmp_path, url) as managed:
        manager, _ = await managed.tenant()
        for path, body in CALLS.items():
            heard = await manager.call("POST", path, body)
            assert heard.status == 403
            assert "management key" in refused(path, heard)


async def test_a_stopped_key_says_why_until_somebody_opens_it(tmp_path: Path, url: str) -> None:
    async with managing(tmp_path, url) as managed:
        manager, user = await managed.tenant()
        stored = StoredKeys(managed.stage.house.stored.database, SystemClock())
        await stored.stop(user.tenant, user.id, "It leapt.")
        await anyio.sleep(1.0)
        for path, body in CALLS.items():
            heard = await user.call("POST", path, body)
            assert heard.status == 403
            assert "It leapt." in refused(path, heard)
        assert (await user.ask("GET", "/api/v1/key"))["data"]["stopped"] == "It leapt."
        shown = await manager.ask("GET", f"/v1/manage/keys/{user.id}")
        assert shown["stopped"] == "It leapt."
        await manager.ask("POST", f"/v1/manage/keys/{user.id}/open")
        for path, body in CALLS.items():
            assert (await user.call("POST", path, body)).status == 200


def routes(managed: Managed, *needs: str) -> Iterator[tuple[Route, str]]:
    for route in managed.stage.house.application.routes:
        if route.method != SOCKET and not route.open and route.needs in needs:
            path = re.sub(r"{\w+\.\.\.}", "manymind/reader", route.path)
            yield route, re.sub(r"{\w+}", "absent", path)


async def test_a_user_key_reaches_no_management_route(tmp_path: Path, url: str) -> None:
    async with managing(tmp_path, url) as managed:
        manager, user = await managed.tenant()
        found = list(routes(managed, "manage", "operator"))
        assert len(found) >= 30
        for route, path in found:
            heard = await user.call(route.method, path)
            assert (path, heard.status) == (path, 403)
            assert refused(path, heard)
        for route, path in routes(managed, "operator"):
            assert (path, (await manager.call(route.method, path)).status) == (path, 403)


async def test_a_management_key_reaches_nothing_else(tmp_path: Path, url: str) -> None:
    async with managing(tmp_path, url) as managed:
        manager, _ = await managed.tenant()
        found = list(routes(managed, "infer"))
        assert len(found) >= 50
        for route, path in found:
            heard = await manager.call(route.method, path)
            assert (path, heard.status) == (path, 403)
            assert refused(path, heard)


async def test_what_says_nothing_of_who_may_is_for_the_operator_alone() -> None:
    async def page(*_: object) -> None:
        raise AssertionError("nobody came")

    assert Route(method="GET", path="/new", page=page).needs == "operator"


async def kept_things(user: Holder) -> list[tuple[str, str]]:
    """What a tenant keeps beside its accounts, by the ways to it."""
    response = await user.ask("POST", "/v1/responses", CALLS["/v1/responses"])
    chat = {"model": "manymind/reader", "messages": SAID, "store": True}
    completion = await user.ask("POST", "/v1/chat/completions", chat)
    item = {"type": "message", "role": "user", "content": "Hello"}
    conversation = await user.ask("POST", "/v1/conversations", {"items": [item]})
    talk = f"/conversations/{conversation['id']}"
    first = (await user.ask("GET", f"/v1{talk}/items"))["data"][0]["id"]
    answer, said = f"/responses/{response['id']}", f"/chat/completions/{completion['id']}"
    return [
        ("GET", answer),
        ("GET", f"{answer}/input_items"),
        ("POST", f"{answer}/cancel"),
        ("DELETE", answer),
        ("GET", said),
        ("GET", f"{said}/messages"),
        ("POST", said),
        ("DELETE", said),
        ("GET", talk),
        ("POST", talk),
        ("GET", f"{talk}/items"),
        ("GET", f"{talk}/items/{first}"),
        ("DELETE", f"{talk}/items/{first}"),
        ("DELETE", talk),
    ]


async def managed_things(manager: Holder, user: Holder) -> list[tuple[str, str]]:
    """A tenant's accounts, by the ways to them."""
    ann = (await manager.make("users", name="Ann"))["id"]
    counted = {"scope": "key", "subject": user.id, "unit": "tokens", "period": "day"}
    budget = (await manager.ask("POST", "/v1/manage/budgets", {**counted, "cap": 9}, 201))["id"]
    named = (f"keys/{user.id}", f"keys/{manager.id}", f"users/{ann}", f"budgets/{budget}")
    return [
        *(
            (method, f"/v1/manage/{name}")
            for name in named
            for method in ("GET", "PATCH", "DELETE")
        ),
        *((method, f"/api/v1/keys/{user.id}") for method in ("GET", "PATCH", "DELETE")),
        ("POST", f"/v1/manage/keys/{user.id}/rotate"),
        ("POST", f"/v1/manage/keys/{user.id}/open"),
    ]


async def test_another_tenants_key_finds_none_of_our_things(tmp_path: Path, url: str) -> None:
    async with managing(tmp_path, url) as managed:
        manager, user = await managed.tenant()
        other_manager, other_user = await managed.tenant()
        bodies: dict[str, object] = {"PATCH": {}, "POST": {}}
        for method, path in await managed_things(manager, user):
            for asked in ("", f"?tenant={manager.tenant}"):
                heard = await other_manager.call(method, path + asked, bodies.get(method))
                assert (method, path, heard.status) == (method, path, 404)
        for method, path in await kept_things(user):
            for house in ("/v1", "/api/v1"):
                body = {"metadata": {"a": "b"}} if method == "POST" else None
                heard = await other_user.call(method, house + path, body)
                assert (method, path, heard.status) == (method, path, 404)
        for method, path in (*await managed_things(manager, user), *await kept_things(user)):
            if method == "GET":
                who, house = (manager, "") if path.startswith(("/v1", "/api")) else (user, "/v1")
                assert (await who.call(method, house + path)).status == 200, path


async def test_a_list_shows_a_tenants_own_things_alone(tmp_path: Path, url: str) -> None:
    async with managing(tmp_path, url) as managed:
        manager, user = await managed.tenant()
        other_manager, other_user = await managed.tenant()
        await managed_things(manager, user)
        for kind in ("keys", "users", "budgets", "changes"):
            ours = await manager.ask("GET", f"/v1/manage/{kind}")
            theirs = await other_manager.ask("GET", f"/v1/manage/{kind}")
            assert ours["data"]
            assert {each["tenant"] for each in ours["data"]} == {manager.tenant}
            assert {each["tenant"] for each in theirs["data"]} <= {other_manager.tenant}
        for asked in ("tenant", "workspace_id"):
            heard = await other_manager.call("GET", f"/api/v1/keys?{asked}={manager.tenant}")
            assert heard.status == 404
        wish = {"name": "spy", "workspace_id": manager.tenant}
        assert (await other_manager.call("POST", "/api/v1/keys", wish)).status == 404
        assert (await other_user.call("GET", "/api/v1/key")).status == 200


RISES: tuple[dict[str, object], ...] = (
    {"models": None},
    {"models": ["*"]},
    {"routes": []},
    {"tools": ["*"]},
    {"requests_per_minute": 11},
    {"requests_per_minute": None},
    {"tokens_per_minute": 1001},
    {"concurrency": 3},
    {"max_prompt_tokens": None},
    {"max_output_tokens": 101},
    {"max_cost_usd": 0.06},
    {"max_cost_usd": None},
    {"caches": True},
)
"""Every field by which a key could give more than it has."""

LIMITED: dict[str, object] = {
    "models": ["openai/*"],
    "routes": ["cheap"],
    "tools": ["web_search"],
    "requests_per_minute": 10,
    "tokens_per_minute": 1000,
    "concurrency": 2,
    "max_prompt_tokens": 500,
    "max_output_tokens": 100,
    "max_cost_usd": 0.05,
}


async def test_no_field_raises_rights_beyond_those_of_the_granter(tmp_path: Path, url: str) -> None:
    async with managing(tmp_path, url) as managed:
        tenant = (await managed.operator.make("tenants", name="Acme"))["id"]
        rights = {"manages": True, **LIMITED}
        manager = await managed.operator.give(tenant, rights=rights)
        user = await manager.give(rights=LIMITED)
        before = await manager.ask("GET", f"/v1/manage/keys/{user.id}")
        for more in RISES:
            new = await manager.call(
                "POST", "/v1/manage/keys", {"name": "x", "rights": {**LIMITED, **more}}
            )
            changed = await manager.call("PATCH", f"/v1/manage/keys/{user.id}", {"rights": more})
            assert (more, new.status, changed.status) == (more, 403, 403)
            assert b"smaller" in changed.body
        for itself in ({"rights": {"models": None}}, {"limit": None}, {"name": "me"}, {}):
            heard = await manager.call("PATCH", f"/api/v1/keys/{manager.id}", itself)
            assert heard.status == 403
            assert b"changes itself" in heard.body
        assert await manager.ask("GET", f"/v1/manage/keys/{user.id}") == before
        assert len((await manager.ask("GET", "/v1/manage/keys"))["data"]) == 2


WRONG: tuple[tuple[dict[str, object], str], ...] = (
    ({}, "name is missing"),
    ({"name": 5}, "name must be a string"),
    ({"name": " "}, "name must be a line"),
    ({"name": "x", "rihgts": {}}, "rihgts is unknown"),
    ({"name": "x", "rights": {"model": []}}, "rights.model is unknown"),
    ({"name": "x", "rights": {"models": "openai/*"}}, "rights.models must be an array"),
    ({"name": "x", "rights": {"models": [""]}}, "rights.models must be"),
    ({"name": "x", "rights": {"concurrency": 0}}, "rights.concurrency must be at least 1"),
    ({"name": "x", "rights": {"concurrency": 1.5}}, "rights.concurrency must be a whole number"),
    ({"name": "x", "rights": {"max_cost_usd": -1}}, "rights.max_cost_usd must be dollars"),
    ({"name": "x", "rights": {"manages": True, "infers": True}}, "either infers or manages"),
    ({"name": "x", "rights": {"infers": False}}, "either infers or manages"),
    ({"name": "x", "limit": -1}, "limit must be dollars"),
    ({"name": "x", "limit": 1, "limit_reset": "hourly"}, "limit_reset must be one of daily"),
    ({"name": "x", "expires_at": "tomorrow"}, "expires_at must be a time with its zone"),
    ({"name": "x", "expires_at": "2027-01-01T00:00:00"}, "expires_at must be a time with its"),
    ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at must lie in the future"),
    ({"name": "x", "user": "a", "creator_user_id": "b"}, "Two users are named"),
)


async def test_what_is_wrong_with_a_wish_is_said(tmp_path: Path) -> None:
    async with managing(tmp_path, f"sqlite:///{tmp_path}/x.db") as managed:
        for wish, said in WRONG:
            for path in ("/v1/manage/keys", "/api/v1/keys"):
                heard = await managed.operator.call("POST", path, wish)
                assert (wish, heard.status) == (wish, 400)
                assert said in refused(path, heard)
        assert (await managed.operator.ask("GET", "/v1/manage/keys"))["data"] == []
        assert (await managed.operator.ask("GET", "/v1/manage/budgets"))["data"] == []


async def test_a_secret_stands_in_no_log(
    tmp_path: Path, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with managing(tmp_path, url) as managed:
        manager, user = await managed.tenant()
        rotated = await manager.ask("POST", f"/v1/manage/keys/{user.id}/rotate", {})
        await user.call("GET", "/api/v1/key")
        for secret in (OPERATOR, manager.key, user.key, rotated["key"]):
            assert secret not in caplog.text
            changes = await manager.call("GET", "/v1/manage/changes")
            assert secret.encode() not in changes.body


async def test_a_key_that_is_revoked_on_one_server_is_dead_on_the_other(
    tmp_path: Path, server: str
) -> None:
    """Two processes on one PostgreSQL."""
    (tmp_path / "other").mkdir()
    written = settings(new_database(server))
    seen = {"MANYMIND_API_KEY": OPERATOR}
    async with (
        program(tmp_path, "--port", "0", settings=written, environment=seen) as one,
        program(tmp_path / "other", "--port", "0", settings=written, environment=seen) as other,
        aiohttp.ClientSession() as session,
    ):
        operator = Holder(await one.url(), session, OPERATOR)
        key = await operator.give()
        there = Holder(await other.url(), session, key.key, key.id)
        assert (await there.call("GET", "/api/v1/key")).status == 200
        for path, body, after in (
            (f"/v1/manage/keys/{key.id}", {"disabled": True}, 401),
            (f"/v1/manage/keys/{key.id}", {"disabled": False}, 200),
        ):
            await operator.ask("PATCH", path, body)
            changed = monotonic()
            while (await there.call("GET", "/api/v1/key")).status != after:
                assert monotonic() - changed < 1.5, "the second, and what two busy cores add"
                await anyio.sleep(0.02)
            assert monotonic() - changed < 1.5
