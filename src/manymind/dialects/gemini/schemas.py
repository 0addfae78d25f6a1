"""Schemas: Google's own form, after OpenAPI, read into JSON Schema, which it takes as well."""

from typing import cast

from manymind.canon.values import Json

_TYPES = frozenset({"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"})

_COUNTS = frozenset(
    {
        "minItems",
        "maxItems",
        "minLength",
        "maxLength",
        "minProperties",
        "maxProperties",
    }
)
"""Whole numbers of 64 bits, which JSON of Google's making holds as strings."""

_SNAKE = {
    "any_of": "anyOf",
    "min_items": "minItems",
    "max_items": "maxItems",
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_properties": "minProperties",
    "max_properties": "maxProperties",
    "property_ordering": "propertyOrdering",
    "additional_properties": "additionalProperties",
}


def json_schema(schema: Json) -> Json:
    """The JSON Schema that means the same. It is as deep as the body it came in may be."""
    read: Json = {}
    for given, value in schema.items():
        name = _SNAKE.get(given, given)
        read[name] = _value(name, value)
    kind = read.get("type")
    if read.get("nullable") is True and isinstance(kind, str):
        del read["nullable"]
        read["type"] = [kind, "null"]
    elif read.get("nullable") is False:
        del read["nullable"]
    return read


def _value(name: str, value: object) -> object:
    match value:
        case str() if name == "type" and value.upper() in _TYPES:
            return value.lower()
        case str() if name in _COUNTS and value.isascii() and value.isdecimal():
            return int(value[:18])
        case dict() if name in ("properties", "$defs"):
            properties = cast("Json", value).items()
            return {key: _schema(inner) for key, inner in properties}
        case dict() if name in ("items", "additionalProperties"):
            return json_schema(cast("Json", value))
        case list() if name in ("anyOf", "prefixItems"):
            return [_schema(inner) for inner in cast("list[object]", value)]
        case _:
            return value


def _schema(value: object) -> object:
    return json_schema(cast("Json", value)) if isinstance(value, dict) else value
