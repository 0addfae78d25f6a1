"""What is written down cannot be read there, and comes back sign by sign for its owner alone."""

import json
import os
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manymind.canon.items import Called, Item, Returned, Said
from manymind.canon.parts import Text
from manymind.policy.redaction.sealing import Sealed
from tests.policy.redaction import samples
from tests.policy.redaction.test_masking import FINDING, finding_with

MADE = samples.examples(Random(13))
COVER = Sealed(FINDING, bytes(range(64)), os.urandom)
TOKEN = msgspec.json.Decoder(Item)


def round_trip(item: Item, owner: str = "ann", reader: str = "ann") -> tuple[bytes, Item]:
    packed = msgspec.json.encode(COVER.hidden(owner, item))
    return packed, TOKEN.decode(COVER.shown(reader, packed))


@pytest.mark.parametrize("name", sorted(MADE))
def test_every_kind_is_hidden_and_comes_back(name: str) -> None:
    text, value = MADE[name]
    item = Said(role="user", parts=(Text(text=f"“{text}”\n{text}"),))
    packed, back = round_trip(item)
    assert back == item
    assert value.encode() not in packed
    assert msgspec.json.encode(value)[1:-1] not in packed


_PIECES = st.sampled_from(
    [
        *(text for text, _ in MADE.values()),
        " ",
        '"',
        "\\",
        "\\n",
        "\n",
        "é🔑",
        "{",
        "[sealed:AAAA]",
        "x",
    ]
)


@given(st.lists(_PIECES, max_size=8), st.booleans())
def test_whatever_is_written_down_comes_back_sign_by_sign(pieces: list[str], as_json: bool) -> None:
    text = "".join(pieces)
    written = json.dumps({"a": text, "b": pieces}, ensure_ascii=len(text) % 2 == 0)
    for item in (
        Returned(call_id="c", parts=(Text(text=written if as_json else text),)),
        Called(call_id="c", name="f", arguments=written if as_json else text),
    ):
        assert round_trip(item)[1] == item


def test_another_tenant_opens_nothing() -> None:
    value = MADE["email"][1]
    packed, back = round_trip(Said(role="user", parts=(Text(text=value),)), reader="ben")
    assert value.encode() not in COVER.shown("ben", packed)
    assert value not in str(back)


def test_equal_values_cannot_be_told_by_what_is_stored() -> None:
    value = MADE["card"][1]
    item = Said(role="user", parts=(Text(text=value), Text(text=f"{value} ")))
    hidden = COVER.hidden("ann", item)
    first, second = (part.text.strip() for part in hidden.parts if isinstance(part, Text))
    assert first != second


def test_damage_and_another_key_leave_the_text_as_it_stands() -> None:
    packed = msgspec.json.encode(COVER.hidden("ann", {"a": MADE["email"][1]}))
    other = Sealed(FINDING, bytes(64), os.urandom)
    assert other.shown("ann", packed) == packed
    damaged = packed.replace(b"[sealed:", b"[sealed:AA")
    assert COVER.shown("ann", damaged) == damaged


def test_what_was_sealed_is_read_when_nothing_new_is() -> None:
    value = {"a": MADE["email"][1]}
    packed = msgspec.json.encode(COVER.hidden("ann", value))
    reader = Sealed(None, bytes(range(64)), os.urandom)
    assert json.loads(reader.shown("ann", packed)) == value
    assert reader.hidden("ann", value) is value


def test_what_is_only_flagged_is_written_down_as_it_is() -> None:
    cover = Sealed(finding_with(email="flag", card="block"), bytes(64), os.urandom)
    value = {"a": MADE["email"][1], "b": MADE["card"][1]}
    hidden = cover.hidden("ann", value)
    assert hidden["a"] == value["a"]
    assert hidden["b"] != value["b"]
