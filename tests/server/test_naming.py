"""Replies bear ids as the readers of each house know them, whole and streamed."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import UUID

import pytest

from manymind.canon.events import Began, spoken
from manymind.server.naming import Naming
from tests.faults.fronts import FRONTS, post
from tests.faults.wire import text_at
from tests.flows.stage import Stage, on_stage

HOUSES = {
    "/v1": {"chat": "chatcmpl-", "responses": "resp_", "messages": "msg_"},
    "/api/v1": {"chat": "gen-", "responses": "resp_", "messages": "msg_"},
    "/client/v4/accounts/a/ai/v1": {"chat": "", "responses": "", "messages": "msg_"},
}
OWN = ("manymind/reader", "manymind/multi-agent")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    async with on_stage(tmp_path, settings='[team]\nleader = "manymind/reader"\n') as stage:
        yield stage


@pytest.mark.parametrize("model", OWN)
@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("house", HOUSES)
async def test_our_own_models_answers_bear_a_uuid_under_the_houses_prefix(
    stage: Stage, house: str, front: str, model: str
) -> None:
    face, prefix = FRONTS[front], HOUSES[house][front]
    url = f"{stage.url}{house}{face.path.removeprefix('/v1')}"
    whole = await post(url, face.body(model, stream=False))
    streamed = await post(url, face.body(model, stream=True))
    chunks = [message.json for message in streamed.messages if message.data != "[DONE]"]
    places = [chunks[0], chunks[0].get("response"), chunks[0].get("message")]
    ids = [text_at(whole.json, "id"), next(filter(None, (text_at(p, "id") for p in places)))]
    assert ids[0] != ids[1]
    for given in ids:
        assert given.startswith(prefix)
    asked = whole.headers["x-request-id"].removeprefix("req_")
    assert UUID(ids[0].removeprefix(prefix)) == UUID(asked)
    assert UUID(ids[1].removeprefix(prefix))


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("provider", ["anthropic", "openai", "vllm", "xai"])
async def test_a_providers_id_is_kept_under_the_prefix_of_the_callers_dialect(
    stage: Stage, provider: str, front: str
) -> None:
    face, prefix = FRONTS[front], HOUSES["/v1"][front]
    heard = await post(stage.url + face.path, face.body(f"{provider}/sim-echo", stream=False))
    assert re.fullmatch(f"{prefix}[0-9a-f]+", text_at(heard.json, "id"))
    streamed = await post(stage.url + face.path, face.body(f"{provider}/sim-echo", stream=True))
    ids = {text_at(message.json, "id") for message in streamed.messages} - {""}
    assert len(ids) <= 1, "one id for all chunks"


def test_the_prefix_of_another_house_is_replaced_and_an_agents_id_is_left_alone() -> None:
    naming = Naming("openai_responses", "openai", "req_1")
    for given, named in (("", "resp_1"), ("chatcmpl-x", "resp_x"), ("x", "resp_x")):
        heard = naming.hear(spoken(Began(id=given, model="m")))
        assert heard.events == (Began(id=named, model="m"),)
    agent = spoken(Began(id="", model="m", voice="agent-1"))
    assert naming.hear(agent) == agent
