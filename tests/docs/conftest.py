"""The servers that the examples speak to, started as the pages say, each on a free port."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.docs.pages import ROOT

_LISTENS = re.compile(r"listens on (http://127\.0\.0\.1:\d+)")

Addresses: TypeAlias = dict[str, str]
"""What stands in the pages for a server, and where it is now."""

OURS, SIMULATED = "http://127.0.0.1:8484", "http://127.0.0.1:8585"


def _environment(home: Path, **more: str) -> dict[str, str]:
    """Nothing of the machine's own settings but where programs are."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), **more}


@contextmanager
def _running(*arguments: str, environment: dict[str, str], cwd: Path) -> Generator[str]:
    """`python -m manymind …`, until the block ends; gives its address once it listens."""
    with subprocess.Popen(
        [sys.executable, "-m", "manymind", *arguments],
        env=environment,
        cwd=cwd,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            said: list[str] = []
            for line in process.stderr:
                said.append(line)
                if found := _LISTENS.search(line):
                    yield found[1]
                    break
            else:
                raise AssertionError("".join(said))
        finally:
            process.terminate()
            process.communicate(timeout=30)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="session")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Addresses]]:
    """The servers for the examples of a page. Those of the gateway's guide and of redaction's are
    told with the simulated provider behind the server, all others with what `make run` starts."""
    home = tmp_path_factory.mktemp("home")
    known: dict[str, Addresses] = {}

    def start(page: str) -> Addresses:
        kind = page if page in ("docs/guides/gateway.md", "docs/guides/redaction.md") else "demo"
        if kind not in known:
            mode = "on" if kind.endswith("redaction.md") else "off"
            known[kind] = _demo() if kind == "demo" else _simulated(MANYMIND_REDACTION_MODE=mode)
        return known[kind]

    def _demo() -> Addresses:
        words = ("serve", "--config", "demo/manymind.toml", "--port", "0", "--data", str(home))
        return {OURS: stack.enter_context(_running(*words, environment=_clean(), cwd=ROOT))}

    def _simulated(**more: str) -> Addresses:
        port = str(_free_port())
        words = ("simulate", "--port", port)
        upstream = stack.enter_context(_running(*words, environment=_clean(), cwd=home))
        environment = _environment(
            home, OPENAI_API_KEY="x", OPENAI_BASE_URL=f"{upstream}/v1", **more
        )
        words = ("serve", "--port", "0", "--data", str(home))
        ours = stack.enter_context(_running(*words, environment=environment, cwd=home))
        return {SIMULATED: upstream, OURS: ours}

    def _clean() -> dict[str, str]:
        return _environment(home)

    with ExitStack() as stack:
        yield start
