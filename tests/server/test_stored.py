"""Pages of what is kept refuse whatever makes no sense, in OpenAI's shape."""

from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manymind.canon.faults import BadRequest
from manymind.canon.items import Unread
from manymind.memory.compaction import opened
from manymind.store.answers import Answers
from manymind.store.conversations import Conversations
from manymind.store.database import Database
from tests.flows.stage import on_stage
from tests.server.stage import Caller, Heard
from tests.store.stage import kept, said
from tests.world import WallClock

LONG = "x" * 10_000
FOREIGN = "resp_foreign"

ABSENT = [
    ("GET", "/v1/responses/{}"),
    ("DELETE", "/v1/responses/{}"),
    ("POST", "/v1/responses/{}/cancel"),
    ("GET", "/v1/responses/{}/input_items"),
    ("GET", "/v1/responses/{}?stream=true"),
    ("GET", "/v1/chat/completions/{}"),
    ("DELETE", "/v1/chat/completions/{}"),
    ("GET", "/v1/chat/completions/{}/messages"),
    ("GET", "/v1/conversations/{}"),
    ("DELETE", "/v1/conversations/{}"),
    ("GET", "/v1/conversations/{}/items"),
    ("GET", "/v1/conversations/{}/items/msg_1"),
    ("DELETE", "/v1/conversations/{}/items/msg_1"),
    ("GET", "/api/v1/responses/{}"),
    ("GET", "/api/v1/conversations/{}"),
]

NAMES = ["resp_none", FOREIGN, "conv_foreign", LONG, "%00", "%F0%9F", "a%2Fb", "..", "%27--", "1e5"]

BAD_QUERIES = [
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=ten",
    "limit=1&limit=2",
    "limit=" + "9" * 5000,
    "limit=%D9%A1",
    "order=up",
    "after=nobody",
    "before=nobody",
    "after=%00",
    "%FF=%FF",
    "&".join(f"a{n}=1" for n in range(100)),
]

BAD_BODIES = [
    b"[]",
    b"{",
    b'{"metadata": []}',
    b'{"metadata": {"a": 1}}',
    b'{"metadata": {"a": "' + LONG.encode() + b'"}}',
    b'{"metadata": {"' + LONG.encode() + b'": "a"}}',
    b'{"items": {}}',
    b'{"items": [1]}',
    b'{"items": [{"type": "message"}]}',
    b'{"items": [{"type": "message", "role": "king", "content": "x"}]}',
    b"[" * 100_000,
    b"\xff",
]


@pytest.fixture
async def caller(tmp_path: Path) -> AsyncGenerator[Caller]:
    """One who has kept one answer, beside what belongs to someone else."""
    skip = frozenset({"Content-Type", "User-Agent"})
    address = tmp_path / "data" / "manymind.db"
    database = Database.file(address)
    answers = Answers(database, WallClock(), days=30)
    await answers.keep(kept(FOREIGN, owner="someone else"))
    await answers.keep(kept("chatcmpl-foreign2", owner="someone else", dialect="openai_chat"))
    await answers.keep(kept("resp_mine", owner="owner"))
    conversations = Conversations(database, WallClock())
    await conversations.create("someone else", "conv_foreign", {}, {"msg_1": said("secret")})
    await conversations.create("owner", "conv_mine", {}, {"msg_1": said("open")})
    async with (
        on_stage(tmp_path) as stage,
        aiohttp.ClientSession(skip_auto_headers=skip) as session,
    ):
        yield Caller(stage.url, session)
    await database.aclose()


def refused(heard: Heard, status: int) -> None:
    assert heard.status == status, heard.body[:300]
    error = heard.json["error"]
    assert isinstance(error, dict)
    assert {"message", "type", "param", "code"} <= error.keys()
    assert len(heard.body) < 2000


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_not_the_callers_is_not_there(caller: Caller, name: str) -> None:
    for method, path in ABSENT:
        heard = await caller.call(method, path.format(name))
        refused(heard, 404)
        assert b"secret" not in heard.body


