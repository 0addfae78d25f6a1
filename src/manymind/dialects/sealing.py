"""Bodies that are passed on as they lie, scanned once."""

from collections.abc import Callable
from typing import Annotated, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from manymind.canon.faults import Fault
from manymind.canon.letters import Letter, Weight
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.reading import count

Fields: TypeAlias = dict[str, Raw]

_Value = TypeVar("_Value")

_FIELDS = msgspec.json.Decoder(Fields)

TEXT = msgspec.json.Decoder(str)
FLAG = msgspec.json.Decoder(bool)
COUNT = msgspec.json.Decoder(Annotated[int, Meta(ge=1, le=2**63 - 1)])

UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeError)
"""What strangers' JSON may raise."""

_TERM = b'"ttl"'
"""A prompt cache that is kept for longer is dearer: what may ask for one is opened."""


class Envelope(Struct, frozen=True, kw_only=True):
    """How one dialect tells a body that need not be opened: all its fields are `plain`, and the
    `history` among them is an array, or a string where it may be `short`. `texts` are the fields
    that hold text and hardly anything else. `outline` gives what is written outside, or None if
    the body must be opened after all; `textual` raises unless all of it is text, as the decoder
    of a narrow type does."""

    dialect: str
    history: str
    plain: frozenset[str]
    texts: tuple[str, ...]
    short: bool = False
    opener: Callable[[bytes], Request]
    outline: Callable[[bytes, Fields, str, bool], Request | None]
    textual: Callable[[Fields], object]


class _Sealed:
    """A body, read at most once."""

    def __init__(self, body: bytes, fields: Fields, envelope: Envelope) -> None:
        self._body = body
        self._fields = fields
        self._envelope = envelope
        self._request: Request | None = None

    def open(self) -> Request:
        if self._request is None:
            self._request = self._envelope.opener(self._body)
            self._body = b""
        return self._request

    def weigh(self) -> Weight | None:
        """Twins of a field within a field are each held against the narrow type, so that no
        reader finds in the body what was not bounded here."""
        body = self._body
        if not body or _TERM in body:
            return None
        try:
            self._envelope.textual(self._fields)
        except UNREADABLE:
            return None
        lying = [self._fields[name] for name in self._envelope.texts if name in self._fields]
        text = sum(len(memoryview(each)) for each in lying)
        return Weight(text=text, json=len(body) - text, objects=body.count(b"{"))


def read_fields(body: bytes) -> Fields | None:
    """Each field of a body as it lies there; of one that stands twice, the last. None where it
    is no JSON object in UTF-8."""
    try:
        if not body.isascii():
            body.decode()
        return _FIELDS.decode(body)
    except UNREADABLE:
        return None


def seal(body: bytes, envelope: Envelope) -> Letter | None:
    """The body as a letter, if all its fields are plain; whatever else is wrong with it is for
    the opening to say."""
    count(body)
    fields = read_fields(body)
    if fields is None or not fields.keys() <= envelope.plain:
        return None
    said, named = fields.get(envelope.history), fields.get("model")
    if said is None or named is None or not _filled(said, envelope.short):
        return None
    try:
        model = TEXT.decode(named)
        streamed = value(fields, "stream", FLAG)
        outline = envelope.outline(body, fields, model, streamed or False) if model else None
    except UNREADABLE:
        return None
    if outline is None:
        return None
    sealed = _Sealed(body, fields, envelope)
    return Letter(
        dialect=envelope.dialect,
        model=model,
        size=len(body),
        fields=fields,
        outline=outline,
        opener=sealed.open,
        weigh=sealed.weigh,
    )


def value(fields: Fields, name: str, decoder: "msgspec.json.Decoder[_Value]") -> _Value | None:
    """What one field says; null counts as absent."""
    raw = fields.get(name)
    return None if raw is None or bytes(memoryview(raw)[:4]) == b"null" else decoder.decode(raw)


def asked(letter: Letter) -> Request:
    """All that a letter asks for, told to whoever has been answered; of one that its upstream
    could read and nobody here can, what stands on its envelope."""
    try:
        return letter.opener()
    except Fault:
        return letter.outline


def unsealed(letter: Letter, model: str, more: Json | None = None) -> bytes:
    """The body of a letter, to this model, with what more the way to its server asks for."""
    return msgspec.json.encode({**letter.fields, "model": model, **(more or {})})


def spliced(body: bytes, said: object, cost: Json) -> bytes | None:
    """The body with what its usage costs written into that, where this is plain to do: the usage
    `said` is known by its bytes, which stand there once."""
    if not isinstance(said, Raw) or not cost:
        return None
    counted = bytes(said)
    plain = counted[-1:] == b"}" and b":" in counted and b'"cost' not in counted
    if not plain or body.count(counted) != 1:
        return None
    end = body.index(counted) + len(counted) - 1
    return b"%b,%b%b" % (body[:end], msgspec.json.encode(cost)[1:-1], body[end:])


def counts_known(usage: Usage | None) -> bool:
    """Whether the gateway knows more of a usage than the upstream said."""
    return usage is not None and (usage.cost is not None or usage.estimated)


def _filled(history: Raw, short: bool) -> bool:
    """Whether this is an array that is not empty, or a string where that will do."""
    first = bytes(memoryview(history)[:2])
    if first == b"[{":
        return True
    if short and first[:1] == b'"':
        return True
    start = bytes(memoryview(history)[:64]).translate(None, b" \t\r\n")
    return start[:1] == b"[" and start[1:2] not in (b"]", b"")
