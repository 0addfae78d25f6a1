"""Arguments that a question spells out: in a call that it writes (`convert(3, unit="m")`), or in
quotes after the word that gives a name (`a customer named 'Ada'`)."""

import re

import msgspec

from manymind.canon.requests import Function
from manymind.canon.values import Json
from manymind.providers.reader.lifting import allowed, fits, wish
from manymind.providers.reader.schema import Amount, Choice, Field, Flag, Schema, Words

_CALL_LENGTH_MAX = 500
_ARGUMENT = re.compile(r"""\s*(?:(\w{1,60})\s*[=:]\s*)?("[^"]*"|'[^']*'|[^,'"]+)\s*(?:,|$)""")
_NAMED = re.compile(
    r"\b(?:named|called|titled)\s+(?:\"([^\"]{1,200})\"|'([^']{1,200})'|[“‘]([^”’]{1,200})[”’])",
    re.IGNORECASE,
)


def spelled(tool: Function, schema: Schema, fields: tuple[Field, ...], text: str) -> Json:
    """The fields that the question gives in so many words, if their shapes allow the values."""
    found: Json = {}
    for field, value in (*_named(fields, text), *_called(tool, fields, text)):
        if _holds(field, schema, value):
            found[field.name] = value
    return found


def _named(fields: tuple[Field, ...], text: str) -> list[tuple[Field, object]]:
    """What is named, for the first field that takes a name."""
    match = _NAMED.search(text)
    takers = [field for field in fields if wish(field.name).parts & {"name", "title"}]
    if match is None or not takers:
        return []
    return [(takers[0], match[1] or match[2] or match[3])]


def _called(tool: Function, fields: tuple[Field, ...], text: str) -> list[tuple[Field, object]]:
    """The arguments of a written call, by name or by place."""
    written = re.search(rf"(?<!\w){re.escape(tool.name)}\(([^()]{{1,{_CALL_LENGTH_MAX}}})\)", text)
    if written is None:
        return []
    by_name = {field.name: field for field in fields}
    found: list[tuple[Field, object]] = []
    for place, argument in enumerate(_ARGUMENT.finditer(written[1])):
        name = argument[1]
        field = by_name.get(name) if name else dict(enumerate(fields)).get(place)
        if field is not None:
            found.append((field, _value(argument[2].strip())))
    return found


def _value(written: str) -> object:
    if written[:1] == written[-1:] == "'":
        return written[1:-1]
    try:
        return msgspec.json.decode(written)
    except msgspec.DecodeError:
        return written


def _holds(field: Field, schema: Schema, value: object) -> bool:
    shape = schema.at(field.shape)
    match value:
        case bool():
            return isinstance(shape, Flag)
        case int() | float():
            return isinstance(shape, Amount) and allowed(shape, value)
        case str():
            plain = isinstance(shape, Words) and shape.format is None and fits(shape, value)
            return plain or (isinstance(shape, Choice) and value in shape.values)
        case _:
            return False
