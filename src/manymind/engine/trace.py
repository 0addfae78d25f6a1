"""What one agent has done and seen, in order, as its model is told it.

Every result of a tool has a handle. Where the results grow too large, the long ones but for the
last few are replaced by their handles, at once and for good: so what a model was told stays the
same to the byte from one turn to the next, but for the few turns at which room is made. Nothing
is lost: by its handle a result can be read again.
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from manymind.canon.items import Item, Returned, Said
from manymind.canon.parts import Text
from manymind.canon.values import Json
from manymind.engine.conversation import words

_LONG = 1_000
"""A result of no more characters is cheaper than its handle is useful."""

_BEGINS = 160
_LATEST = (5, 3, 1, 0)
"""How many of the last results are kept whole; fewer where that is not enough."""


class Trace:
    """`room` is how many characters of results a model is told at once."""

    def __init__(self, brief: Said, room: int) -> None:
        self._items: list[Item] = [brief]
        self._room = room
        self._whole: dict[str, str] = {}
        self._places: dict[str, int] = {}
        self._tools: dict[str, str] = {}
        self._short: set[str] = set()

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(self._items)

    def say(self, *items: Item) -> None:
        self._items.extend(items)

    def keep(self, results: Iterable[tuple[str, Returned]]) -> None:
        """The results of a turn, each with the name of its tool."""
        for tool, result in results:
            handle = f"R{len(self._places) + 1}"
            self._places[handle] = len(self._items)
            self._tools[handle] = tool
            self._whole[handle] = words(result.parts)
            self._items.append(result)
        for latest in _LATEST:
            if self._size() <= self._room:
                break
            self._shorten(latest)

    def recall(self, handle: str) -> str | None:
        """The words of an earlier result."""
        return self._whole.get(handle)

    def _size(self) -> int:
        return sum(len(text) for handle, text in self._whole.items() if handle not in self._short)

    def _shorten(self, latest: int) -> None:
        handles = list(self._places)
        for handle in handles[: len(handles) - latest]:
            text = self._whole[handle]
            item = self._items[self._places[handle]]
            if handle in self._short or len(text) <= _LONG or not isinstance(item, Returned):
                continue
            self._short.add(handle)
            stub: Json = {
                "handle": handle,
                "tool": self._tools[handle],
                "characters": len(text),
                "begins": text[:_BEGINS],
                "note": "Left out to save room. Call recall with this handle to see it again.",
            }
            told = msgspec.json.encode(stub).decode()
            self._items[self._places[handle]] = replace(item, parts=(Text(text=told),))
