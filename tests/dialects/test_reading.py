"""Strangers' JSON: every wrong byte and type ends in a fault that names its place."""

import pytest

from manymind.canon.faults import BadRequest, Fault, UpstreamBroken
from manymind.canon.items import Said
from manymind.canon.parts import Text
from manymind.canon.requests import Request
from manymind.canon.values import Aside
from manymind.dialects.losses import Losses, nest, places, spelt
from manymind.dialects.money import dollars, ticks
from manymind.dialects.reading import DEPTH_MAX, Object, decode, encode, upstream


def reason(body: bytes) -> str:
    with pytest.raises(BadRequest) as caught:
        decode(body)
    assert caught.value.field is None
    return caught.value.message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The body is not valid JSON: Input data was truncated."),
        (b"[]", "The body must be a JSON object, not an array."),
        (b'"text"', "The body must be a JSON object, not a string."),
        (b"12", "The body must be a JSON object, not a number."),
        (b"null", "The body must be a JSON object, not null."),
        (b'{"a":"\xff"}', "The body is not valid UTF-8."),
        (b"\xef\xbb\xbf{}", "The body is not valid JSON"),
        (b'{"a":NaN}', "The body is not valid JSON"),
        (b'{"a":1e999}', "The body is not valid JSON"),
        (b'{"a":' + b"9" * 5000 + b"}", "The body is not valid JSON"),
        (b'{"a":"\\ud800"}', "The body is not valid JSON"),
        (b'{"a":1', "The body is not valid JSON"),
        (b"[" * 100_000, "The body is nested more than 128 levels deep."),
        (b'{"a":' * 129 + b"1" + b"}" * 129, "The body is nested more than 128 levels deep."),
    ],
)
def test_a_body_that_is_no_object_is_refused_with_the_reason(body: bytes, said: str) -> None:
    assert reason(body).startswith(said)


def test_what_was_read_at_the_limit_of_depth_can_be_written() -> None:
    body = b'{"a":' * DEPTH_MAX + b"1" + b"}" * DEPTH_MAX
    assert encode(decode(body).left()) == body


MISTYPED: list[tuple[str, object, str]] = [
    ("text", 1, "top.x must be a string, not a number."),
    ("text", [], "top.x must be a string, not an array."),
    ("flag", "yes", "top.x must be true or false, not a string."),
    ("flag", 1, "top.x must be true or false, not a number."),
    ("number", True, "top.x must be a number, not a boolean."),
    ("whole", 1.5, "top.x must be a whole number."),
    ("whole", 10**30, "top.x is out of range."),
    ("whole", {}, "top.x must be a number, not an object."),
    ("json", "{}", "top.x must be an object, not a string."),
    ("inner", [], "top.x must be an object, not an array."),
    ("array", {}, "top.x must be an array, not an object."),
    ("each", [{}, 3], "top.x[1] must be an object, not a number."),
    ("each", [None], "top.x[0] must be an object, not null."),
    ("texts", ["a", 3], "top.x[1] must be a string, not a number."),
]


@pytest.mark.parametrize(("read", "value", "said"), MISTYPED)
def test_a_field_of_the_wrong_type_is_named_with_its_path(
    read: str, value: object, said: str
) -> None:
    body = Object({"x": value}, "top")
    with pytest.raises(BadRequest) as caught:
        getattr(body, read)("x")
    assert caught.value.message == said
    assert caught.value.field == said.split()[0]


def test_a_missing_field_and_one_out_of_bounds_are_named() -> None:
    body = Object({"n": 0}, "")
    with pytest.raises(BadRequest, match=r"^model is missing\.$"):
        body.needed("model", body.text("model"))
    with pytest.raises(BadRequest, match=r"^n must be at least 1\.$"):
        body.whole("n", 1)


def test_null_counts_as_absent_and_whole_floats_as_whole() -> None:
    body = Object({"a": None, "b": 3.0, "c": -4}, "")
    assert (body.text("a"), body.whole("b"), body.whole("c")) == (None, 3, -4)
    assert body.rest("d") is None


def test_what_nobody_took_stays_aside() -> None:
    body = Object({"a": "x", "b": [1], "c": None}, "")
    body.text("a")
    assert body.rest("d") == Aside("d", {"b": [1], "c": None})


def test_taking_leaves_the_source_as_it_was() -> None:
    source: dict[str, object] = {"a": {"b": "c"}}
    inner = Object(source, "").inner("a")
    assert inner is not None
    assert inner.text("b") == "c"
    assert source == {"a": {"b": "c"}}


def test_a_wrong_reply_is_the_upstreams_fault() -> None:
    with pytest.raises(UpstreamBroken) as caught:
        decode(b'{"id":1}', upstream).text("id")
    assert "malformed: id must be a string, not a number." in caught.value.message
    assert caught.value.field is None


def test_an_aside_returns_to_its_own_dialect_only() -> None:
    losses = Losses("ours")
    assert losses.merge({"a": 1}, Aside("ours", {"a": 2, "b": 3})) == {"a": 1, "b": 3}
    assert losses.paths == ()
    foreign = Aside("theirs", {"b": 3, "type": "x", "none": None, "empty": {}})
    assert losses.merge({"a": 1}, foreign, "tools[0]") == {"a": 1}
    assert losses.paths == ("tools[0].b",)


def test_an_object_inside_keeps_its_unknown_fields() -> None:
    assert nest({"f": {"x": 1, "y": 2}}, "f", {"x": 3}) == {"f": {"x": 3, "y": 2}}
    assert nest({}, "f", {"x": 3}) == {"f": {"x": 3}}


def test_a_loss_is_told_where_the_caller_wrote_it() -> None:
    items = tuple(Said(role="user", joined=joined) for joined in (False, True, False))
    asked = Request(model="m", dialect="anthropic_messages", items=items)
    assert places(asked) == ("messages[0]", "messages[0]", "messages[1]")
    assert spelt(asked, "stop") == "stop_sequences"
    flat = Request(model="m", dialect="openai_responses", items=items)
    assert places(flat) == ("input[0]", "input[1]", "input[2]")
    assert spelt(flat, "seed") == "seed"
    assert places(Request(model="m", items=(Said(role="user", parts=(Text(text=""),)),)))


@pytest.mark.parametrize(
    ("price", "amount"),
    [
        (0.01, 10**8),
        (0.1 + 0.2, 3_000_000_000),
        (0.0127946, 127946000),
        (1e-10, 1),
        (5, 5 * 10**10),
    ],
)
def test_dollars_become_ticks_by_their_decimal_digits(price: float, amount: int) -> None:
    assert ticks(price) == amount


@pytest.mark.parametrize("amount", [0, 1, 127946000, 2026981500, 9 * 10**15])
def test_ticks_survive_as_dollars(amount: int) -> None:
    assert ticks(dollars(amount)) == amount


def test_a_fault_carries_no_field_that_was_not_named() -> None:
    fault: Fault = Object({}, "").wrong("a", "is missing")
    assert (fault.status, fault.field) == (400, "a")
