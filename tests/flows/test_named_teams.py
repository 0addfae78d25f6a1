"""Teams that the operator describes: each is a model of its own, with a model for each role."""

from pathlib import Path

import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from manymind.canon.requests import Request
from manymind.config import ConfigError
from manymind.providers.acts import Line
from manymind.server.simulated import Simulated
from tests.flows.forms import turns, user
from tests.flows.stage import HANDBOOK, KEY, on_stage

SETTINGS = """
[team]
leader = "vllm/sim-researcher"

[teams.careful]
agent = "vllm/sim-researcher"
verifier = "vllm/judge"
unsupported = "drop"

[teams.quick]
verifier = "manymind/reader"
"""
QUESTION = f"{HANDBOOK}\nWho approves leave?"


def judge(request: Request) -> tuple[Line, ...]:
    return ('{"verdicts": []}',)


async def test_each_team_is_a_model_with_roles_of_its_own(tmp_path: Path) -> None:
    played = Simulated(key=KEY, acts={"judge": judge})
    async with (
        on_stage(tmp_path, settings=SETTINGS, simulated=played) as stage,
        AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as client,
    ):
        listed = {model.id async for model in client.models.list()}
        assert {"manymind/team-careful", "manymind/team-quick"} <= listed
        told: dict[str, dict[str, object]] = {}
        for name in ("multi-agent", "team-careful", "team-quick"):
            response = await client.responses.create(model=f"manymind/{name}", input=QUESTION)
            assert response.model == f"manymind/{name}"
            assert response.output_text
            told[name] = (response.model_extra or {})["verification"]
        assert told["multi-agent"]["policy"] == told["team-quick"]["policy"] == "mark"
        assert told["team-careful"]["policy"] == "drop"
        quick = told["team-quick"]["verifier"]
        assert quick == {
            "status": "off",
            "reason": "the built-in reader finds and quotes, and cannot judge",
        }


async def test_the_sdks_of_other_dialects_keep_what_was_proved(tmp_path: Path) -> None:
    async with (
        on_stage(tmp_path, settings=SETTINGS) as stage,
        AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as chat,
        AsyncAnthropic(base_url=stage.url, api_key="none", max_retries=0) as messages,
    ):
        model = "manymind/team-quick"
        whole = await chat.chat.completions.create(model=model, messages=turns(user(QUESTION)))
        assert (whole.model_extra or {})["verification"]["counts"]["verbatim"] > 0
        async with messages.messages.stream(
            model=model,
            max_tokens=2_000,
            messages=[{"role": "user", "content": QUESTION}],
        ) as stream:
            extras = [getattr(event, "verification", None) async for event in stream]
        assert next(extra for extra in extras if extra)["counts"]["verbatim"] > 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('[teams.odd]\nverifier = "manymind/nothing"', r"teams\.odd\.verifier"),
        ('[teams.odd]\nleader = "manymind/team-odd"', r"teams\.odd\.leader .* a team itself"),
        ('[teams."Odd One"]\nleader = "vllm/sim-echo"', "teams"),
        ('[teams.odd]\nunsupported = "burn"', r"teams"),
    ],
)
async def test_a_team_that_cannot_be_is_refused_at_the_start(
    tmp_path: Path, settings: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        async with on_stage(tmp_path, settings=settings):
            pass
