"""Every event of every stream, and every whole reply, is valid by the vendors' own types."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from manymind.server.simulated import Simulated
from tests.faults.fronts import FRONTS
from tests.faults.wire import messages
from tests.flows.stage import KEY, TEAM_OF_SIMULATED, Stage, on_stage
from tests.flows.vendor_streams import ACTS, KINDS, REPLIES, Kind, body
from tests.flows.vendor_types import EVENTS, WHOLES, extras, listed

LISTED = listed()

SETTINGS = f"""{TEAM_OF_SIMULATED}
[providers.openai]
dialect = "openai_responses"

[providers.gemini]
dialect = "gemini"
"""

AGENT = "manymind.agent.event"
BESIDE = ("ping", "error", AGENT)
"""Events that the SDKs' types do not count among the others."""

OWN = (
    Kind(name="the reader", model="manymind/reader"),
    Kind(name="the reader calls", model="manymind/reader", tools=True),
    Kind(name="the team", model="manymind/multi-agent"),
    Kind(name="the team, seen", model="manymind/multi-agent", more={"include": ["agents"]}),
)

CASES = [
    pytest.param(upstream, kind, id=f"{kind.name} from {upstream}")
    for upstream in REPLIES
    for kind in KINDS
]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def stages(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Mapping[str, Stage]]:
    """A house for each upstream, since each tells of a search in its own words."""
    opened: dict[str, Any] = {}
    stages: dict[str, Stage] = {}
    for upstream, reply in REPLIES.items():
        folder: Path = tmp_path_factory.mktemp(upstream)
        simulated = Simulated(key=KEY, acts=ACTS, replies={"sim-searched": reply})
        opened[upstream] = on_stage(folder, settings=SETTINGS, simulated=simulated)
        stages[upstream] = await opened[upstream].__aenter__()
    yield stages
    for house in opened.values():
        await house.__aexit__(None, None, None)


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(("upstream", "kind"), CASES)
async def test_what_a_provider_says_is_valid(
    stages: Mapping[str, Stage], upstream: str, kind: Kind, front: str
) -> None:
    found = await _asked(stages[upstream].url, front, kind, f"{upstream}/{kind.model}")
    assert found <= LISTED


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("kind", OWN, ids=lambda kind: kind.name)
async def test_what_our_own_models_say_is_valid(
    stages: Mapping[str, Stage], kind: Kind, front: str
) -> None:
    assert await _asked(stages["vllm"].url, front, kind, kind.model) <= LISTED


async def _asked(url: str, front: str, kind: Kind, model: str) -> set[tuple[str, str]]:
    """What the official types do not know of an answer, streamed and whole."""
    async with aiohttp.ClientSession(url) as session:
        sent = await _post(session, front, kind, model, stream=True)
        told = messages(sent)
        assert told
        found: set[tuple[str, str]] = set()
        for message in told:
            if message.data != "[DONE]" and not _beside(message.json):
                found |= extras(EVENTS[front], message.data)
        if kind.whole:
            whole = await _post(session, front, kind, model, stream=False)
            found |= extras(WHOLES[front], whole.decode())
    return found


def _beside(event: Mapping[str, object]) -> bool:
    return event.get("type") in BESIDE or set(event) in ({"error"}, {AGENT})


async def _post(
    session: aiohttp.ClientSession, front: str, kind: Kind, model: str, *, stream: bool
) -> bytes:
    path, asked = FRONTS[front].path(model, stream=stream), body(front, kind, model, stream=stream)
    async with session.post(path, json=asked) as reply:
        sent = await reply.read()
        assert reply.status == 200, sent
        return sent


async def test_no_field_is_listed_that_nobody_sends(stages: Mapping[str, Stage]) -> None:
    sent: set[tuple[str, str]] = set()
    kinds = {"a search", "parallel calls", "thoughts"}
    for front in FRONTS:
        for upstream, stage in stages.items():
            for kind in (kind for kind in KINDS if kind.name in kinds):
                sent |= await _asked(stage.url, front, kind, f"{upstream}/{kind.model}")
        for kind in OWN:
            sent |= await _asked(stages["vllm"].url, front, kind, kind.model)
    assert sent == LISTED
