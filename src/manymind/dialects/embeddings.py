"""OpenAI's form of asking for vectors, both ways. All vendors that we know have taken it over."""

from base64 import b64decode, b64encode
from itertools import pairwise
from struct import error, pack, unpack
from typing import TypeGuard

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.embeddings import EmbedRequest, Input, Vector, Vectors
from manymind.canon.requests import Caps
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.money import COUNT_MAX, claimed, ticks
from manymind.dialects.openai_chat.usage import write_cost
from manymind.dialects.reading import Object, decode, encode, named, upstream

NAME = "openai_embeddings"

INPUTS_MAX = 2048
DIMENSIONS_MAX = 65_536
TOKEN_MAX = 2**31 - 1
DOLLARS_MAX = 1_000_000

_FORMS = {None: False, "float": False, "base64": True}
_CODES = {32: "f", 64: "d"}
_LARGEST = 3.4028234663852886e38


def read_request(data: bytes) -> EmbedRequest:
    body = decode(data)
    form = body.text("encoding_format")
    if form not in _FORMS:
        raise body.wrong("encoding_format", "must be float or base64")
    if body.take("output_dtype") not in (None, "float"):
        raise body.wrong("output_dtype", "must be float: no other numbers are handed on")
    request = EmbedRequest(
        model=body.needed("model", body.text("model")),
        inputs=_read_inputs(body),
        dimensions=body.whole("dimensions", 1, DIMENSIONS_MAX),
        packed=_FORMS[form],
        user=body.text("user"),
        caps=_read_caps(body),
    )
    return replace(request, aside=body.rest(NAME))


def _read_caps(body: Object) -> Caps:
    cost = body.number("max_cost_usd")
    if cost is not None and not 0 <= cost <= DOLLARS_MAX:
        raise body.wrong("max_cost_usd", f"must be between 0 and {DOLLARS_MAX:,}")
    return Caps(cost=None if cost is None else ticks(cost))


def _read_inputs(body: Object) -> tuple[Input, ...]:
    """One text, one array of tokens, or an array of either."""
    given = body.needed("input", body.take("input"))
    if isinstance(given, str):
        given = [given]
    if not _is_array(given):
        raise body.mistyped("input", "a string or an array", given)
    if given and all(map(_is_token, given)):
        given = [given]
    if not given:
        raise body.wrong("input", "must not be empty")
    if len(given) > INPUTS_MAX:
        raise body.wrong("input", f"may hold at most {INPUTS_MAX:,} entries, not {len(given):,}")
    inputs = tuple(_read_input(body, f"input[{n}]", each) for n, each in enumerate(given))
    for n, (one, other) in enumerate(pairwise(inputs)):
        if isinstance(one, str) != isinstance(other, str):
            raise body.wrong(f"input[{n + 1}]", "must be of the same kind as those before it")
    return inputs


def _read_input(body: Object, name: str, value: object) -> Input:
    if isinstance(value, str):
        if not value:
            raise body.wrong(name, "must not be an empty text")
        return value
    if not _is_array(value):
        raise body.wrong(name, f"must be a text or an array of token ids, not {named(value)}")
    tokens = tuple(each for each in value if _is_token(each))
    if not tokens or len(tokens) < len(value):
        raise body.wrong(name, "must be a text or an array of token ids")
    return tokens


def _is_array(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _is_token(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= TOKEN_MAX


def write_request(request: EmbedRequest, *, dimensions: str, packed: bool, user: bool) -> bytes:
    """For a server that knows the length of vectors as `dimensions`; it is asked to pack them
    only if it can, and told of the user only if it may be."""
    body: Json = dict(request.aside.fields) if request.aside is not None else {}
    body |= {"model": request.model, "input": request.inputs}
    body["encoding_format"] = "base64" if request.packed and packed else "float"
    if request.dimensions is not None:
        body[dimensions] = request.dimensions
    if user and request.user is not None:
        body["user"] = request.user
    return encode(body)


class _Row(Struct):
    embedding: msgspec.Raw
    index: int | None = None


class _Reply(Struct):
    data: list[_Row]
    model: str = ""
    usage: msgspec.Raw = msgspec.Raw()


def read_reply(data: bytes, count: int) -> Vectors:
    """The vectors of a reply, which must be as many as were asked for. A reply may hold millions
    of numbers: each vector is read and packed by itself."""
    try:
        reply = msgspec.json.decode(data, type=_Reply)
        vectors = tuple(_read_vector(row.embedding) for row in _ordered(reply.data))
    except (msgspec.MsgspecError, RecursionError, ValueError, error):
        raise upstream("data", "holds no vectors") from None
    if len(vectors) != count:
        raise upstream("data", f"holds {len(vectors):,} vectors for {count:,} texts")
    return Vectors(model=reply.model, vectors=vectors, usage=_read_usage(bytes(reply.usage)))


def _ordered(rows: list[_Row]) -> list[_Row]:
    places = [row.index for row in rows if row.index is not None]
    if sorted(places) != list(range(len(rows))):
        return rows
    return sorted(rows, key=lambda row: row.index or 0)


def _read_vector(written: msgspec.Raw) -> Vector:
    value = msgspec.json.decode(written, type=list[float] | str)
    if isinstance(value, str):
        vector = Vector(b64decode(value, validate=True), 32)
    else:
        vector = Vector(pack(f"<{len(value)}d", *value), 64)
    if not vector.data or not all(abs(number) <= _LARGEST for number in _numbers(vector)):
        raise ValueError  # It is no number, or one that 32 bits do not hold.
    return vector


def _numbers(vector: Vector) -> tuple[float, ...]:
    size = vector.bits // 8
    return unpack(f"<{len(vector.data) // size}{_CODES[vector.bits]}", vector.data)


def _read_usage(written: bytes) -> Usage | None:
    """Some count the prompt, some the total, and both mean the same here."""
    if written in (b"", b"null"):
        return None
    usage = decode(written, upstream)
    prompt = usage.whole("prompt_tokens", 0, COUNT_MAX)
    total = usage.whole("total_tokens", 0, COUNT_MAX)
    if prompt is None and total is None:
        return None
    return Usage(input_tokens=max(prompt or 0, total or 0), reported_cost=claimed(usage))


def write_reply(vectors: Vectors, *, packed: bool) -> bytes:
    usage = vectors.usage or Usage()
    counted: Json = {"prompt_tokens": usage.input_tokens, "total_tokens": usage.input_tokens}
    return encode(
        {
            "object": "list",
            "data": [
                {"object": "embedding", "index": n, "embedding": _written(vector, packed)}
                for n, vector in enumerate(vectors.vectors)
            ],
            "model": vectors.model,
            "usage": counted | write_cost(usage),
        }
    )


def _written(vector: Vector, packed: bool) -> str | list[float]:
    if not packed:
        return list(_numbers(vector))
    if vector.bits == 32:
        return b64encode(vector.data).decode()
    numbers = _numbers(vector)
    return b64encode(pack(f"<{len(numbers)}f", *numbers)).decode()
