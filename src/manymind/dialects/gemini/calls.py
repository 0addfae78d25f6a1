"""Calls of functions, what they gave back, and code that the server ran: both ways.

Many servers give calls no ids: a response then belongs to the oldest call of its name. Such calls
get an id of ours, which is never sent back to them.
"""

from typing import cast

from msgspec.structs import replace

from manymind.canon.faults import BadRequest
from manymind.canon.items import Called, Hosted, Returned
from manymind.canon.parts import Part, Text
from manymind.canon.values import Aside, Json
from manymind.dialects.gemini.casing import camel
from manymind.dialects.gemini.parts import read_part
from manymind.dialects.gemini.words import NAME
from manymind.dialects.losses import nest
from manymind.dialects.reading import Object, decode, encode

_UNNAMED = "gemini_"
"""Begins the ids that are ours."""

CODE = "code_interpreter"


def read_call(part: Object, spare: str) -> Called:
    """`spare` tells this call from others, where it has no id."""
    call = camel(part.needed("functionCall", part.inner("functionCall")))
    call_id = call.text("id") or f"{_UNNAMED}{spare}"
    name = call.needed("name", call.text("name"))
    arguments = encode(call.json("args") or {}).decode()
    return Called(
        call_id=call_id,
        name=name,
        arguments=arguments,
        aside=_aside(part, "functionCall", call.left()),
    )


def write_call(item: Called, asked: Json) -> Json:
    """`asked` are its arguments."""
    fields: Json = {} if item.call_id.startswith(_UNNAMED) else {"id": item.call_id}
    return nest(fields_of(item.aside), "functionCall", fields | {"name": item.name, "args": asked})


def read_arguments(arguments: str) -> Json | None:
    """The object that a call's arguments are; None where a model wrote anything else."""
    if not arguments.strip():
        return {}
    try:
        return decode(arguments).left()
    except BadRequest:
        return None


class Answered:
    """Finds the call that a response without an id belongs to."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[str]] = {}
        self._names: dict[str, str] = {}

    def called(self, call: Called) -> None:
        self._names[call.call_id] = call.name
        if call.call_id.startswith(_UNNAMED):
            self._waiting.setdefault(call.name, []).append(call.call_id)

    def read(self, part: Object, spare: str) -> Returned:
        response = camel(part.needed("functionResponse", part.inner("functionResponse")))
        name = response.needed("name", response.text("name"))
        waiting = self._waiting.get(name)
        given = response.text("id")
        call_id = given or (waiting.pop(0) if waiting else f"{_UNNAMED}{spare}")
        text, failed = _read_response(response)
        parts = tuple(read_part(camel(one)) for one in response.each("parts") or ())
        left = response.left()
        if self._names.get(call_id) != name:
            left = {"name": name, **left}
        return Returned(
            call_id=call_id,
            parts=(text, *parts),
            failed=failed,
            aside=_aside(part, "functionResponse", left),
        )


def _read_response(response: Object) -> tuple[Part, bool | None]:
    """What came back as text, and whether it is an error. Whatever is not plainly one of both is
    the text of its JSON."""
    value = response.json("response") or {}
    if len(value) == 1:
        ((key, said),) = value.items()
        if key in ("output", "error") and isinstance(said, str) and _object(said) is None:
            return Text(text=said), True if key == "error" else None
    return Text(text=encode(value).decode()), None


def write_response(item: Returned, name: str | None, media: list[Json]) -> Json:
    """`name` is that of the function, `media` what came back beside text."""
    said = "".join(part.text for part in item.parts if isinstance(part, Text))
    value = None if item.failed else _object(said)
    if value is None:
        value = {"error" if item.failed else "output": said}
    fields: Json = {} if item.call_id.startswith(_UNNAMED) else {"id": item.call_id}
    kept = fields_of(item.aside)
    inner = kept.get("functionResponse")
    known = cast("Json", inner).get("name") if isinstance(inner, dict) else None
    fields |= {"name": known or name or "function", "response": value}
    if media:
        fields["parts"] = media
    return nest(kept, "functionResponse", fields)


def _object(text: str) -> Json | None:
    """The object that a text is the JSON of."""
    return read_arguments(text) if text.lstrip().startswith("{") else None


def read_code(part: Object) -> Hosted:
    code = camel(part.needed("executableCode", part.inner("executableCode")))
    action: Json = {"code": code.text("code") or "", "language": code.text("language")}
    name = code.text("id")
    left = {**part.left(), "executableCode": code.left()} if code.left() else part.left()
    # An aside, though perhaps an empty one, says that a server of this dialect has run it.
    return Hosted(tool=CODE, id=name, action=action, aside=Aside(NAME, left))


def finished(call: Hosted, part: Object) -> Hosted:
    """The call with the part that tells what came of it."""
    result = camel(part.needed("codeExecutionResult", part.inner("codeExecutionResult")))
    logs: Json = {"type": "logs", "logs": result.text("output") or ""}
    output: Json = {"outputs": [logs], "outcome": result.text("outcome")}
    if call.id is not None and result.peek("id") == call.id:
        result.take("id")
    left = {**part.left(), "codeExecutionResult": result.left()} if result.left() else part.left()
    return replace(call, output={**output, **({"part": left} if left else {})})


def native(call: Hosted) -> bool:
    """Whether a server of this dialect ran it: it takes back no code but its own."""
    return call.tool == CODE and call.aside is not None and call.aside.dialect == NAME


def write_code(call: Hosted) -> list[Json]:
    """The parts of a piece of code that was run, whoever ran it."""
    action, output = call.action or {}, call.output
    named: Json = {} if call.id is None else {"id": call.id}
    told: Json = {"language": action.get("language") or "PYTHON", "code": action.get("code") or ""}
    code = nest(fields_of(call.aside), "executableCode", named | told)
    if output is None:
        return [code]
    result: Json = {**named, "outcome": output.get("outcome") or "OUTCOME_OK"}
    kept = output.get("part")
    part = cast("Json", kept) if isinstance(kept, dict) else {}
    return [code, nest(part, "codeExecutionResult", result | {"output": _logs(output)})]


def _logs(output: Json) -> str:
    outputs = output.get("outputs")
    told = cast("list[object]", outputs) if isinstance(outputs, list) else []
    texts = [cast("Json", one).get("logs") for one in told if isinstance(one, dict)]
    return "".join(text for text in texts if isinstance(text, str))


def fields_of(aside: Aside | None) -> Json:
    """The unknown fields that came from this dialect."""
    return aside.fields if aside is not None and aside.dialect == NAME else {}


def _aside(part: Object, name: str, inner: Json) -> Aside | None:
    left = {**part.left(), name: inner} if inner else part.left()
    return Aside(NAME, left) if left else None
