"""JSON from strangers, read field by field, with the path of each field at hand.

Whatever the bytes hold, reading ends in values or in a `Fault` that names the field. What
nobody took from an object stays aside. All three dialects stand on this.
"""

import re
from collections.abc import Callable
from typing import TypeAlias, TypeVar, cast

import msgspec

from manymind.canon.faults import BadRequest, Fault, UpstreamBroken
from manymind.canon.values import Aside, Json

DEPTH_MAX = 128
"""Levels of nesting. Whoever carries a value onward may recurse that far without fear."""

VALUES_MAX = 1_000_000
"""Values in one body. The smallest take two bytes on the wire and sixty in memory, so that a body
of nothing else would be many times its size here, and take seconds to look through."""

Blame: TypeAlias = Callable[[str, str], Fault]
"""Makes the fault for the field at a path (empty: the body itself) that is wrong."""

_Value = TypeVar("_Value")

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)


def caller(path: str, wrong: str) -> Fault:
    """Blames the caller: a request is at fault."""
    return BadRequest(f"{path or 'The body'} {wrong}.", field=path or None)


def upstream(path: str, wrong: str) -> Fault:
    """Blames the provider: a reply is at fault."""
    return UpstreamBroken(f"The upstream's reply is malformed: {path or 'the body'} {wrong}.")


def decode(body: bytes | str, blame: Blame = caller) -> "Object":
    """The JSON object that a body holds."""
    return Object(fields(body, blame), "", blame)


def fields(body: bytes | str, blame: Blame = caller) -> Json:
    """What stands in the JSON object that a body holds."""
    count(body, blame)
    try:
        value: object = msgspec.json.decode(body)
    except UnicodeError:
        raise blame("", "is not valid UTF-8") from None
    except RecursionError:
        raise blame("", f"is nested more than {DEPTH_MAX} levels deep") from None
    except msgspec.MsgspecError as error:
        raise blame("", f"is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise blame("", f"must be a JSON object, not {named(value)}")
    known = cast("Json", value)
    if len(body) > DEPTH_MAX and _brackets(body) > DEPTH_MAX and _deeper(known, DEPTH_MAX):
        raise blame("", f"is nested more than {DEPTH_MAX} levels deep")
    return known


def count(body: bytes | str, blame: Blame = caller) -> None:
    """Refuses a body of too many values before anybody reads it."""
    if len(body) <= 2 * VALUES_MAX:
        return
    written = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    if _marks(written) > VALUES_MAX and _marks(_STRING.sub(b"", written)) > VALUES_MAX:
        raise blame("", f"holds more than {VALUES_MAX:,} values")


def encode(value: object) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(value)


def named(value: object) -> str:
    """What JSON calls a value: `a string`, `an array`."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case list():
            return "an array"
        case dict():
            return "an object"
        case _:
            return "a number"


class Object:
    """A JSON object whose fields are taken one by one. Null counts as absent."""

    __slots__ = ("_left", "blame", "path")

    def __init__(self, fields: Json, path: str, blame: Blame = caller) -> None:
        self.path = path
        self.blame = blame
        self._left = dict(fields)

    def at(self, name: str) -> str:
        """The path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def wrong(self, name: str, wrong: str) -> Fault:
        """The fault to raise for a field, in words that follow its name."""
        return self.blame(self.at(name), wrong)

    def peek(self, name: str) -> object:
        """A field that stays to be taken."""
        return self._left.get(name)

    def take(self, name: str) -> object:
        """A field of whatever kind."""
        return self._left.pop(name, None)

    def needed(self, name: str, value: _Value | None) -> _Value:
        """The value of a field that must be there."""
        if value is None:
            raise self.wrong(name, "is missing")
        return value

    def text(self, name: str) -> str | None:
        value = self._left.pop(name, None)
        if value is None or isinstance(value, str):
            return value
        raise self.mistyped(name, "a string", value)

    def flag(self, name: str) -> bool | None:
        value = self._left.pop(name, None)
        if value is None or isinstance(value, bool):
            return value
        raise self.mistyped(name, "true or false", value)

    def number(self, name: str) -> float | None:
        value = self._left.pop(name, None)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        raise self.mistyped(name, "a number", value)

    def whole(self, name: str, least: int | None = None, most: int = 2**63 - 1) -> int | None:
        """A whole number of at most 63 bits; 3.0 is one."""
        value = self.number(name)
        if value is None:
            return None
        if value != int(value):
            raise self.wrong(name, "must be a whole number")
        if value > most or value < -(2**63):
            raise self.wrong(name, "is out of range")
        if least is not None and value < least:
            raise self.wrong(name, f"must be at least {least}")
        return int(value)

    def json(self, name: str) -> Json | None:
        """An object that is carried without reading it."""
        value = self._left.pop(name, None)
        if value is None or isinstance(value, dict):
            return cast("Json | None", value)
        raise self.mistyped(name, "an object", value)

    def inner(self, name: str) -> "Object | None":
        """An object to read in its turn."""
        value = self.json(name)
        return None if value is None else Object(value, self.at(name), self.blame)

    def array(self, name: str) -> list[object] | None:
        value = self._left.pop(name, None)
        if value is None or isinstance(value, list):
            return cast("list[object] | None", value)
        raise self.mistyped(name, "an array", value)

    def each(self, name: str) -> "tuple[Object, ...] | None":
        """An array of objects to read in their turn."""
        values = self.array(name)
        if values is None:
            return None
        return tuple(self._object_at(name, n, value) for n, value in enumerate(values))

    def texts(self, name: str) -> tuple[str, ...] | None:
        """An array of strings."""
        values = self.array(name)
        if values is None:
            return None
        for n, value in enumerate(values):
            if not isinstance(value, str):
                raise self.mistyped(f"{name}[{n}]", "a string", value)
        return tuple(cast("list[str]", values))

    def left(self) -> Json:
        """What nobody took."""
        return self._left

    def rest(self, dialect: str) -> Aside | None:
        """What nobody took, to be carried aside."""
        return Aside(dialect, self._left) if self._left else None

    def _object_at(self, name: str, n: int, value: object) -> "Object":
        if not isinstance(value, dict):
            raise self.mistyped(f"{name}[{n}]", "an object", value)
        return Object(cast("Json", value), self.at(f"{name}[{n}]"), self.blame)

    def mistyped(self, name: str, wanted: str, value: object) -> Fault:
        """The fault to raise for a field of the wrong type."""
        return self.wrong(name, f"must be {wanted}, not {named(value)}")


def _marks(written: bytes) -> int:
    """Every value but the first stands behind one of these."""
    return written.count(b",") + _brackets(written)


def _brackets(body: bytes | str) -> int:
    """No value is deeper than this; most chunks of a stream need no closer look."""
    if isinstance(body, str):
        return body.count("{") + body.count("[")
    return body.count(b"{") + body.count(b"[")


def _deeper(value: Json, levels: int) -> bool:
    """Whether a value has more levels than that; level by level, so that it cannot recurse."""
    level: list[object] = [value]
    for _ in range(levels):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: object) -> list[object]:
    """The objects and arrays right inside one."""
    inside = cast("Json", node).values() if isinstance(node, dict) else cast("list[object]", node)
    return [cast("object", child) for child in inside if isinstance(child, dict | list)]
