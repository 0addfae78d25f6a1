"""A little model that talks and uses tools: it calls the function that the question speaks of,
tells what came back, looks at pictures, and otherwise says the caller's words again.

Like the other acts it computes from the request alone.
"""

import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from hashlib import sha256

from msgspec.structs import replace

from manymind.canon.items import Called, Item, Returned, Said
from manymind.canon.parts import File, Image
from manymind.canon.requests import Function, OutputFormat, Request
from manymind.canon.values import Json
from manymind.providers.acts import (
    Line,
    as_asked,
    call,
    last_words,
    offered,
    this_turn,
    words_of,
)
from manymind.providers.forms import fill

_QUOTED = re.compile(r"['\"`]([A-Za-z_]\w{0,60})['\"`]")
_KEYS = re.compile(r"\bJSON\b.*\bkeys?\b|\bkeys?\b.*\bJSON\b", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{3,}")
_COMMON = frozenset(["the", "and", "for", "are", "what", "with", "that", "this", "use", "you"])


def assistant(request: Request) -> Sequence[Line]:
    """One turn: a call, or the answer in the form that is asked for."""
    tool = chosen(request)
    if tool is not None:
        schema = tool.parameters or {"type": "object"}
        return (call(request, tool, fill(schema, last_words(request))),)
    told = [words_of(item.parts) for item in this_turn(request) if isinstance(item, Returned)]
    text = "\n".join((*told, *seen(request))) or last_words(request)
    return (as_asked(with_keys(request), text),)


def with_keys(request: Request) -> Request:
    """Where JSON is asked for without a schema, the keys that the question names in quotes."""
    form = request.output.form if request.output is not None else "text"
    words = last_words(request)
    keys = dict.fromkeys(_QUOTED.findall(words)) if _KEYS.search(words) else {}
    if form == "json_schema" or not keys:
        return request
    schema: Json = {"type": "object", "properties": {key: {"type": "string"} for key in keys}}
    return replace(request, output=OutputFormat(form="json_schema", schema=schema))


def chosen(request: Request) -> Function | None:
    """The function to call next: of those not yet called in this turn, the one that shares the
    most words with the question. Where a call is demanded, any function will do."""
    tools = offered(request)
    choice = request.tool_choice
    demanded = choice is not None and choice.mode in ("required", "named")
    made = {item.name for item in this_turn(request) if isinstance(item, Called)}
    left = [tool for tool in tools if tool.name not in made] or (tools if demanded else [])
    question = _words(last_words(request))
    shared = {tool.name: len(question & _words(_card(tool))) for tool in left}
    best = max(left, key=lambda tool: shared[tool.name], default=None)
    return best if best is not None and (demanded or shared[best.name]) else None


def seen(request: Request) -> Iterator[str]:
    """The media type, size and hash of each picture and file of this turn."""
    turn = this_turn(request)
    before = len(request.items) - len(turn)
    for item in request.items[max(0, before - 1) :]:
        for part in parts_of(item):
            if isinstance(part, Image | File) and not (isinstance(part, File) and part.text):
                yield report(part)


def parts_of(item: Item) -> Sequence[object]:
    return item.parts if isinstance(item, Said | Returned) else ()


def report(part: Image | File) -> str:
    """What can be told of a picture or a file without understanding it."""
    kind = "image" if isinstance(part, Image) else "file"
    if part.data is not None:
        try:
            data = b64decode(part.data, validate=True)
        except ValueError:
            return f"{kind}: broken base64"
        digest = sha256(data).hexdigest()[:16]
        return f"{kind}: {part.media_type}, {len(data)} bytes, sha256 {digest}"
    if part.url is not None:
        return f"{kind}: {part.url}"
    return f"{kind}: file {part.file_id}"


def _card(tool: Function) -> str:
    return f"{tool.name} {tool.description or ''}"


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text.replace("_", " "))} - _COMMON
