"""The clients of the field, unmodified, over sockets: each says one thing in every dialect it
speaks, with a provider of every dialect behind us."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.flows.clients.installed import Clients
from tests.flows.stage import HANDBOOK, TEAM_OF_SIMULATED, Stage, on_stage

pytestmark = pytest.mark.long

MODELS = ["openai/sim-assistant", "xai/sim-assistant", "anthropic/sim-assistant"]
PICTURE = "image: image/png, 70 bytes, sha256 6b7fa434f92a8b80"
LAMPS = {"name": "lamps", "count": 7}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    async with on_stage(tmp_path) as stage:
        yield stage


@pytest.fixture
def seen(stage: Stage) -> dict[str, str]:
    """What a program is told: where we are, and which models to ask."""
    return {"BASE_URL": stage.url, "MODELS": " ".join(MODELS)}


def of_each_model(**heard: object) -> list[dict[str, object]]:
    return [{"model": model, **heard} for model in MODELS]


async def test_openai_agents_sdk(clients: Clients, seen: dict[str, str]) -> None:
    ended = await clients.python("agents_sdk.py", seen)
    scenes = {
        "said": "One two three",
        "tool": "Sunny in Oslo",
        "typed": LAMPS,
        "handed to": "Billing",
        "streamed": {
            "items": ["tool_called", "tool_output", "message_output_created"],
            "words": "Sunny in Oslo",
            "final": "Sunny in Oslo",
        },
        "turns": "One Two",
    }
    assert ended.heard == of_each_model(chat=scenes, responses=scenes, recalled=True)


async def test_pydantic_ai(clients: Clients, seen: dict[str, str]) -> None:
    ended = await clients.python("pydantic_agents.py", seen)
    scenes = {
        "said": "One two three",
        "counted": True,
        "again": "Four",
        "tool": "Sunny in Oslo",
        "native": LAMPS,
        "by tool": LAMPS,
        "picture": PICTURE,
        "streamed": "One two three",
        "tool streamed": "Sunny in Oslo",
    }
    assert ended.heard == of_each_model(chat=scenes, responses=scenes, messages=scenes)


async def test_openrouter_sdk(clients: Clients, seen: dict[str, str]) -> None:
    ended = await clients.python("openrouter_sdk.py", seen)
    chat = {
        "said": "One two three",
        "streamed": "One two three",
        "counted": True,
        "typed": LAMPS,
        "tool": "Sunny",
    }
    responses = {
        "said": "One two three",
        "first": "response.created",
        "last": "response.completed",
    }
    assert ended.heard == of_each_model(
        listed=True, chat=chat, responses=responses, refused="NotFoundResponseError 404"
    )


async def test_litellm(clients: Clients, seen: dict[str, str]) -> None:
    ended = await clients.python("litellm_client.py", seen)
    scenes = {
        "said": "One two three",
        "counted": True,
        "streamed": "One two three",
        "tool": "Sunny",
    }
    assert ended.heard == of_each_model(chat=scenes, messages=scenes, openrouter=scenes)


async def test_vercel_ai_sdk(clients: Clients, seen: dict[str, str], tmp_path: Path) -> None:
    scratch = tmp_path / "node"
    scratch.mkdir()
    ended = await clients.node("ai_sdk.mjs", seen, scratch)
    scenes = {
        "said": "One two three",
        "finished": "stop",
        "counted": True,
        "tool": "Sunny",
        "steps": 2,
        "typed": LAMPS,
        "picture": PICTURE,
        "streamed": {"words": "One two three", "calls": 0},
        "tool streamed": {"words": "Sunny", "calls": 1},
    }
    ways = ("chat", "responses", "messages", "xai", "openrouter")
    assert ended.heard == of_each_model(**dict.fromkeys(ways, scenes))


async def test_vercel_ai_sdk_hears_thoughts(clients: Clients, stage: Stage, tmp_path: Path) -> None:
    """Its OpenAI provider takes summaries alone: a digest that Messages tells is one."""
    scratch = tmp_path / "node"
    scratch.mkdir()
    thinkers = ["openai/sim-thinker", "xai/sim-thinker", "anthropic/sim-thinker"]
    seen = {"BASE_URL": stage.url, "MODELS": " ".join(thinkers)}
    ended = await clients.node("ai_sdk_thoughts.mjs", seen, scratch)
    told = "I count the words one by one and come to 3. The longest is 'three'."
    everywhere = dict.fromkeys(("responses", "messages", "xai", "openrouter"), told)
    assert ended.heard == [{"model": thinker, **everywhere} for thinker in thinkers]


async def test_node_sdks_of_openai_and_anthropic(
    clients: Clients, seen: dict[str, str], tmp_path: Path
) -> None:
    scratch = tmp_path / "node"
    scratch.mkdir()
    ended = await clients.node("vendor_sdks.mjs", seen, scratch)
    scenes = {
        "said": "One two three",
        "streamed": "One two three",
        "tool": "Sunny",
        "refused": "NotFoundError 404 with an id",
    }
    assert ended.heard == of_each_model(chat=scenes, responses=scenes, messages=scenes)


@pytest.mark.parametrize("model", ["manymind/multi-agent", "manymind/reader"])
async def test_vercel_ai_sdk_hears_sources(clients: Clients, tmp_path: Path, model: str) -> None:
    scratch = tmp_path / "node"
    scratch.mkdir()
    async with on_stage(tmp_path, settings=TEAM_OF_SIMULATED) as stage:
        seen = {
            "BASE_URL": stage.url,
            "MODELS": model,
            "QUESTION": HANDBOOK + "Who approves leave?",
        }
        (heard,) = (await clients.node("ai_sdk_sources.mjs", seen, scratch)).heard
    assert heard["whole"] == heard["streamed"]
    assert "station master" in str(heard["whole"])
    assert "'cited': True" in str(heard["whole"])
