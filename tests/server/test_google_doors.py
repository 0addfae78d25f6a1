"""Google's paths: what is counted there, and in whose words they refuse."""

import json

import pytest

from manymind.providers.scripted import Scripted
from tests.server.stage import Heard, Terms, calling

CONTENTS = [{"role": "user", "parts": [{"text": "hello world"}]}]
COUNT = "/v1beta/models/acme/small:countTokens"
MANY = "&".join("a=1" for _ in range(200))


def refused(heard: Heard, status: int) -> str:
    """The message of a refusal, whose shape is Google's."""
    assert heard.status == status, heard.body
    error = json.loads(heard.body)["error"]
    assert error["code"] == status
    assert {"message", "status", "details"} < error.keys()
    return error["message"]


@pytest.mark.parametrize("prefix", ["/v1beta", "/v1"])
async def test_contents_and_a_whole_request_are_counted_alike(prefix: str) -> None:
    whole = {"model": "models/other", "contents": CONTENTS}
    async with calling(Scripted("s")) as caller:
        path = f"{prefix}/models/acme/small:countTokens"
        plain = await caller.post(path, {"contents": CONTENTS})
        wrapped = await caller.post(path, {"generateContentRequest": whole})
        snake = await caller.post(path, {"generate_content_request": whole})
    assert plain.json.keys() == {"totalTokens"}
    assert isinstance(plain.json["totalTokens"], int)
    assert plain.json == wrapped.json == snake.json


async def test_instructions_are_counted_with_the_contents() -> None:
    more = {"systemInstruction": {"parts": [{"text": "Be brief, be kind. " * 20}]}}
    async with calling(Scripted("s")) as caller:
        alone = await caller.post(COUNT, {"contents": CONTENTS})
        both = await caller.post(COUNT, {"generateContentRequest": {"contents": CONTENTS, **more}})
    assert json.loads(both.body)["totalTokens"] > json.loads(alone.body)["totalTokens"] + 40


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "contents"),
        ({"generateContentRequest": None}, "must be a JSON object"),
        ({"generateContentRequest": {}}, "contents"),
        ({"generateContentRequest": {"contents": 3}}, "contents"),
        ({"generateContentRequest": {}, "contents": CONTENTS}, "not both"),
        ({"contents": []}, "contents"),
        (b"", "JSON"),
        (b"[]", "JSON object"),
        (b"\xff", "JSON"),
        (b"[" * 50_000, "nested"),
    ],
)
async def test_what_cannot_be_counted_is_refused(body: object, said: str) -> None:
    async with calling(Scripted("s")) as caller:
        assert said in refused(await caller.post(COUNT, body), 400)


@pytest.mark.parametrize(
    "path",
    [
        f"/v1beta/models?{MANY}",
        "/v1beta/models?pageSize=1&pageSize=2",
        "/v1beta/models?pageSize=%ff",
        f"/v1beta/models/acme/small?{MANY}",
    ],
)
@pytest.mark.parametrize("key", [None, "secret"])
async def test_a_query_that_cannot_be_read_is_the_callers_fault(path: str, key: str | None) -> None:
    async with calling(Scripted("s"), Terms(key=key)) as caller:
        heard = await caller.get(path)
    assert heard.status in ((400, 401) if key else (200, 400))


async def test_a_stream_with_a_query_that_cannot_be_read_is_refused() -> None:
    path = f"/v1beta/models/acme/small:streamGenerateContent?alt=sse&{MANY}"
    async with calling(Scripted("s")) as caller:
        refused(await caller.post(path, {"contents": CONTENTS}), 400)


async def test_a_path_of_googles_at_which_nothing_stands_is_refused_in_its_words() -> None:
    async with calling(Scripted("s")) as caller:
        refused(await caller.get("/v1beta/files"), 404)
        refused(await caller.get("/v1/models/nobody/none", x_goog_api_key="any"), 404)
        refused(await caller.post("/v1beta/models/acme/small:embedContent", {}), 405)
