"""The real program as a person starts it: a process of its own, with a home that is empty."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "demo" / "corpus"
PROGRAM = (sys.executable, "-m", "manymind")
PATIENCE_SECONDS = 60.0


class Ran(Struct, frozen=True):
    """How a run of the program ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


class Shell:
    """`home` is also the folder that it works in. Nothing of this machine's environment gets in,
    least of all a key."""

    def __init__(self, home: Path, **variables: str) -> None:
        self.home = home
        self.variables = variables

    def settle(self, settings: str) -> None:
        """Write the user's own settings."""
        place = self.home / ".config" / "manymind"
        place.mkdir(parents=True, exist_ok=True)
        (place / "manymind.toml").write_text(settings)

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        usual = {"HOME": str(self.home), "PATH": os.environ["PATH"], "TERM": "xterm"}
        return {**usual, **self.variables, **more}

    def run(self, *arguments: str, given: str = "", **variables: str) -> Ran:
        done = subprocess.run(
            [*PROGRAM, *arguments],
            input=given.encode(),
            capture_output=True,
            cwd=self.home,
            env=self.environment(variables),
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.home,
            env=self.environment(variables),
            preexec_fn=_as_at_a_terminal,
        )

    def watch(
        self,
        *arguments: str,
        columns: int = 80,
        rows: int = 24,
        piped: bool = False,
        interrupt_at: bytes | None = None,
        color: bool = True,
    ) -> "Screen":
        """On a terminal. With `piped` only its messages go there, and its data to a pipe; at the
        words `interrupt_at` someone presses Ctrl-C."""
        terminal, its_end = pty.openpty()
        fcntl.ioctl(its_end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        process = subprocess.Popen(
            [*PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else its_end,
            stderr=its_end,
            cwd=self.home,
            env=self.environment({} if color else {"NO_COLOR": "1"}),
        )
        os.close(its_end)
        written = _read(terminal, process, interrupt_at)
        out = process.stdout.read().decode() if process.stdout is not None else ""
        code = process.wait(PATIENCE_SECONDS)
        os.close(terminal)
        return Screen(code, out, written.decode(errors="replace"))


class Screen(Struct, frozen=True):
    """What went to a terminal, byte by byte, and what went beside it."""

    code: int
    out: str
    written: str


def _as_at_a_terminal() -> None:
    """Tests that run in a shell's background inherit its deafness to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _read(terminal: int, process: "subprocess.Popen[bytes]", interrupt_at: bytes | None) -> bytes:
    written = b""
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        if ready:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # So Linux says that the other end is closed.
                return written
            if not piece:
                return written
            written += piece
        elif process.poll() is not None:
            return written
        if interrupt_at is not None and interrupt_at in written:
            process.send_signal(signal.SIGINT)
            interrupt_at = None
    process.kill()
    raise TimeoutError("The program did not end.")
