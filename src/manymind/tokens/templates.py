"""What a request puts before a model: its texts, and what is published of the marks round them.

OpenAI has published how messages and plain functions count. What it says nothing of (calls in the
history, schemas within schemas, tools that it runs itself) is estimated rather high, and then the
whole count is an estimate.
"""

from base64 import b64decode
from binascii import Error
from typing import cast

import msgspec

from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import Audio, File, Image, Part, Refusal, Text, UnreadPart
from manymind.canon.requests import Function, Request
from manymind.canon.values import Json
from manymind.tokens.images import image_tokens

MESSAGE, PRIMING, NAME = 3, 3, 1
"""Tokens round each message, before the answer, and for a name; a role is one token more."""

FUNCTION, FUNCTIONS_END, PROPERTIES, PROPERTY = 7, 12, 3, 3
CHOICES, CHOICE = -3, 3
OLDER_FUNCTION = 10

CALL = 16
"""Allowance for the marks round a call or what it returned."""

HOSTED, PREAMBLE = 512, 530
"""Allowances for a tool that a provider runs, and for what it tells the model about tools."""

SEALED_BYTES, FILE_BYTES, SOUND_BYTES = 2, 4, 800
"""So many bytes of sealed thoughts, of a file and of sound are taken for one token."""


class Sheet:
    """What there is to count. `exact` says that only published rules were needed; `unseen`
    counts what stands elsewhere (a file by its id, a page by its address) and was not counted.
    """

    def __init__(self, slug: str, *, published: bool, older: bool) -> None:
        self.texts: list[str] = []
        self.marks = 0
        self.exact = published
        self.unseen = 0
        self._slug = slug
        self._older = older

    def take(self, request: Request) -> "Sheet":
        self.marks += PRIMING
        if request.instructions:
            self._message(tuple(request.instructions))
        for item in request.items:
            self._item(item)
        self._tools(request)
        if request.output is not None and request.output.schema is not None:
            self._json(request.output.schema)
        if request.previous_response_id is not None:
            self._elsewhere()
        return self

    def _message(self, parts: tuple[Part, ...], *, joined: bool | None = None) -> None:
        self.marks += 0 if joined else MESSAGE + 1
        for part in parts:
            self._part(part)

    def _item(self, item: Item) -> None:
        match item:
            case Said():
                self._message(item.parts, joined=item.joined)
                if item.name is not None:
                    self.marks += NAME
                    self.texts.append(item.name)
            case Called():
                self._guess(CALL, item.name, item.arguments)
            case Returned():
                self._guess(CALL)
                self._message(item.parts)
            case Thought():
                sealed = len(item.encrypted or "") // SEALED_BYTES
                self._guess(CALL + sealed, *(text.text for text in item.content))
            case Hosted():
                self._json({"action": item.action, "output": item.output})
            case Unread():
                self._json(item.data)

    def _part(self, part: Part) -> None:
        match part:
            case Text() | Refusal():
                self.texts.append(part.text)
            case Image():
                tokens, sure = image_tokens(self._slug, part)
                self.marks += tokens
                self.exact = self.exact and sure
            case File():
                self._file(part)
            case Audio():
                self._guess(len(part.data) * 3 // 4 // SOUND_BYTES)
            case UnreadPart():
                self._json(part.data)

    def _file(self, file: File) -> None:
        self._guess(CALL, file.name or "")
        if file.text is not None:
            self.texts.append(file.text)
        elif file.data is None:
            self._elsewhere()
        elif (file.media_type or "").startswith("text/"):
            self.texts.append(_decoded(file.data))
        else:
            self.marks += len(file.data) * 3 // 4 // FILE_BYTES

    def _tools(self, request: Request) -> None:
        functions = False
        for tool in request.tools or ():
            if isinstance(tool, Function):
                functions = True
                self._function(tool)
            else:
                self._json(tool.data)
                self.marks += HOSTED
        if functions:
            self.marks += FUNCTIONS_END
        if request.tools and not self.exact:
            self.marks += PREAMBLE

    def _function(self, function: Function) -> None:
        plain = _plain_properties(function.parameters)
        self.marks += OLDER_FUNCTION if self._older else FUNCTION
        self.texts.append(f"{function.name}:{(function.description or '').removesuffix('.')}")
        if plain is None:
            self._json(function.parameters or {})
            return
        self.marks += PROPERTIES if plain else 0
        for name, kind, description, choices in plain:
            self.marks += PROPERTY + (CHOICES if choices else 0) + CHOICE * len(choices)
            self.texts.append(f"{name}:{kind}:{description.removesuffix('.')}")
            self.texts.extend(choices)

    def _json(self, value: Json) -> None:
        self._guess(CALL, msgspec.json.encode(value).decode())

    def _guess(self, marks: int, *texts: str) -> None:
        self.exact = False
        self.marks += marks
        self.texts.extend(text for text in texts if text)

    def _elsewhere(self) -> None:
        self.exact = False
        self.unseen += 1


def _decoded(data: str) -> str:
    try:
        return b64decode(data).decode("utf-8", "replace")
    except (Error, ValueError):
        return data


def _plain_properties(
    parameters: Json | None,
) -> list[tuple[str, str, str, list[str]]] | None:
    """Name, type, description and choices of each property, where the rule knows all of them."""
    properties = (parameters or {}).get("properties", {})
    if not isinstance(properties, dict):
        return None
    found: list[tuple[str, str, str, list[str]]] = []
    for name, told in cast("Json", properties).items():
        if not isinstance(told, dict):
            return None
        fields = cast("Json", told)
        kind, description = fields.get("type"), fields.get("description", "")
        choices = fields.get("enum", [])
        if fields.keys() - {"type", "description", "enum"} or not isinstance(kind, str):
            return None
        if not isinstance(description, str) or not isinstance(choices, list):
            return None
        listed = cast("list[object]", choices)
        if not all(isinstance(choice, str) for choice in listed):
            return None
        found.append((name, kind, description, [str(choice) for choice in listed]))
    return found
