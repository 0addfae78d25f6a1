"""The standing documents: read and indexed once, at the start."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

import anyio

from manymind.canon.faults import Fault
from manymind.canon.ports import Shelves
from manymind.config import Config, ConfigError
from manymind.corpus.standing import open_folders, shelves

Tell: TypeAlias = Callable[[str], None]
"""Says one line to the person who started the program."""

TOLD_EVERY = 1000


async def open_shelves(config: Config, tell: Tell | None) -> Shelves:
    """Shelves with the configured folders on them, or empty ones."""
    if not config.corpus.folders:
        return shelves()
    paths = [Path(name) for name in config.corpus.folders]

    def progress(stage: str, done: int, total: int) -> None:
        if tell is not None and done and done % TOLD_EVERY == 0:
            tell(f"{stage}: {done:,} of {total:,} documents")

    work = partial(open_folders, paths, config.data, progress)
    try:
        standing = await anyio.to_thread.run_sync(work)
    except Fault as fault:
        raise ConfigError(fault.full) from None
    if tell is not None:
        tell(f"{len(standing.cards()):,} documents are on the shelves.")
        for skipped in standing.skipped[:5]:
            tell(f"  left out: {skipped.name}: {skipped.why}")
        if len(standing.skipped) > 5:
            tell(f"  … and {len(standing.skipped) - 5:,} more")
    return shelves(standing)
