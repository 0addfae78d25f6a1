"""A JSON schema, read once: the subset that strict structured output knows, and nothing else.

What is not in it is refused by name, so that whoever gets an answer can rely on its form.
"""

from typing import TypeAlias

import re2
from msgspec import Struct

from manymind.canon.faults import BadRequest, Unsupported
from manymind.canon.values import Json
from manymind.providers.reader.loose import as_list, as_object

DEPTH_MAX = 32
NODES_MAX = 5_000

_SILENT = frozenset(
    {
        "title", "description", "default", "examples", "example", "deprecated", "readOnly",
        "writeOnly", "$schema", "$id", "$comment", "$defs", "definitions", "name", "strict",
    }
)  # fmt: skip
_SHARED = frozenset({"type", "enum", "const", "anyOf", "$ref", "nullable"})
_OF_TYPE = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems", "uniqueItems"}),
    "string": frozenset({"minLength", "maxLength", "pattern", "format"}),
    "number": frozenset(
        {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    ),
}
FORMATS = frozenset(
    {"date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri"}
)


class Words(Struct, frozen=True, kw_only=True):
    """A string."""

    hint: str = ""
    length_min: int = 0
    length_max: int | None = None
    pattern: str | None = None
    format: str | None = None


class Amount(Struct, frozen=True, kw_only=True):
    """A number. The bounds are inclusive unless they are called exclusive."""

    hint: str = ""
    whole: bool = False
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    multiple_of: float | None = None


class Flag(Struct, frozen=True, kw_only=True):
    hint: str = ""


class Nothing(Struct, frozen=True, kw_only=True):
    """null"""


class Choice(Struct, frozen=True, kw_only=True):
    """One of these values."""

    values: tuple[object, ...]
    hint: str = ""


class Many(Struct, frozen=True, kw_only=True):
    items: "Shape"
    count_min: int = 0
    count_max: int | None = None
    hint: str = ""


class Field(Struct, frozen=True):
    name: str
    shape: "Shape"
    required: bool


class Fields(Struct, frozen=True, kw_only=True):
    fields: tuple[Field, ...]
    hint: str = ""


class Either(Struct, frozen=True, kw_only=True):
    options: "tuple[Shape, ...]"
    hint: str = ""


class Again(Struct, frozen=True, kw_only=True):
    """What stands at this place of the schema; how schemas refer to themselves."""

    place: str


Shape: TypeAlias = Words | Amount | Flag | Nothing | Choice | Many | Fields | Either | Again


class Schema(Struct, frozen=True):
    root: Shape
    places: dict[str, Shape]

    def at(self, shape: Shape) -> Shape:
        """The shape itself, whatever refers to it."""
        for _ in range(DEPTH_MAX):
            if not isinstance(shape, Again):
                return shape
            shape = self.places[shape.place]
        return Nothing()


def read_schema(schema: Json, field: str) -> Schema:
    """`field` is how the caller calls the place of the schema; faults name what is below it."""
    reading = _Reading(schema, field)
    root = reading.shape(schema, field, 0)
    return Schema(root, reading.places)


class _Reading:
    def __init__(self, whole: Json, field: str) -> None:
        self.places: dict[str, Shape] = {}
        self._whole = whole
        self._field = field
        self._nodes = 0

    def shape(self, node: object, field: str, depth: int) -> Shape:
        self._nodes += 1
        if depth > DEPTH_MAX or self._nodes > NODES_MAX:
            raise BadRequest("The schema is too deep or too large.", field=field)
        known = as_object(node)
        if known is None:
            raise BadRequest("A schema is an object.", field=field)
        hint = " ".join(
            part for part in (known.get("title"), known.get("description")) if isinstance(part, str)
        )
        if "$ref" in known:
            return self._again(known["$ref"], field, depth)
        kinds = _types(known, field)
        _refuse_unknown(known, kinds, field)
        shape = self._typed(known, kinds, hint, field, depth)
        if known.get("nullable") is True:
            return Either(options=(shape, Nothing()), hint=hint)
        return shape

    def _typed(
        self, node: Json, kinds: tuple[str, ...], hint: str, field: str, depth: int
    ) -> Shape:
        if "const" in node:
            return Choice(values=(node["const"],), hint=hint)
        if "enum" in node:
            values = _list(node["enum"], f"{field}.enum")
            if not values:
                raise BadRequest("The enum is empty.", field=f"{field}.enum")
            return Choice(values=tuple(values), hint=hint)
        if "anyOf" in node:
            options = _list(node["anyOf"], f"{field}.anyOf")
            if not options:
                raise BadRequest("anyOf is empty.", field=f"{field}.anyOf")
            return Either(
                options=tuple(
                    self.shape(option, f"{field}.anyOf[{number}]", depth + 1)
                    for number, option in enumerate(options)
                ),
                hint=hint,
            )
        shapes = tuple(self._one(kind, node, hint, field, depth) for kind in kinds)
        return shapes[0] if len(shapes) == 1 else Either(options=shapes, hint=hint)

    def _one(self, kind: str, node: Json, hint: str, field: str, depth: int) -> Shape:
        match kind:
            case "object":
                return self._object(node, hint, field, depth)
            case "array":
                items = node.get("items", {"type": "string"})
                return Many(
                    items=self.shape(items, f"{field}.items", depth + 1),
                    count_min=_count(node, "minItems", field) or 0,
                    count_max=_count(node, "maxItems", field),
                    hint=hint,
                )
            case "string":
                return _words(node, hint, field)
            case "number" | "integer":
                return _amount(node, kind == "integer", hint, field)
            case "boolean":
                return Flag(hint=hint)
            case _:
                return Nothing()

    def _object(self, node: Json, hint: str, field: str, depth: int) -> Fields:
        properties = _object_of(node.get("properties", {}), f"{field}.properties")
        required = _list(node.get("required", []), f"{field}.required")
        # A name may be of any type, and not all can be looked up in an object.
        unknown = [name for name in required if name not in tuple(properties)]
        if unknown:
            raise BadRequest(
                f"`required` names {str(unknown[0])[:80]!r}, which is no property.",
                field=f"{field}.required",
            )
        fields = tuple(
            Field(
                name, self.shape(inner, f"{field}.properties.{name}", depth + 1), name in required
            )
            for name, inner in properties.items()
        )
        return Fields(fields=fields, hint=hint)

    def _again(self, place: object, field: str, depth: int) -> Again:
        if not isinstance(place, str) or not place.startswith("#"):
            raise Unsupported(
                "Only references within the schema are followed.", field=f"{field}.$ref"
            )
        if place not in self.places:
            self.places[place] = Nothing()
            node: object = self._whole
            for step in place.removeprefix("#").strip("/").split("/") if place != "#" else ():
                key = step.replace("~1", "/").replace("~0", "~")
                node = (as_object(node) or {}).get(key)
            if node is None:
                raise BadRequest("The reference leads nowhere.", field=f"{field}.$ref")
            self.places[place] = self.shape(node, field, depth + 1)
        return Again(place=place)


