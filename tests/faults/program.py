"""`manymind serve` as a process of its own, the way an operator runs it."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

START_SECONDS = 30.0


class Program:
    """`said` is what it has written to its standard streams so far."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.said = ""
        self._reading = asyncio.create_task(self._read())

    async def url(self) -> str:
        """The address that it listens on, once it does."""
        async with asyncio.timeout(START_SECONDS):
            while not (found := re.search(r"listens on (http://\S+)", self.said)):
                assert self.process.returncode is None, self.said
                await anyio.sleep(0.02)
            return found[1]

    async def end(self, seconds: float) -> int:
        """The exit code, if it ends within so many seconds."""
        async with asyncio.timeout(seconds):
            code = await self.process.wait()
            await self._reading
            return code

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while piece := await self.process.stdout.read(65536):
            self.said += piece.decode()


@asynccontextmanager
async def program(
    folder: Path, *flags: str, settings: str = "", environment: Mapping[str, str] | None = None
) -> AsyncGenerator[Program]:
    """Starts the server; whatever is left of it at the end of the block is killed."""
    file = folder / "program.toml"
    file.write_text(settings)
    seen = {"PATH": os.environ["PATH"], "HOME": str(folder), **(environment or {})}
    own = ("--config", str(file), "--data", str(folder / "data"))
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "manymind", "serve", *own, *flags),
        env=seen,
        cwd=folder,
        stdout=PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield Program(started)
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()
