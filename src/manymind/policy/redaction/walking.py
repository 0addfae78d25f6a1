"""Every text in a value of the canonical language, wherever it stands.

A field that nobody has heard of is a text like any other: what is left alone is named here.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

from msgspec import Struct
from msgspec.structs import fields, replace

from manymind.canon.items import Called
from manymind.canon.parts import Audio, File, Image, Text

Value = TypeVar("Value")
Change = Callable[[str], str]

SEALED = frozenset({"dialect", "encrypted", "signature"})
"""Fields that only their maker reads, and which are worthless when changed."""

_PACKED = (Image, File, Audio)
"""Parts whose `data` is bytes as base64, in which nothing is looked for."""

_BASE64 = re.compile(r"(?:data:[\w/+.;=-]{0,100};base64,)?[A-Za-z0-9+/_-]{256,}={0,2}")


class Walk:
    """`change` is given each text, `arguments` each text that is JSON, `cited` each text that
    citations point into, and `joined` what may be several texts in a row. What nothing changes
    comes back as it was."""

    def __init__(
        self,
        change: Change,
        arguments: Change,
        cited: Callable[[Text], Text],
        joined: Callable[[tuple[Any, ...]], tuple[Any, ...]] | None = None,
    ) -> None:
        self._change = change
        self._arguments = arguments
        self._cited = cited
        self._joined = joined

    def over(self, value: Value) -> Value:
        return cast("Value", self._any(value))

    def _any(self, value: Any) -> Any:
        match value:
            case str():
                return value if len(value) > 255 and packed(value) else self._change(value)
            case Struct():
                return self._struct(value)
            case tuple() | list():
                return self._several(cast("tuple[Any, ...]", value))
            case dict():
                return self._fields(cast("dict[Any, Any]", value))
            case _:
                return value

    def _struct(self, value: Struct) -> Struct:
        if isinstance(value, Text) and value.citations:
            value = self._cited(value)
        changed: dict[str, Any] = {}
        for name in _names(type(value)):
            if name in SEALED or (name == "data" and isinstance(value, _PACKED)):
                continue
            old = getattr(value, name)
            if old is None or isinstance(old, bool | int | float | bytes):
                continue
            new = self._in_field(value, name, old)
            if new is not old:
                changed[name] = new
        return replace(value, **changed) if changed else value

    def _in_field(self, value: Struct, name: str, old: Any) -> Any:
        if name == "arguments" and isinstance(value, Called):
            return self._arguments(cast("str", old))
        if name == "text" and isinstance(value, Text):
            return self._change(cast("str", old))
        return self._any(old)

    def _several(self, given: tuple[Any, ...]) -> tuple[Any, ...]:
        several = len(given) > 1 and self._joined is not None and isinstance(given[0], Struct)
        values = self._joined(given) if several and self._joined is not None else given
        new = [self._any(each) for each in values]
        same = all(a is b for a, b in zip(new, given, strict=True))
        return given if same else type(given)(new)

    def _fields(self, values: dict[Any, Any]) -> dict[Any, Any]:
        new = {self._any(name): self._any(each) for name, each in values.items()}
        pairs = zip(new.items(), values.items(), strict=False)
        same = len(new) == len(values) and all(a is c and b is d for (a, b), (c, d) in pairs)
        return values if same else new


def packed(text: str) -> bool:
    """Whether a text is bytes as base64."""
    return _BASE64.fullmatch(text) is not None


_KNOWN: dict[type[Struct], tuple[str, ...]] = {}


def _names(kind: type[Struct]) -> tuple[str, ...]:
    known = _KNOWN.get(kind)
    if known is None:
        known = _KNOWN[kind] = tuple(field.name for field in fields(kind))
    return known
