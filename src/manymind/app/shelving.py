"""The standing documents: read and indexed once, at the start."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

import anyio

from manymind.canon.faults import Fault
from manymind.canon.ports import Shelves
from manymind.config import Config, ConfigError
from manymind.corpus.collection import Collection
from manymind.corpus.standing import open_folders, shelves

Tell: TypeAlias = Callable[[str], None]
"""Says one line to the person who started the program."""

TOLD_EVERY_SECONDS = 1.0
SKIPPED_TOLD = 5


async def open_shelves(config: Config, tell: Tell | None) -> Shelves:
    """Shelves with the configured folders on them, or empty ones."""
    if not config.corpus.folders:
        return shelves()
    paths = [Path(name) for name in config.corpus.folders]
    work = partial(open_folders, paths, config.data, _progress(tell))
    try:
        standing = await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
    except Fault as fault:
        raise ConfigError(f"corpus.folders: {fault.full}") from None
    except OSError as error:
        raise ConfigError(
            f"The data folder {config.data} cannot be used: {error.strerror or error}. "
            "Name another with --data or MANYMIND_DATA."
        ) from None
    if tell is not None:
        _tell_found(standing, tell)
    return shelves(standing)


def _progress(tell: Tell | None) -> Callable[[str, int, int], None] | None:
    """Tells now and then how far it has come; quick work needs no telling."""
    if tell is None:
        return None
    told = time.monotonic()

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= TOLD_EVERY_SECONDS:
            told = time.monotonic()
            tell(f"{stage}: {done:,}{f' of {total:,}' if total else ''} documents")

    return progress


def _tell_found(standing: Collection, tell: Tell) -> None:
    count = len(standing.cards())
    tell(f"{count:,} document{'' if count == 1 else 's'} on the shelves")
    for skipped in standing.skipped[:SKIPPED_TOLD]:
        tell(f"  left out: {skipped.name}: {skipped.why}")
    if len(standing.skipped) > SKIPPED_TOLD:
        tell(f"  … and {len(standing.skipped) - SKIPPED_TOLD:,} more")
