"""Bodies that are passed on as they lie, scanned once."""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import msgspec
from msgspec import Raw

from manymind.canon.letters import Letter
from manymind.canon.requests import Request
from manymind.dialects.reading import count

Fields: TypeAlias = dict[str, Raw]

_FIELDS = msgspec.json.Decoder(Fields)
_TEXT = msgspec.json.Decoder(str)
_NO = (b"false", b"null")
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeError)


def read_fields(body: bytes) -> Fields | None:
    """Each field of a body as it lies there; of one that stands twice, the last. None where it
    is no JSON object in UTF-8."""
    try:
        if not body.isascii():
            body.decode()
        return _FIELDS.decode(body)
    except _UNREADABLE:
        return None


def seal(
    body: bytes,
    *,
    dialect: str,
    history: str,
    plain: frozenset[str],
    opener: Callable[[bytes], Request],
) -> Letter | None:
    """The body as a letter, if all its fields are `plain` and it asks for a whole reply."""
    count(body)
    fields = read_fields(body)
    if fields is None or not fields.keys() <= plain:
        return None
    if "stream" in fields and bytes(fields["stream"]) not in _NO:
        return None
    said, model = fields.get(history), _text(fields.get("model"))
    if said is None or not model or not _filled(said):
        return None
    return Letter(
        dialect=dialect,
        model=model,
        size=len(body),
        fields=fields,
        outline=Request(model=model, dialect=dialect),
        opener=partial(opener, body),
    )


def unsealed(letter: Letter, model: str) -> bytes:
    """The body of a letter, to this model."""
    return msgspec.json.encode({**letter.fields, "model": model})


def _text(raw: Raw | None) -> str:
    try:
        return "" if raw is None else _TEXT.decode(raw)
    except _UNREADABLE:
        return ""


def _filled(history: Raw) -> bool:
    """Whether this is an array that is not empty."""
    if bytes(memoryview(history)[:2]) == b"[{":
        return True
    start = bytes(memoryview(history)[:64]).translate(None, b" \t\r\n")
    return start[:1] == b"[" and start[1:2] not in (b"]", b"")
