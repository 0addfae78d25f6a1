"""OpenAI's form of asking for vectors, read and written; whatever the bytes hold."""

from base64 import b64encode
from contextlib import suppress
from math import inf
from struct import pack
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.canon.embeddings import EmbedRequest, Vector, Vectors
from manymind.canon.faults import BadRequest, Fault, UpstreamBroken
from manymind.canon.usage import Usage
from manymind.dialects.embeddings import read_reply, read_request, write_reply, write_request

numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
rows = st.lists(st.lists(numbers, min_size=1, max_size=5), min_size=1, max_size=5)


def asked(**fields: Any) -> EmbedRequest:
    return read_request(msgspec.json.encode({"model": "m", **fields}))


def packed(row: list[float]) -> str:
    return b64encode(pack(f"<{len(row)}f", *row)).decode()


def replied(vectors: list[Any], **fields: Any) -> bytes:
    data = [{"object": "embedding", "index": n, "embedding": v} for n, v in enumerate(vectors)]
    return msgspec.json.encode({"object": "list", "data": data, "model": "m", **fields})


@pytest.mark.parametrize(
    ("given_input", "read"),
    [
        ("a", ("a",)),
        (["a", "b"], ("a", "b")),
        ([1, 2], ((1, 2),)),
        ([[1, 2], [3]], ((1, 2), (3,))),
    ],
)
def test_an_input_is_one_text_or_several_or_their_tokens(given_input: Any, read: Any) -> None:
    assert asked(input=given_input).inputs == read


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "input"),
    ({"input": None}, "input"),
    ({"input": ""}, "input[0]"),
    ({"input": []}, "input"),
    ({"input": {}}, "input"),
    ({"input": 7}, "input"),
    ({"input": ["a", ""]}, "input[1]"),
    ({"input": ["a", 1]}, "input[1]"),
    ({"input": ["a", [1]]}, "input[1]"),
    ({"input": [[1], []]}, "input[1]"),
    ({"input": [[1, "a"]]}, "input[0]"),
    ({"input": [-1]}, "input[0]"),
    ({"input": [1.5]}, "input[0]"),
    ({"input": [True]}, "input[0]"),
    ({"input": ["a"] * 2049}, "input"),
    ({"input": "a", "dimensions": 0}, "dimensions"),
    ({"input": "a", "dimensions": "3"}, "dimensions"),
    ({"input": "a", "encoding_format": "hex"}, "encoding_format"),
    ({"input": "a", "output_dtype": "int8"}, "output_dtype"),
    ({"input": "a", "user": 1}, "user"),
    ({"input": "a", "max_cost_usd": -1}, "max_cost_usd"),
    ({"input": "a", "model": None}, "model"),
]


@pytest.mark.parametrize(("fields", "field"), REFUSED)
def test_a_bad_request_is_refused_by_the_name_of_its_field(
    fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        asked(**fields)
    assert caught.value.field == field


@settings(max_examples=150)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_do_harm(data: bytes) -> None:
    with pytest.raises(Fault):
        read_request(data)
    with pytest.raises(Fault):
        read_reply(data, 1)


@settings(max_examples=100)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=10,
    )
)
def test_no_json_in_the_place_of_inputs_or_vectors_does_harm(value: Any) -> None:
    with suppress(BadRequest):
        asked(input=value)
    with suppress(UpstreamBroken):
        read_reply(replied([value]), 1)


def test_what_a_server_cannot_take_is_not_sent() -> None:
    request = asked(
        input=["a"], dimensions=3, encoding_format="base64", user="u", input_type="query"
    )
    plain = write_request(request, dimensions="output_dimension", packed=False, user=False)
    assert msgspec.json.decode(plain) == {
        "model": "m",
        "input": ["a"],
        "encoding_format": "float",
        "output_dimension": 3,
        "input_type": "query",
    }
    full = write_request(request, dimensions="dimensions", packed=True, user=True)
    assert read_request(full) == request


@settings(max_examples=60)
@given(rows, st.booleans(), st.booleans())
def test_vectors_are_the_same_in_whichever_form_they_came(
    vectors: list[list[float]], came_packed: bool, asked_packed: bool
) -> None:
    sent = replied([packed(row) if came_packed else row for row in vectors])
    read = read_reply(sent, len(vectors))
    written: Any = msgspec.json.decode(write_reply(read, packed=asked_packed))
    for row, entry in zip(vectors, written["data"], strict=True):
        assert entry["embedding"] == (packed(row) if asked_packed else row)


def test_decimals_are_handed_on_to_the_last_digit() -> None:
    exact = [0.1, 0.12345678901234567]
    written: Any = msgspec.json.decode(write_reply(read_reply(replied([exact]), 1), packed=False))
    assert written["data"][0]["embedding"] == exact


def test_vectors_stand_in_the_order_of_their_numbers() -> None:
    shuffled = b'{"data":[{"index":1,"embedding":[1]},{"index":0,"embedding":[0.5]}]}'
    first, second = read_reply(shuffled, 2).vectors
    assert (first.data, second.data) == (pack("<d", 0.5), pack("<d", 1.0))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"data":[]}',
        b'{"data":[{"embedding":[]}]}',
        b'{"data":[{"embedding":[1e39]}]}',
        b'{"data":[{"embedding":["a"]}]}',
        b'{"data":[{"embedding":"!"}]}',
        b'{"data":[{"embedding":"AAA="}]}',
        b'{"data":[{"embedding":null}]}',
        b'{"data":[{"embedding":[1]},{"embedding":[2]}]}',
        b'{"data":[{"embedding":[1]}],"usage":7}',
        b'{"data":[{"embedding":[1]}],"usage":{"prompt_tokens":-1}}',
        b'{"data":[{"embedding":' + b"[" * 5000 + b"]}",
        replied([b64encode(pack("<f", inf)).decode()]),
    ],
)
def test_a_reply_that_holds_no_vectors_is_a_fault(data: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        read_reply(data, 1)


def test_usage_is_counted_in_either_way_and_told_with_its_cost() -> None:
    prompt = replied([[1]], usage={"prompt_tokens": 3, "total_tokens": 3, "cost": 0.5})
    assert read_reply(prompt, 1).usage == Usage(input_tokens=3, reported_cost=5 * 10**9)
    total = read_reply(replied([[1]], usage={"total_tokens": 4}), 1).usage
    assert total == Usage(input_tokens=4)
    assert read_reply(replied([[1]]), 1).usage is None
    priced = Vectors(
        model="m", vectors=(Vector(pack("<f", 1), 32),), usage=Usage(input_tokens=3, cost=7)
    )
    written: Any = msgspec.json.decode(write_reply(priced, packed=False))
    assert written["usage"] == {
        "prompt_tokens": 3,
        "total_tokens": 3,
        "cost": 7e-10,
        "cost_in_usd_ticks": 7,
    }
