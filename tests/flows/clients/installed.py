"""Runs other people's clients, each as a program in an environment of its own.

`make test-long` installs them. Their packages are never imported here, so that the tests and the
strict types do without them, and they without ours.
"""

import asyncio
import json
import os
import shutil
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

PROGRAMS = Path(__file__).parent / "programs"
SECONDS_MAX = 300
"""When a client is given up. Each takes less than a minute, but on a busy machine."""


class Ended(Struct, frozen=True):
    """How a program ended. `errors` is what it had to say about that."""

    code: int
    output: str
    errors: str

    @property
    def heard(self) -> list[dict[str, object]]:
        """What the program heard: one JSON object a line, one line a model."""
        assert self.code == 0, self.errors[-4000:]
        return [json.loads(line) for line in self.output.splitlines() if line.startswith("{")]


class Clients:
    """The installed clients. `folder` is where `make test-long` put them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bin = folder / "python" / "bin"

    async def python(self, program: str, seen: Mapping[str, str]) -> Ended:
        return await self._run([str(self._program("python")), str(PROGRAMS / program)], seen)

    async def pytest(self, program: str, seen: Mapping[str, str], scratch: Path) -> Ended:
        """A suite that is itself made of tests, under its own pytest and without our settings."""
        options = [
            "-q",
            "--noconftest",
            "--tb=short",
            "-rsfE",
            f"--rootdir={scratch}",
            "-p",
            "no:cacheprovider",
            *("-c", os.devnull, "-o", "asyncio_mode=auto"),
            *("-o", "asyncio_default_test_loop_scope=session"),
            *("-o", "asyncio_default_fixture_loop_scope=session"),
        ]
        python = str(self._program("python"))
        return await self._run([python, "-m", "pytest", *options, str(PROGRAMS / program)], seen)

    async def node(self, program: str, seen: Mapping[str, str], scratch: Path) -> Ended:
        """Node looks for packages beside the program, so the program is put where they are."""
        modules = self._folder / "node" / "node_modules"
        assert modules.is_dir(), missing(modules)
        (scratch / "node_modules").symlink_to(modules, target_is_directory=True)
        beside = shutil.copy(PROGRAMS / program, scratch)
        return await self._run([str(self._program("node")), str(beside)], seen)

    def _program(self, name: str) -> Path:
        path = self._bin / name
        assert path.exists(), missing(path)
        return path

    async def _run(self, command: list[str], seen: Mapping[str, str]) -> Ended:
        environment = {
            "PATH": f"{self._bin}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self._folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            **seen,
        }
        process = await asyncio.create_subprocess_exec(
            *command, stdout=PIPE, stderr=PIPE, env=environment
        )
        try:
            async with asyncio.timeout(SECONDS_MAX):
                output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return Ended(process.returncode or 0, output.decode(), errors.decode())


def missing(path: Path) -> str:
    return (
        f"The clients that this test drives are not installed ({path} is missing). "
        "Run `make test-long`, which installs them, or say where they are with --clients."
    )
