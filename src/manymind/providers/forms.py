"""Fills in a JSON schema from a text: values of the right types, found in the text where it has
them. It promises the shape; what the values mean is beyond it.

The schema is a stranger's: whatever it holds, filling it ends and never fails.
"""

import math
import re
from collections.abc import Mapping
from typing import TypeGuard

DEPTH_MAX = 12
ITEMS_MAX = 16
VALUES_MAX = 2_000
TEXT_MAX = 20_000
STRING_MAX = 1_000
NUMBER_MAX = 10**15

_NUMBER = re.compile(r"(?<![\w.])-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_NO = re.compile(r"\b(?:no|not|never|false|without)\b", re.IGNORECASE)
_LISTED = re.compile(r"^[ \t]*(?:[-*]|[0-9]{1,2}[.)])[ \t]+(.+)$", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n")
_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Whether a decoded JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether a decoded JSON value is an array."""
    return isinstance(value, list)


def numbers(text: str) -> list[str]:
    """The numbers in a text, as they are written."""
    return _NUMBER.findall(text)


def parts(text: str) -> list[str]:
    """The parts of a text that has several: the items of a list, else sentences that ask."""
    listed = _LISTED.findall(text)
    asking = [part for part in _SENTENCE_END.split(text) if part.endswith("?")]
    for found in (listed, asking):
        if 1 < len(found) <= ITEMS_MAX:
            return [part.strip() for part in found]
    return [text]


def fill(schema: object, text: str, known: Mapping[str, object] | None = None) -> object:
    """A value of `schema`. A property that `known` names takes its value from there."""
    return _Form(schema, text, known or {}).value(schema, (), 0)


class _Form:
    def __init__(self, root: object, text: str, known: Mapping[str, object]) -> None:
        self._root = root
        self._text = text[:TEXT_MAX]
        self._known = known
        self._numbers = iter(numbers(self._text))
        self._left = VALUES_MAX

    def value(self, schema: object, path: tuple[str, ...], depth: int) -> object:
        schema = self._resolved(schema)
        self._left -= 1
        if self._left < 0 or depth > DEPTH_MAX:
            return None
        if not is_object(schema):
            return self._text[:STRING_MAX]
        if "const" in schema:
            return schema["const"]
        options = schema.get("enum")
        if is_list(options) and options:
            return self._choice(options)
        for key in ("anyOf", "oneOf"):
            branch = _first_not_null(schema.get(key))
            if branch is not None:
                return self.value(branch, path, depth + 1)
        return self._typed(schema, path, depth)

    def _typed(self, schema: dict[str, object], path: tuple[str, ...], depth: int) -> object:
        match _type(schema):
            case "object":
                return self._object(schema, path, depth)
            case "array":
                return self._array(schema, path, depth)
            case "integer":
                return math.ceil(_within(self._number(), schema))
            case "number":
                return _within(self._number(), schema)
            case "boolean":
                return _NO.search(self._text) is None
            case "null":
                return None
            case _:
                return self._string(schema, path)

    def _resolved(self, schema: object) -> object:
        """Follows references within the schema, a few steps and never in circles."""
        for _ in range(DEPTH_MAX):
            reference = schema.get("$ref") if is_object(schema) else None
            if not isinstance(reference, str):
                return schema
            schema = self._root
            for name in reference.removeprefix("#").split("/")[1:]:
                name = name.replace("~1", "/").replace("~0", "~")
                schema = schema.get(name) if is_object(schema) else None
        return None

    def _object(self, schema: dict[str, object], path: tuple[str, ...], depth: int) -> object:
        properties = schema.get("properties")
        if not is_object(properties):
            return {}
        required = schema.get("required")
        deep = depth >= DEPTH_MAX // 2
        return {
            name: self._known[name]
            if name in self._known
            else self.value(inner, (*path, name), depth + 1)
            for name, inner in properties.items()
            if not deep or not is_list(required) or name in required
        }

    def _array(self, schema: dict[str, object], path: tuple[str, ...], depth: int) -> object:
        least = schema.get("minItems")
        count = 0 if depth >= DEPTH_MAX // 2 else 1
        if isinstance(least, int) and least > count:
            count = min(least, ITEMS_MAX)
        items = schema.get("items", {})
        told = parts(self._text)
        if depth < 2 and len(told) > max(count, 1) and _type(_object_of(items)) == "object":
            return [self._of_part(items, part, path, depth) for part in told]
        return [self.value(items, path, depth + 1) for _ in range(count)]

    def _of_part(self, schema: object, part: str, path: tuple[str, ...], depth: int) -> object:
        """A value that is filled from one part of the text alone."""
        before = self._text, self._numbers
        self._text, self._numbers = part, iter(numbers(part))
        value = self.value(schema, path, depth + 1)
        self._text, self._numbers = before
        return value

    def _number(self) -> float | int:
        written = next(self._numbers, "0")
        return float(written) if "." in written else int(written)

    def _choice(self, options: list[object]) -> object:
        """The option that the text names first, else the first of all."""
        lowered = self._text.lower()
        named = [
            (lowered.find(option.lower()), place)
            for place, option in enumerate(options)
            if isinstance(option, str) and option and option.lower() in lowered
        ]
        return options[min(named)[1]] if named else options[0]

    def _string(self, schema: dict[str, object], path: tuple[str, ...]) -> str:
        form = schema.get("format")
        if isinstance(form, str) and form in _FORMATS:
            return _FORMATS[form]
        text = (self._after(path[-1]) if path else self._text)[:STRING_MAX]
        most, least = schema.get("maxLength"), schema.get("minLength")
        if isinstance(least, int) and len(text) < least:
            text = text.ljust(min(least, STRING_MAX), ".")
        return text[:most] if isinstance(most, int) and most >= 0 else text

    def _after(self, name: str) -> str:
        """What the text says of `name` (`name: …`, `name is …`), else the whole text."""
        words = re.escape(name.replace("_", " "))
        found = re.search(rf"\b{words}\b\s*(?::|=|is)\s*([^\n.,;]+)", self._text, re.IGNORECASE)
        return found.group(1).strip() if found else self._text


def _object_of(schema: object) -> dict[str, object]:
    return schema if is_object(schema) else {}


def _type(schema: dict[str, object]) -> str:
    kind = schema.get("type")
    if is_list(kind):
        kind = next((name for name in kind if name != "null"), "null")
    if isinstance(kind, str):
        return kind
    return "object" if "properties" in schema else "string"


def _first_not_null(branches: object) -> object:
    if not is_list(branches):
        return None
    for branch in branches:
        if not (is_object(branch) and branch.get("type") == "null"):
            return branch
    return None


def _within(number: float, schema: dict[str, object]) -> float:
    least, most = schema.get("minimum"), schema.get("maximum")
    if isinstance(least, int | float) and abs(least) <= NUMBER_MAX:
        number = max(number, least)
    if isinstance(most, int | float) and abs(most) <= NUMBER_MAX:
        number = min(number, most)
    return number
