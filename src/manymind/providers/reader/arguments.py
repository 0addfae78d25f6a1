"""Fills the arguments of a function from the words of a question."""

import re

import msgspec
from msgspec.structs import replace

from manymind.canon.faults import BadRequest
from manymind.canon.requests import Function
from manymind.canon.values import Json
from manymind.providers.reader.asking import Question
from manymind.providers.reader.filling import ABSENT, Filled, Filling, Value, empty
from manymind.providers.reader.lifting import Source, Wish, allowed, fits
from manymind.providers.reader.loose import as_object
from manymind.providers.reader.schema import (
    Amount,
    Choice,
    Field,
    Fields,
    Flag,
    Many,
    Schema,
    Shape,
    Words,
    read_schema,
)
from manymind.providers.reader.spelled import spelled
from manymind.providers.reader.values import names

_QUOTED = re.compile(r"[\"“'‘`]([^\"”'’`]{1,200})[\"”'’`]")
_PLACE = re.compile(
    r"\b(?:in|at|for|near|from|to|of|about) ([A-Z\u00c0-\u00de][\w'’-]*(?: [A-Z][\w'’-]*)*)"
)


def arguments(tool: Function, question: Question, given: Json, *, strictly: bool = False) -> str:
    """The call's arguments as JSON. `given` are known; the rest is lifted from the question.

    Strictly means that what is required must stand in the question, else `BadRequest`.
    """
    schema = read_schema(tool.parameters or {"type": "object"}, f"tools.{tool.name}.parameters")
    root = schema.at(schema.root)
    if not isinstance(root, Fields):
        raise BadRequest(
            f"The parameters of {tool.name} are not an object.",
            advice="Declare them with type object.",
            field="tools",
        )
    given = {**spelled(tool, schema, root.fields, question.text), **given}
    open_fields = tuple(
        field
        for field in root.fields
        if field.name not in given and (field.required or _is_option(schema.at(field.shape)))
    )
    rest = Schema(replace(root, fields=open_fields), schema.places)

    def lifted(shape: Shape, wanted: Wish) -> Filled:
        return _from_question(shape, wanted, question, strictly)

    source = Source(question.text, "", "")
    filling = Filling(rest, (source,), lifted)
    made = filling.fill()
    if made == ABSENT:
        missing = ", ".join(filling.missing[:5])
        raise BadRequest(f"Nothing in the question fills {missing} of {tool.name}.", field="tools")
    filled = as_object(made.json) or {}
    return msgspec.json.encode(_in_order(root.fields, {**filled, **given})).decode()


def _is_option(shape: Shape) -> bool:
    """What is not required is given only where the question plainly names it."""
    return isinstance(shape, Choice)


def _in_order(fields: tuple[Field, ...], made: Json) -> Json:
    return {field.name: made[field.name] for field in fields if field.name in made}


def _from_question(shape: Shape, wanted: Wish, question: Question, strictly: bool) -> Filled:
    """Where the field's own words do not stand in the question, what may be meant."""
    match shape:
        case Words(format=None, pattern=None):
            for text in _texts(question, strictly):
                if fits(shape, text):
                    return Value(text)
        case Amount() if not strictly:
            for value in (1, 0, shape.minimum, shape.maximum):
                if value is not None and allowed(shape, value):
                    return Value(int(value) if value == int(value) else value, False)
        case Flag() if not strictly:
            return Value(False, False)
        case Choice() if not strictly:
            return Value(shape.values[0], False)
        case Many() if shape.count_min == 0:
            return Value([], False)
        case _:
            pass
    return empty(shape, wanted) if not strictly else ABSENT


def _texts(question: Question, strictly: bool) -> list[str]:
    text = question.text
    found = [match[1] for match in _QUOTED.finditer(text)]
    found += [match[1] for match in _PLACE.finditer(text)]
    found += [name.text for name in names(text)]
    return found if strictly else [*found, question.keywords, text]