def _types(node: Json, field: str) -> tuple[str, ...]:
    given = node.get("type")
    several = as_list(given)
    kinds = (given,) if several is None else tuple(several)
    if given is None:
        if "properties" in node:
            kinds = ("object",)
        elif "items" in node:
            kinds = ("array",)
        else:
            kinds = ("string",)
    known = ("object", "array", "string", "number", "integer", "boolean", "null")
    for kind in kinds:
        if kind not in known:
            raise BadRequest(f"There is no type {str(kind)[:40]!r}.", field=f"{field}.type")
    if not kinds:
        raise BadRequest("`type` is empty.", field=f"{field}.type")
    return tuple(str(kind) for kind in kinds)


def _refuse_unknown(node: Json, kinds: tuple[str, ...], field: str) -> None:
    allowed = _SILENT | _SHARED
    for kind in kinds:
        allowed |= _OF_TYPE.get("number" if kind == "integer" else kind, frozenset())
    for key in node:
        if key not in allowed:
            raise Unsupported(
                f"The reader cannot follow the schema keyword `{key[:60]}` here.",
                advice="It knows those of strict structured output: type, enum, const, anyOf,"
                " $ref, properties, required, items and bounds.",
                field=f"{field}.{key[:60]}",
            )


def _words(node: Json, hint: str, field: str) -> Words:
    pattern, form = node.get("pattern"), node.get("format")
    if pattern is not None:
        pattern = str(pattern)
        options = re2.Options()
        options.log_errors = False
        try:
            re2.compile(pattern.encode("utf-8", "replace").decode(), options)
        except re2.error:
            raise Unsupported(
                "The pattern is not one that can be run in linear time.",
                advice="Use RE2 syntax, without look-around and back references.",
                field=f"{field}.pattern",
            ) from None
    return Words(
        hint=hint,
        length_min=_count(node, "minLength", field) or 0,
        length_max=_count(node, "maxLength", field),
        pattern=pattern,
        format=form if isinstance(form, str) and form in FORMATS else None,
    )


def _amount(node: Json, whole: bool, hint: str, field: str) -> Amount:
    return Amount(
        hint=hint,
        whole=whole,
        minimum=_number(node, "minimum", field),
        maximum=_number(node, "maximum", field),
        above=_number(node, "exclusiveMinimum", field),
        below=_number(node, "exclusiveMaximum", field),
        multiple_of=_number(node, "multipleOf", field),
    )


def _number(node: Json, key: str, field: str) -> float | None:
    value = node.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRequest(f"`{key}` is not a number.", field=f"{field}.{key}")
    return value


def _count(node: Json, key: str, field: str) -> int | None:
    value = _number(node, key, field)
    if value is not None and (value < 0 or value != int(value)):
        raise BadRequest(f"`{key}` is not a count.", field=f"{field}.{key}")
    return None if value is None else int(value)


def _object_of(value: object, field: str) -> Json:
    found = as_object(value)
    if found is None:
        raise BadRequest("It is not an object.", field=field)
    return found


def _list(value: object, field: str) -> list[object]:
    found = as_list(value)
    if found is None:
        raise BadRequest("It is not a list.", field=field)
    return found