async def test_nobody_writes_to_what_is_not_theirs(caller: Caller) -> None:
    for path in ("/v1/conversations/conv_foreign", "/v1/chat/completions/chatcmpl-foreign2"):
        refused(await caller.post(path, {"metadata": {"a": "b"}}), 404)
    items = [{"type": "message", "role": "user", "content": "x"}]
    refused(await caller.post("/v1/conversations/conv_foreign/items", {"items": items}), 404)
    body = {"model": "manymind/reader", "input": "x"}
    for field in ("previous_response_id", "conversation"):
        named, status = (FOREIGN, 400) if field == "previous_response_id" else ("conv_foreign", 404)
        refused(await caller.post("/v1/responses", {**body, field: named}), status)
        refused(await caller.post("/v1/responses", {**body, field: LONG}), status)
        refused(await caller.post("/v1/responses", {**body, field: 7}), 400)
        refused(await caller.post("/v1/responses", {**body, field: [1]}), 400)


@pytest.mark.parametrize("asked", BAD_QUERIES)
async def test_bad_paging_is_refused(caller: Caller, asked: str) -> None:
    paths = ["/v1/responses/resp_mine/input_items", "/v1/chat/completions"]
    for path in [*paths, "/v1/conversations/conv_mine/items"]:
        heard = await caller.get(f"{path}?{asked}")
        assert 400 <= heard.status < 500 or "before" in asked, (path, heard.body[:200])


@pytest.mark.parametrize("body", BAD_BODIES)
async def test_bodies_of_the_wrong_shape_are_refused(caller: Caller, body: bytes) -> None:
    for path in ("/v1/conversations", "/v1/responses/compact"):
        refused(await caller.post(path, body), 400)
    for path in ("/v1/conversations/conv_mine", "/v1/conversations/conv_mine/items"):
        refused(await caller.post(path, body), 400)


async def test_the_rest_of_a_stream_needs_a_stream(caller: Caller) -> None:
    for asked in ("starting_after=1", "stream=yes", "stream=true&starting_after=-1"):
        refused(await caller.get(f"/v1/responses/resp_mine?{asked}"), 400)
    heard = await caller.get("/v1/responses/resp_mine?stream=true&starting_after=100000")
    assert (heard.status, heard.body) == (200, b"")


async def test_too_many_items_at_once_are_refused(caller: Caller) -> None:
    items = [{"type": "message", "role": "user", "content": "x"}] * 21
    refused(await caller.post("/v1/conversations", {"items": items}), 400)
    many = {f"k{n}": "v" for n in range(17)}
    refused(await caller.post("/v1/conversations", {"metadata": many}), 400)


async def test_compacting_needs_a_model_and_something_to_compact(caller: Caller) -> None:
    refused(await caller.post("/v1/responses/compact", {"input": "x"}), 400)
    refused(await caller.post("/v1/responses/compact", {"model": "manymind/reader"}), 400)
    missing = {"model": "manymind/reader", "previous_response_id": "resp_none"}
    refused(await caller.post("/v1/responses/compact", missing), 400)
    unknown = {"model": "manymind/none", "input": "x"}
    refused(await caller.post("/v1/responses/compact", unknown), 404)


sealed = st.text("abcABC019_-=. ", max_size=40).map(lambda text: f"manymind1.{text}") | st.text()


async def test_a_damaged_compaction_is_refused(caller: Caller) -> None:
    for content in ("manymind1.", "manymind1.AAAA", "manymind1.%%%"):
        item = {"type": "compaction", "encrypted_content": content}
        body = {"model": "manymind/reader", "input": [item]}
        refused(await caller.post("/v1/responses", body), 400)


@given(sealed)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_compaction_holds_it_is_opened_left_or_refused(content: str) -> None:
    item = Unread(
        dialect="openai_responses", data={"type": "compaction", "encrypted_content": content}
    )
    try:
        (left,) = opened((item,))
    except BadRequest as fault:
        assert fault.field == "input[0].encrypted_content"
    else:
        assert left == item or content.startswith("manymind1.")
