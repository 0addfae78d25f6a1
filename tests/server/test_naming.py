"""Replies bear ids as the readers of each house know them, whole and streamed."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import UUID

import pytest

from manymind.canon.events import Began, spoken
from manymind.server.naming import Naming
from tests.faults.fronts import FRONTS, Heard, call, post
from tests.faults.wire import text_at
from tests.flows.stage import Stage, on_stage

HOUSES = {
    "/v1": {"chat": "chatcmpl-", "responses": "resp_", "messages": "msg_", "gemini": ""},
    "/api/v1": {"chat": "gen-", "responses": "resp_", "messages": "msg_"},
    "/client/v4/accounts/a/ai/v1": {"chat": "", "responses": "", "messages": "msg_"},
}
DOORS = [(house, front) for house, fronts in HOUSES.items() for front in fronts]
ID = {"gemini": "responseId"}
"""Where the id of a reply stands, if it is not called so."""

OWN = ("manymind/reader", "manymind/multi-agent")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    async with on_stage(tmp_path, settings='[team]\nleader = "manymind/reader"\n') as stage:
        yield stage


@pytest.mark.parametrize("model", OWN)
@pytest.mark.parametrize(("house", "front"), DOORS)
async def test_our_own_models_answers_bear_a_uuid_under_the_houses_prefix(
    stage: Stage, house: str, front: str, model: str
) -> None:
    face, prefix, named = FRONTS[front], HOUSES[house][front], ID.get(front, "id")

    async def ask(*, stream: bool) -> Heard:
        path = house + face.path(model, stream=stream).removeprefix("/v1")
        return await post(stage.url + path, face.body(model, stream=stream))

    whole, streamed = await ask(stream=False), await ask(stream=True)
    chunks = [message.json for message in streamed.messages if message.data != "[DONE]"]
    places = [chunks[0], chunks[0].get("response"), chunks[0].get("message")]
    ids = [text_at(whole.json, named), next(filter(None, (text_at(p, named) for p in places)))]
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
    face, prefix, named = FRONTS[front], HOUSES["/v1"][front], ID.get(front, "id")
    model = f"{provider}/sim-echo"
    heard = await call(face, stage.url, model, stream=False)
    assert re.fullmatch(f"{prefix}[0-9a-f]+", text_at(heard.json, named))
    streamed = await call(face, stage.url, model, stream=True)
    ids = {text_at(message.json, named) for message in streamed.messages} - {""}
    assert len(ids) <= 1, "one id for all chunks"


def test_the_prefix_of_another_house_is_replaced_and_an_agents_id_is_left_alone() -> None:
    naming = Naming("openai_responses", "openai", "req_1")
    for given, named in (("", "resp_1"), ("chatcmpl-x", "resp_x"), ("x", "resp_x")):
        heard = naming.hear(spoken(Began(id=given, model="m")))
        assert heard.events == (Began(id=named, model="m"),)
    agent = spoken(Began(id="", model="m", voice="agent-1"))
    assert naming.hear(agent) == agent
