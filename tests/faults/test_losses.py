"""What cannot be carried across is named in a header, or refused before anything is sent."""

from pathlib import Path

import pytest

from manymind.server.simulated import Simulated
from tests.faults.fronts import FRONTS, call
from tests.faults.stage import UPSTREAMS, facing, model
from tests.faults.wire import Json
from tests.flows.stage import Stage, on_stage

HEADER = "x-manymind-dropped-parameters"

COMPLETION: Json = {
    "id": "gen-1",
    "object": "chat.completion",
    "created": 1,
    "model": "anthropic/claude-sonnet-4.5",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    ],
}

LOST = {
    ("chat", "anthropic"): ("seed", 3),
    ("chat", "openai by responses"): ("seed", 3),
    ("responses", "anthropic"): ("truncation", "auto"),
    ("responses", "openai by chat"): ("truncation", "auto"),
    ("responses", "vllm"): ("truncation", "auto"),
    ("messages", "openai by chat"): ("top_k", 5),
    ("messages", "openai by responses"): ("stop_sequences", ["."]),
    ("messages", "openai"): ("top_k", 5),
    ("gemini", "anthropic"): ("generationConfig.frequencyPenalty", 0.5),
    ("gemini", "openai by chat"): ("generationConfig.topK", 3),
    ("gemini", "openai by responses"): ("generationConfig.stopSequences", ["."]),
    ("gemini", "vllm"): ("generationConfig.topK", 3),
}
"""A parameter of the front that the upstream's dialect has no place for, in the words of the
front."""


ALONE = {"OPENROUTER_API_KEY": ""}
"""Without OpenRouter, which sells the others' models as well and may carry what they cannot."""


def given(field: str, value: object) -> Json:
    """What a body holds that gives the field this value."""
    outer, _, inner = field.partition(".")
    return {outer: {inner: value}} if inner else {outer: value}


def asked(stage: Stage) -> int:
    return len([visit for visit in stage.simulated.visits if visit.method == "POST"])


@pytest.mark.parametrize(("front", "upstream"), LOST)
async def test_a_dropped_parameter_is_named_in_a_header(
    tmp_path: Path, front: str, upstream: str
) -> None:
    face, (field, value) = FRONTS[front], LOST[front, upstream]
    async with facing(tmp_path, upstream, environment=ALONE) as stage:
        for stream in (False, True):
            named = model(upstream, "")
            heard = await call(face, stage.url, named, stream=stream, **given(field, value))
            assert heard.status == 200
            assert field in heard.headers[HEADER].split(", ")
            kept = await call(face, stage.url, named, stream=stream)
            assert HEADER not in kept.headers


@pytest.mark.parametrize(("front", "upstream"), LOST)
async def test_a_required_parameter_that_would_be_lost_is_refused_unsent(
    tmp_path: Path, front: str, upstream: str
) -> None:
    face, (field, value) = FRONTS[front], LOST[front, upstream]
    async with facing(tmp_path, upstream, environment=ALONE) as stage:
        before = asked(stage)
        for stream in (False, True):
            more = given(field, value) | {"provider": {"require_parameters": True}}
            heard = await call(face, stage.url, model(upstream, ""), stream=stream, **more)
            assert heard.status == 400
            message, code = face.refused(heard)
            assert field in message
            assert code in ("unsupported_parameter", "invalid_request_error")
        assert asked(stage) == before


@pytest.mark.matrix(keep=9)
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("front", FRONTS)
async def test_what_loses_nothing_passes_where_all_parameters_are_required(
    tmp_path: Path, front: str, upstream: str
) -> None:
    face = FRONTS[front]
    async with facing(tmp_path, upstream) as stage:
        required = {"provider": {"require_parameters": True}}
        heard = await call(face, stage.url, model(upstream, ""), stream=False, **required)
        assert heard.status == 200, heard.body
        assert HEADER not in heard.headers


async def test_made_up_names_cannot_break_the_header(tmp_path: Path) -> None:
    hostile = {f"x\r\nset-cookie: a{number}\u2028": 1 for number in range(300)}
    async with facing(tmp_path, "anthropic", environment=ALONE) as stage:
        for stream in (False, True):
            named = model("anthropic", "")
            heard = await call(FRONTS["chat"], stage.url, named, stream=stream, **hostile)
            assert heard.status == 200
            assert "set-cookie" not in heard.headers
            assert len(heard.headers[HEADER]) < 2100
            assert heard.headers[HEADER].endswith("more")


async def test_a_loss_that_is_known_after_the_first_heartbeat_is_told_in_a_comment(
    tmp_path: Path,
) -> None:
    face, beating = FRONTS["chat"], "[server]\nheartbeat_seconds = 0.05\n"
    async with facing(tmp_path, "anthropic", beating, environment=ALONE) as stage:
        named = model("anthropic", "latency=0.3")
        heard = await call(face, stage.url, named, stream=True, seed=3)
        assert heard.body.startswith(b": manymind is working")
        assert f": {HEADER}: seed\n\n".encode() in heard.body
        assert face.completed(heard.messages)


async def test_the_losses_are_those_of_the_attempt_that_answers(tmp_path: Path) -> None:
    """Anthropic would drop the seed, but fails; OpenRouter, which answers, does not."""
    face, named = FRONTS["chat"], "anthropic/claude-sonnet-4.5"
    failing = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    replies = {"anthropic/claude-sonnet-4.5": COMPLETION}
    async with on_stage(
        tmp_path, simulated=Simulated(replies=replies), environment=failing
    ) as stage:
        heard = await call(face, stage.url, named, stream=False, seed=3)
        assert heard.status == 200, heard.body
        assert HEADER not in heard.headers
