"""A shell with an empty home, and a simulated provider to call, itself started by the program."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a simulated provider, without a path."""
    process = Shell(tmp_path_factory.mktemp("simulated")).start("simulate", "--port", "0")
    assert process.stderr is not None
    found = re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())
    assert found is not None
    yield found[0]
    process.terminate()
    process.wait(10)


@pytest.fixture
def wired(tmp_path: Path, simulated: str) -> Shell:
    """A shell in which the simulation plays a server of one's own, and OpenAI."""
    return Shell(
        tmp_path,
        VLLM_BASE_URL=f"{simulated}/v1",
        OPENAI_BASE_URL=f"{simulated}/v1",
        OPENAI_API_KEY="sk-canary-93ab",
    )
