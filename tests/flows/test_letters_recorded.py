"""A call that was passed on unopened is told as fully as one that was read: by what its provider
called the answer, and with why it stopped."""

import re
from pathlib import Path

import pytest

from tests.faults.fronts import FRONTS
from tests.flows.records_stage import call
from tests.flows.stage import on_stage
from tests.flows.test_records_owned import BOSS, BOSSED, post

UPSTREAMS = {
    "chat": "vllm/sim-echo",
    "responses": "openai/sim-echo",
    "messages": "anthropic/sim-echo",
}
CAPS = {"chat": "max_tokens", "responses": "max_output_tokens", "messages": "max_tokens"}
WORDS = {
    "chat": {"stop": "stop", "length": "length"},
    "responses": {"stop": "completed", "length": "max_output_tokens"},
    "messages": {"stop": "end_turn", "length": "max_tokens"},
}
_ID = re.compile(r'"id": ?"([^"]+)"')


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("front", UPSTREAMS)
async def test_an_unopened_call_is_found_by_its_reply_and_says_why_it_stopped(
    tmp_path: Path, front: str, stream: bool
) -> None:
    face, model = FRONTS[front], UPSTREAMS[front]
    async with on_stage(tmp_path, environment=BOSSED) as stage:
        for finish, more in (("stop", {}), ("length", {CAPS[front]: 3})):
            if front == "responses":
                more = {**more, "store": False}
            body = {**face.body(model, stream=stream), **more}
            heard = await post(stage, face.path(model, stream=stream), body)
            assert heard.status == 200, heard.text
            sent = stage.simulated.visits[-1].body
            assert {**sent, "model": model, "stream_options": None} == {
                **body,
                "stream_options": None,
            }
            named = _ID.search(heard.text)
            assert named is not None
            said = await call(stage, f"/api/v1/generation?id={named[1]}", key=BOSS)
            assert said.status == 200, named[1]
            data = said.json["data"]
            assert data["request_id"] == heard.headers["x-request-id"]
            told = (data["finish_reason"], data["native_finish_reason"], data["upstream_id"])
            assert told == (finish, WORDS[front][finish], named[1])
            assert data["streamed"] is stream
            assert [row["outcome"] for row in data["attempts"]] == ["completed"]
