"""Vectors on OpenAI's path for them: the same text has the same vector, and another text another.

They are spun from a hash, so that a test can know them beforehand and no word of their meaning.
"""

from base64 import b64encode
from hashlib import shake_256
from math import sqrt
from struct import pack, unpack
from typing import Annotated, Literal

from msgspec import Meta, Struct

from manymind.providers.scripted import tokens
from manymind.server.simulated import errors
from manymind.server.simulated.knobs import Knobs
from manymind.server.simulated.talk import Json, Refused

MODEL = "sim-embed"
LENGTH = 16
INPUTS_MAX = 2048

Count = Annotated[int, Meta(ge=1, le=4096)]
Token = Annotated[int, Meta(ge=0, le=1_000_000)]


class Body(Struct):
    model: str
    input: str | list[str | list[Token] | Token]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Count | None = None
    output_dimension: Count | None = None
    user: str | None = None


def answer(data: Json, name: str, knobs: Knobs) -> Json:
    """The whole reply, or `Refused` where OpenAI would refuse."""
    body = errors.decoded(data, Body)
    inputs = _inputs(body)
    counted = sum(len(tokens(each)) if isinstance(each, str) else len(each) for each in inputs)
    length = body.dimensions or body.output_dimension or LENGTH
    packed = body.encoding_format == "base64"
    reply: Json = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": place, "embedding": _written(each, length, packed)}
            for place, each in enumerate(inputs)
        ],
        "model": name,
    }
    if knobs.usage:
        used = counted if knobs.input_tokens is None else knobs.input_tokens
        reply["usage"] = {"prompt_tokens": used, "total_tokens": used}
    return reply


def _inputs(body: Body) -> list[str | list[int]]:
    if isinstance(body.input, str):
        inputs: list[str | list[int]] = [body.input]
    else:
        flat = [each for each in body.input if isinstance(each, int)]
        inputs = [each for each in body.input if not isinstance(each, int)]
        if flat and inputs:
            raise Refused(400, "'$.input' is invalid. Please check the API reference.")
        inputs = inputs or [flat]
    if not inputs[0] or not all(inputs):
        raise Refused(400, "'input' cannot be an empty string or array.", param="input")
    if len(inputs) > INPUTS_MAX:
        raise Refused(400, f"'input' may hold at most {INPUTS_MAX} entries.", param="input")
    return inputs


def vector(text: str | list[int], length: int = LENGTH) -> tuple[float, ...]:
    """The vector of a text, one unit long, in numbers of 32 bits."""
    spun = shake_256(repr(text).encode()).digest(length * 2)
    raw = [number / 32768 or 1.0 for number in unpack(f"<{length}h", spun)]
    size = sqrt(sum(number * number for number in raw))
    return unpack(f"<{length}f", pack(f"<{length}f", *(number / size for number in raw)))


def _written(text: str | list[int], length: int, packed: bool) -> list[float] | str:
    numbers = vector(text, length)
    if not packed:
        return list(numbers)
    return b64encode(pack(f"<{length}f", *numbers)).decode()
