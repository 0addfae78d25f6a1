"""Answers in JSON: read, checked against what the caller's schema requires, and cleaned.

The check is shallow: the value is of the schema's type, and has its required keys. A schema has
no place for our citations, so markers are taken out; a field that holds a quote keeps it only if
it stands in a document.
"""

from typing import Protocol, TypeAlias

import msgspec

from manymind.canon.requests import OutputFormat
from manymind.engine.json_text import inner_json

_Value: TypeAlias = "bool | int | float | str | list[_Value] | dict[str, _Value] | None"

_QUOTING = frozenset({"quote", "quotes", "quotation", "quotations", "excerpt", "verbatim"})
_DEPTH_MAX = 100

_TYPES: dict[object, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
}


class Cleaner(Protocol):
    async def prose(self, text: str) -> str:
        """The text without what may not be said."""
        ...

    async def verbatim(self, text: str) -> bool: ...


def wanted(output: OutputFormat | None) -> bool:
    """Whether the answer must be JSON."""
    return output is not None and output.form in ("json_schema", "json_object")


def problem(text: str, output: OutputFormat) -> str | None:
    """What is wrong with this answer, in words that a model can act on; None if nothing is."""
    value, broken = _decoded(text)
    if broken:
        return "it is not valid JSON"
    schema = output.schema or {}
    kind = "object" if output.form == "json_object" else schema.get("type")
    wants = _TYPES.get(kind) if isinstance(kind, str) else None
    if wants is not None and not isinstance(value, wants):
        return f"it is not a JSON value of type {kind}"
    return _missing(value, schema)


async def cleaned(text: str, cleaner: Cleaner) -> str:
    """The same JSON with clean strings; untouched where they were."""
    value, _ = _decoded(text)
    clean = await _clean(value, cleaner, quoting=False, depth=0)
    return inner_json(text) if clean == value else msgspec.json.encode(clean).decode()


def _decoded(text: str) -> tuple[_Value, bool]:
    try:
        value: _Value = msgspec.json.decode(inner_json(text))
        return value, False
    except (msgspec.DecodeError, RecursionError):
        return None, True


def _missing(value: _Value, schema: dict[str, object]) -> str | None:
    required = schema.get("required")
    if not isinstance(value, dict):
        return None
    absent = [name for name in _words(required) if name not in value]
    return f"it lacks {', '.join(absent)}" if absent else None


def _words(value: object) -> list[str]:
    """A list of words; an empty one where a stranger's schema holds something else."""
    try:
        return msgspec.convert(value, list[str])
    except msgspec.ValidationError:
        return []


async def _clean(value: _Value, cleaner: Cleaner, *, quoting: bool, depth: int) -> _Value:
    match value:
        case str():
            text = await cleaner.prose(value)
            return text if not quoting or await cleaner.verbatim(text) else ""
        case dict() if depth < _DEPTH_MAX:
            return {
                key: await _clean(inner, cleaner, quoting=key.lower() in _QUOTING, depth=depth + 1)
                for key, inner in value.items()
            }
        case list() if depth < _DEPTH_MAX:
            return [
                await _clean(inner, cleaner, quoting=quoting, depth=depth + 1) for inner in value
            ]
        case _:
            return value
