"""Nothing that a model writes gets past the cleaning, however it is cut."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.cli.harmless import Cleaner, harmless, one_line

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

SEQUENCES = [
    "\x1b[31m",
    "\x1b[?1049h",
    "\x1b]0;title\x07",
    "\x1b]8;;https://evil.example\x1b\\",
    "\x1bP+q544e\x1b\\",
    "\x1b_hidden\x9c",
    "\x9b2J",
    "\x9d52;c;cGFzdGU=\x07",
    "\x1bc",
    "\x1b(0",
]
PIECES = st.lists(
    st.one_of(
        st.sampled_from(SEQUENCES),
        st.sampled_from(["\x1b", "\x1b[", "\x1b]", "\x9d", "\x07", "\x9c", "\\", "0;m"]),
        st.text(alphabet="ab \n\té漢", max_size=4),
    ),
    max_size=12,
)


@pytest.mark.parametrize("sequence", SEQUENCES, ids=repr)
def test_a_sequence_goes_as_a_whole(sequence: str) -> None:
    assert harmless(f"before{sequence}after") == "beforeafter"


def test_words_tabs_and_lines_stay() -> None:
    text = "Größe:\t36,7 m — 漢字 🙂\n“ok”"
    assert harmless(text) == text


def test_a_sequence_without_an_end_loses_its_power_and_keeps_its_words() -> None:
    assert harmless("a\x1b]0;the rest of the answer") == "a0;the rest of the answer"


def test_one_line_is_one() -> None:
    assert one_line(" a\n\tb\x1b[2J  c\r") == "a b c"


@given(PIECES)
def test_no_control_is_left(pieces: list[str]) -> None:
    assert CONTROLS.search(harmless("".join(pieces))) is None


@given(PIECES, st.data())
def test_it_makes_no_difference_where_text_is_cut(pieces: list[str], data: st.DataObject) -> None:
    text = "".join(pieces)
    cleaner, cleaned, rest = Cleaner(), "", text
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        cleaned += cleaner.clean(rest[:size])
        rest = rest[size:]
    assert cleaned + cleaner.rest() == harmless(text)


@settings(max_examples=20, deadline=2000)
@given(st.sampled_from(["\x1b]", "\x9d", "\x1b[", "\x1b[0;", "\x1b", "\x1bP\x1b"]))
def test_a_flood_of_beginnings_takes_no_longer_than_its_length(beginning: str) -> None:
    flood = beginning * 50_000
    assert CONTROLS.search(harmless(flood)) is None


def test_what_is_held_back_is_bounded() -> None:
    cleaner = Cleaner()
    shown = "".join(cleaner.clean("x" * 1000) for _ in range(3))
    shown += cleaner.clean("\x1b]0;")
    for _ in range(10):
        shown += cleaner.clean("y" * 1000)
    assert shown.count("y") >= 5000
