"""What a socket goes on from: the last answers of its own connection, then those of the house."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from itertools import count

import msgspec
from msgspec import Struct

from manymind.canon.faults import NoSuchAnswer
from manymind.canon.items import Item, id_of
from manymind.canon.ports import Kept, Memory
from manymind.memory.recalling import recalled

ANSWERS_MAX = 8
"""So many answers of one connection are remembered at the most."""


class _History(Struct, frozen=True):
    items: tuple[Item, ...]
    size: int


class Recollections:
    """The histories of all connections, in memory only. Together they take at most `bytes_max`;
    those that were not used for the longest time go first, and their clients start anew."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._numbers = count()
        self._histories: OrderedDict[tuple[int, str], _History] = OrderedDict()
        self._size = 0

    def open(self, house: Memory) -> "Recollection":
        """The memory of a new connection, with that of the house behind it."""
        return Recollection(self, next(self._numbers), house)

    def get(self, key: tuple[int, str]) -> _History | None:
        history = self._histories.get(key)
        if history is not None:
            self._histories.move_to_end(key)
        return history

    def put(self, key: tuple[int, str], history: _History) -> None:
        self.drop(key)
        self._histories[key] = history
        self._size += history.size
        while self._size > self._bytes_max:
            self.drop(next(iter(self._histories)))

    def drop(self, key: tuple[int, str]) -> None:
        history = self._histories.pop(key, None)
        self._size -= history.size if history is not None else 0


class Recollection:
    """A `Memory` that lives as long as its connection, for what may be stored nowhere else. It
    recalls what the house keeps, too."""

    def __init__(self, all_: Recollections, number: int, house: Memory) -> None:
        self._all = all_
        self._number = number
        self._house = house
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._before: Mapping[str, _History] = {}

    async def keep(self, kept: Kept) -> None:
        before = self._before.get(kept.request.previous_response_id or "", _History((), 0))
        news = (*kept.request.items, *kept.answer.items)
        size = before.size + len(msgspec.json.encode(news))
        self._all.put(self._key(kept.answer.id), _History((*before.items, *news), size))
        self._ids[kept.answer.id] = None
        if len(self._ids) > ANSWERS_MAX:
            self.forget(next(iter(self._ids)))

    def holds(self, response_id: str) -> bool:
        return self._all.get(self._key(response_id)) is not None

    async def recall(self, owner: str, response_id: str) -> tuple[Item, ...]:
        history = self._all.get(self._key(response_id))
        if history is None:
            items = await self._house.recall(owner, response_id)
            history = _History(items, len(msgspec.json.encode(items)))
        self._before = {response_id: history}
        return recalled(history.items)

    def items(self) -> Mapping[str, Item]:
        """Whatever this connection remembers, by the ids that its client was told."""
        histories = (self._all.get(self._key(each)) for each in self._ids)
        return {
            name: item
            for history in histories
            for item in (history.items if history is not None else ())
            if (name := id_of(item)) is not None
        }

    def forget(self, response_id: str) -> None:
        """The connection knows this answer no more; the house may."""
        self._ids.pop(response_id, None)
        self._all.drop(self._key(response_id))

    def close(self) -> None:
        for response_id in tuple(self._ids):
            self.forget(response_id)

    def _key(self, response_id: str) -> tuple[int, str]:
        return self._number, response_id


class Nothing:
    """The memory of a house that keeps nothing."""

    async def keep(self, kept: Kept) -> None:
        pass

    async def items(self, owner: str, names: Collection[str]) -> Mapping[str, Item]:
        return {}

    async def recall(self, owner: str, response_id: str) -> tuple[Item, ...]:
        raise NoSuchAnswer("No answers are kept here.", field="previous_response_id")
