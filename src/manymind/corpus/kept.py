"""Keeps libraries that were built, by what is in them: the same documents are indexed once."""

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from threading import Lock

import anyio
from anyio import to_thread

from manymind.canon.documents import Document
from manymind.corpus.collection import Collection, build
from manymind.corpus.naming import Skipped

_STROKE = 262_144
"""So many code points are encoded at once: a call into C holds the interpreter while it lasts."""

KEPT_MAX = 32
SIZE_MAX = 128_000_000


def digest(documents: Sequence[Document]) -> str:
    """A name for exactly these documents in this order."""
    made = blake2b(digest_size=20)
    for document in documents:
        for field in (document.id, document.title or "", document.url or "", document.text):
            made.update(len(field).to_bytes(8, "big"))
            for start in range(0, len(field), _STROKE):
                made.update(field[start : start + _STROKE].encode("utf-8", "surrogatepass"))
    return made.hexdigest()


class Kept:
    """The libraries used last, bounded in number and in code points.

    Many calls of one team ask for the same library at once: the first builds it, in a thread, and
    the others wait for it. A caller who hangs up leaves the building to the next.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Collection] = OrderedDict()
        self._size = 0
        self._turn = Lock()
        self._building: dict[str, anyio.Lock] = {}

    async def get(
        self, documents: Sequence[Document], skipped: tuple[Skipped, ...] = ()
    ) -> Collection:
        name = await to_thread.run_sync(digest, documents)
        kept = self._find(name)
        if kept is not None:
            return kept
        lock = self._building.setdefault(name, anyio.Lock())
        try:
            async with lock:
                kept = self._find(name)
                if kept is not None:
                    return kept
                return await to_thread.run_sync(
                    self._build, name, documents, skipped, abandon_on_cancel=True
                )
        finally:
            if not lock.statistics().tasks_waiting:
                self._building.pop(name, None)

    def _build(
        self, name: str, documents: Sequence[Document], skipped: tuple[Skipped, ...]
    ) -> Collection:
        made = build(documents, skipped=skipped)
        with self._turn:
            if name not in self._kept:
                self._kept[name] = made
                self._size += made.size
            while len(self._kept) > KEPT_MAX or (self._size > SIZE_MAX and len(self._kept) > 1):
                _, gone = self._kept.popitem(last=False)
                self._size -= gone.size
        return made

    def _find(self, name: str) -> Collection | None:
        with self._turn:
            kept = self._kept.get(name)
            if kept is not None:
                self._kept.move_to_end(name)
            return kept
