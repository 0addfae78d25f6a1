"""Keeps the folded form of documents, so that each is folded once for many quotes."""

from collections import OrderedDict
from threading import Lock

from manymind.corpus.fold import Folded, fold

_SIZE_MAX = 64_000_000


class Folds:
    """A cache by document number, bounded by the code points that it holds."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Folded] = OrderedDict()
        self._size = 0
        self._turn = Lock()

    def of(self, number: int, text: str) -> Folded:
        with self._turn:
            kept = self._kept.get(number)
            if kept is not None:
                self._kept.move_to_end(number)
                return kept
        made = fold(text)
        with self._turn:
            if number not in self._kept:
                self._kept[number] = made
                self._size += len(made.text)
            while self._size > _SIZE_MAX and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                self._size -= len(gone.text)
        return made
