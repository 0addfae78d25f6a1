"""Fills a schema from sentences. A value is lifted from a text or left out, never made up.

What must be there and was not found is named, so that the caller learns which field it is; what
may be null or empty stays so.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from manymind.canon.values import Json
from manymind.corpus.words import terms
from manymind.providers.reader import lifting
from manymind.providers.reader.lifting import Source, Wish, wish
from manymind.providers.reader.schema import (
    Again,
    Amount,
    Choice,
    Either,
    Fields,
    Flag,
    Many,
    Nothing,
    Schema,
    Shape,
    Words,
)

Absent: TypeAlias = Literal["absent"]
"""Nothing was found, and the schema does not allow to say so."""

ABSENT: Absent = "absent"
_ITEMS_MAX = 20
_DEPTH_MAX = 12
_UNKNOWN = ("unknown", "none", "n/a", "not found", "not_found", "unspecified", "other", "")


class Value(Struct, frozen=True):
    """`telling` says that it was lifted from a text, rather than left empty."""

    json: object
    telling: bool = True


Filled: TypeAlias = Value | Absent

Fallback: TypeAlias = Callable[[Shape, Wish], Filled]
"""What to say where nothing was found."""


def empty(shape: Shape, wanted: Wish) -> Filled:
    """The empty value that the schema allows, if it allows one."""
    del wanted
    match shape:
        case Nothing():
            return Value(None, False)
        case Words() if lifting.fits(shape, "") and shape.format is None:
            return Value("", False)
        case Many(count_min=0):
            return Value([], False)
        case Choice(values=(only,)):
            return Value(only, False)
        case Choice():
            known = [value for value in shape.values if value is None or _unknown(value)]
            return Value(known[0], False) if known else ABSENT
        case _:
            return ABSENT


def _unknown(value: object) -> bool:
    return isinstance(value, str) and value.lower() in _UNKNOWN


class Filling:
    """`sources` come best first. `missing` names the fields that had to be and were not found."""

    def __init__(
        self, schema: Schema, sources: Sequence[Source], fallback: Fallback = empty
    ) -> None:
        self.missing: list[str] = []
        self._schema = schema
        self._sources = tuple(sources)
        self._fallback = fallback

    def fill(self) -> Filled:
        return self._fill(self._schema.root, wish("answer"), self._sources, "", 0)

    def _fill(
        self, shape: Shape, wanted: Wish, sources: tuple[Source, ...], path: str, depth: int
    ) -> Filled:
        shape = self._schema.at(shape)
        if depth > _DEPTH_MAX:
            return self._without(shape, wanted, path)
        match shape:
            case Fields():
                return self._fields(shape, sources, path, depth)
            case Many():
                return self._many(shape, wanted, sources, path, depth)
            case Either():
                return self._either(shape, wanted, sources, path, depth)
            case Nothing():
                return Value(None, False)
            case _:
                found = self._lifted(shape, wanted, sources)
                return found if found != ABSENT else self._without(shape, wanted, path)

    def _without(self, shape: Shape, wanted: Wish, path: str) -> Filled:
        made = self._fallback(shape, wanted)
        if made == ABSENT:
            self.missing.append(path or "the answer")
        return made

    def _fields(self, shape: Fields, sources: tuple[Source, ...], path: str, depth: int) -> Filled:
        made: Json = {}
        telling = False
        absent = False
        for field in shape.fields:
            inner = f"{path}.{field.name}" if path else field.name
            known = len(self.missing)
            hint = getattr(self._schema.at(field.shape), "hint", "")
            value = self._fill(field.shape, wish(field.name, hint), sources, inner, depth + 1)
            if value == ABSENT:
                absent |= field.required
                if not field.required:
                    del self.missing[known:]
            elif field.required or value.telling:
                made[field.name] = value.json
                telling |= value.telling
        return ABSENT if absent else Value(made, telling)

    def _either(
        self, shape: Either, wanted: Wish, sources: tuple[Source, ...], path: str, depth: int
    ) -> Filled:
        known = len(self.missing)
        options = [self._schema.at(option) for option in shape.options]
        best: Filled = ABSENT
        for option in options:
            if isinstance(option, Nothing):
                continue
            value = self._fill(option, wanted, sources, path, depth + 1)
            if value != ABSENT and value.telling:
                del self.missing[known:]
                return value
            best = value if best == ABSENT else best
        if any(isinstance(option, Nothing) for option in options):
            best = Value(None, False)
        if best != ABSENT:
            del self.missing[known:]
        return best

    def _many(
        self, shape: Many, wanted: Wish, sources: tuple[Source, ...], path: str, depth: int
    ) -> Filled:
        """One item of each sentence that yields one."""
        most = min(_ITEMS_MAX, shape.count_max if shape.count_max is not None else _ITEMS_MAX)
        items: list[object] = []
        known = len(self.missing)
        for source in self._rows(shape, wanted, sources):
            if len(items) >= most:
                break
            value = self._fill(shape.items, wanted, (source,), f"{path}[]", depth + 1)
            if value != ABSENT and value.telling and value.json not in items:
                items.append(value.json)
        del self.missing[known:]
        if len(items) < shape.count_min:
            return self._without(shape, wanted, path)
        return Value(items, bool(items))

    def _rows(self, shape: Many, wanted: Wish, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        """Table rows for objects where there are any that speak of the fields."""
        inner = self._schema.at(shape.items)
        if not isinstance(inner, Fields):
            return self._about(wanted, sources) or sources
        named = frozenset(term for field in inner.fields for term in wish(field.name).words)
        rows = tuple(
            source
            for source in sources
            if sum(bool(named & set(terms(title))) for title, _ in source.cells) >= 2
        )
        return rows or sources

    def _about(self, wanted: Wish, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        """The sentences that speak of a field, those with most of its words first."""
        if lifting.is_prose(wanted):
            return sources
        held = [(wanted.words & set(terms(_said(source))), source) for source in sources]
        common = Counter(term for words, _ in held for term in words)
        weighed = [
            (sum(1 / common[term] for term in words), source) for words, source in held if words
        ]
        return tuple(source for _, source in sorted(weighed, key=lambda pair: -pair[0]))

    def _lifted(self, shape: Shape, wanted: Wish, sources: tuple[Source, ...]) -> Filled:
        about = self._about(wanted, sources)
        if isinstance(shape, Flag):
            return Value(lifting.flag(about[0])) if about else ABSENT
        general = _loose(shape) or (not about and lifting.is_general(wanted))
        for source in (*about, *(sources[:3] if general else ())):
            found = _lift(shape, wanted, source)
            if found is not None:
                return Value(found)
        return ABSENT


def _loose(shape: Shape) -> bool:
    """Whether a value of this shape is telling even in a sentence that does not name the field."""
    return isinstance(shape, Choice) or (
        isinstance(shape, Words) and (shape.format is not None or shape.pattern is not None)
    )


def _lift(shape: Shape, wanted: Wish, source: Source) -> object | None:
    match shape:
        case Words():
            return lifting.words(shape, wanted, source)
        case Amount():
            return lifting.number(shape, wanted, source)
        case Choice():
            return lifting.choice(shape, source)
        case Flag() | Nothing() | Many() | Fields() | Either() | Again():
            return None


def _said(source: Source) -> str:
    """A row says what its columns are called, too."""
    return " ".join((source.text, *(title for title, _ in source.cells)))
