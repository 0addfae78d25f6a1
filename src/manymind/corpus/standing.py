"""The shelves: what a question is answered from.

A request that brings documents is answered from those; one that brings none, from the folders
that stand on the shelves. Whoever wants both says `"shelves": "both"` in the request's metadata
(or `own`, or `standing`).
"""

import shutil
from collections.abc import Sequence
from os import getpid
from pathlib import Path

import msgspec
from anyio import to_thread

from manymind.canon.ports import Library, Shelves
from manymind.canon.requests import Request
from manymind.corpus.collection import Collection, Progress, build
from manymind.corpus.engines import best_engine
from manymind.corpus.folders import Reading, read_folders
from manymind.corpus.intake import take_in
from manymind.corpus.joined import Joined
from manymind.corpus.kept import Kept, digest
from manymind.corpus.naming import with_own_ids
from manymind.corpus.pieces import Piece

_FORMAT = "1"
"""Goes up when pieces or terms change, so that no index of an older make is taken for ours."""

_INDEXES_MAX = 8


def open_folders(
    paths: Sequence[Path], data_folder: Path | None = None, progress: Progress | None = None
) -> Collection:
    """Read and index files and folders. With a data folder, the index is kept there and used
    again as long as no file has changed."""
    reading = read_folders(paths, progress)
    if data_folder is None:
        return build(reading.documents, skipped=reading.skipped, progress=progress)
    return _kept_on_disk(reading, data_folder / "indexes", progress)


def shelves(standing: Library | None = None) -> Shelves:
    return _Shelves(standing)


class _Shelves:
    def __init__(self, standing: Library | None) -> None:
        self._standing = standing
        self._kept = Kept()

    async def library(self, request: Request) -> Library:
        wish = (request.metadata or {}).get("shelves")
        if wish == "standing" and self._standing is not None:
            return self._standing
        intake = await to_thread.run_sync(take_in, request)
        if not intake.documents and self._standing is not None and wish != "own":
            return self._standing
        own = await self._kept.get(intake.documents, intake.skipped)
        if wish == "both" and self._standing is not None:
            return Joined((own, self._standing))
        return own


def _kept_on_disk(reading: Reading, folder: Path, progress: Progress | None) -> Collection:
    engine = best_engine()
    documents, remarks = with_own_ids(reading.documents)
    skipped = (*reading.skipped, *remarks)
    place = folder / f"{_FORMAT}-{engine.name}-{digest(documents)}"
    try:
        pieces = msgspec.msgpack.decode((place / "pieces").read_bytes(), type=list[Piece])
        index = engine.open(place)
    except (OSError, msgspec.MsgspecError):
        index = None
    else:
        if index is not None:
            return Collection(documents, pieces, index, skipped)
    making = folder / f"making-{getpid()}"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    made = build(documents, engine=engine, folder=making, skipped=skipped, progress=progress)
    (making / "pieces").write_bytes(msgspec.msgpack.encode(made.pieces))
    shutil.rmtree(place, ignore_errors=True)
    making.rename(place)
    _forget_old(folder, place)
    return made


def _forget_old(folder: Path, but: Path) -> None:
    """Keep the indexes used last; each is made again at need."""
    known = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for place in known[_INDEXES_MAX:]:
        if place != but:
            shutil.rmtree(place, ignore_errors=True)
