"""LangChain's standard suite for chat models, whole: by its OpenAI client on Chat and Responses,
and by its Anthropic client."""

import re
from pathlib import Path

import pytest

from tests.flows.clients.installed import Clients
from tests.flows.stage import on_stage

pytestmark = pytest.mark.long

SKIPPED = re.compile(r"^SKIPPED \[(\d+)\] \S+: (.+)$", re.MULTILINE)
PASSED = re.compile(r"^(\d+) passed, \d+ skipped", re.MULTILINE)
UNSUPPORTED = {
    "Model does not support PDF inputs.": 3,
    "Model does not support PDF tool message.": 3,
    "Model does not support image message.": 3,
    "Model does not support image tool message.": 3,
    "Model does not support audio inputs.": 3,
    "VCR not set up.": 3,
}
"""What the three classes of the suite declare, whatever the model. The program says why."""


async def standard(
    clients: Clients, folder: Path, model: str, *, checked: bool = False, keyed: bool = True
) -> None:
    """`checked` says that the upstream checks the vendor's signature on thoughts, `keyed` that
    the model takes the keys of its JSON from the question."""
    async with on_stage(folder) as stage:
        seen = {
            "BASE_URL": stage.url,
            "MODEL": model,
            "CHECKED": str(int(checked)),
            "KEYED": str(int(keyed)),
        }
        ended = await clients.pytest("langchain_suite.py", seen, folder)
    assert ended.code == 0, ended.output[-8000:]
    skipped = {reason: int(count) for count, reason in SKIPPED.findall(ended.output)}
    assert skipped == UNSUPPORTED | {
        "Model does not explicitly support Anthropic inputs.": 3 if checked else 2,
        "Test requires json mode support.": 1 if keyed else 3,
    }
    (passed,) = PASSED.findall(ended.output)
    assert int(passed) > 130


async def test_over_chat(clients: Clients, tmp_path: Path) -> None:
    await standard(clients, tmp_path, "openai/sim-assistant")


@pytest.mark.parametrize("provider", ["xai", "anthropic"])
async def test_over_responses_and_messages(clients: Clients, tmp_path: Path, provider: str) -> None:
    await standard(clients, tmp_path, f"{provider}/sim-assistant", checked=True)


async def test_with_the_reader(clients: Clients, tmp_path: Path) -> None:
    await standard(clients, tmp_path, "manymind/reader", keyed=False)
