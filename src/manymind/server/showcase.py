"""The models as they are listed, worked out once for a day and a state of the catalogue.

A list of two thousand models takes a tenth of a second to make, in which no other caller should
have to wait: it is made in a thread, and kept until the day or the catalogue changes.
"""

from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from typing import TypeAlias

import anyio
import msgspec
from msgspec import Struct

from manymind.canon.origins import Rights
from manymind.canon.values import Json
from manymind.catalog.listing import Row
from manymind.catalog.shelves import loose
from manymind.server.listing_forms import anthropic, openai, openrouter

Form: TypeAlias = str
FORMS: Mapping[Form, Callable[[Row], Json]] = {
    "openai": openai,
    "anthropic": anthropic,
    "openrouter": openrouter,
}

BESIDE_MAX = 64
"""So many lists of different keys are kept ready."""

Named: TypeAlias = Callable[[Rights], tuple[Row, ...]]


def nothing(rights: Rights) -> tuple[Row, ...]:
    """No routes and no presets."""
    return ()


class Shown(Struct, frozen=True):
    """`written` holds each row in each form; `digest` changes whenever one of them does. `of` is
    the list that some rows were put beside."""

    rows: tuple[Row, ...]
    places: Mapping[str, int]
    written: Mapping[Form, tuple[bytes, ...]]
    digest: str
    of: "Shown | None" = None

    def find(self, name: str) -> int | None:
        """The place of a model in the list: by slug, alias, or a provider's own name."""
        return self.places.get(name, self.places.get(loose(name)))


class Showcase:
    """`state` gives anything that equals what it gave before as long as the list would too.
    `named` are the operator's routes and presets that one with these rights may ask."""

    def __init__(
        self,
        models: Callable[[], Collection[Row]],
        state: Callable[[], object] = lambda: None,
        aliases: Mapping[str, str] | None = None,
        named: Named = nothing,
    ) -> None:
        self._named = named
        self._beside: dict[tuple[str, ...], Shown] = {}
        self._models = models
        self._state = state
        self._aliases = dict(aliases or {})
        self._lock = anyio.Lock()
        self._kept: tuple[object, Shown] | None = None

    async def shown(self, rights: Rights) -> Shown:
        """All that whoever has these rights is shown."""
        whole = await self._whole()
        rows = self._named(rights)
        if not rows:
            return whole
        names = tuple(row.id for row in rows)
        shown = self._beside.get(names)
        if shown is None or shown.of is not whole:
            if len(self._beside) >= BESIDE_MAX:
                self._beside.clear()
            shown = self._beside[names] = _joined(whole, rows)
        return shown

    async def _whole(self) -> Shown:
        state = self._state()
        if self._kept is None or self._kept[0] != state:
            async with self._lock:
                if self._kept is None or self._kept[0] != state:
                    self._kept = state, await anyio.to_thread.run_sync(self._make)
        return self._kept[1]

    def _make(self) -> Shown:
        rows = tuple(self._models())
        written, digest = _written(rows)
        return Shown(rows, _places(rows, self._aliases), written, digest)


def _written(rows: tuple[Row, ...]) -> tuple[Mapping[Form, tuple[bytes, ...]], str]:
    written = {
        form: tuple(msgspec.json.encode(write(row)) for row in rows)
        for form, write in FORMS.items()
    }
    digest = sha256()
    for each in (piece for pieces in written.values() for piece in pieces):
        digest.update(each)
    return written, digest.hexdigest()


def _joined(whole: Shown, rows: tuple[Row, ...]) -> Shown:
    """The list with some rows more. No name of theirs takes the place of a model's."""
    written, digest = _written(rows)
    start = len(whole.rows)
    more = {row.id: start + place for place, row in enumerate(rows)}
    return Shown(
        (*whole.rows, *rows),
        {**more, **whole.places},
        {form: (*pieces, *written[form]) for form, pieces in whole.written.items()},
        sha256((whole.digest + digest).encode()).hexdigest(),
        whole,
    )


def _places(rows: tuple[Row, ...], aliases: Mapping[str, str]) -> dict[str, int]:
    """Exact names go before such as only sound alike, and the operator's before all."""
    places = {row.id: place for place, row in enumerate(rows)}
    for place, row in enumerate(rows):
        for offer in row.offers:
            for name in (offer.key, offer.native, *offer.aliases):
                places.setdefault(name, place)
    for name, place in tuple(places.items()):
        places.setdefault(loose(name), place)
    for name, model in aliases.items():
        if model in places:
            places[name] = places[model]
    return places
