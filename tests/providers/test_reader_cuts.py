"""How the reader cuts what it reads, takes a question apart, and mends its slips."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.corpus.standing import open_folders
from manymind.providers.reader.asking import understood
from manymind.providers.reader.mending import mended
from manymind.providers.reader.sentences import sentences
from tests.providers.graded import OFFICE

TABLE = """The prices:

| Item | 2023 | 2024 |
|---|---|---|
| Boats | 58,000 | 74,500 |
| Fuel | 39,500 | 36,000 |
"""
CODE = '''"""What the room is for. And what it is not."""

LIMIT: int = 90
"""How many there may be."""


class Vault:
    """Keeps copies.

    It takes one at a time.
    """

    def push(self, path: str) -> None:
        """Send one file."""
        self.sent.append(path)
'''


def test_a_row_knows_its_columns_and_where_its_table_begins() -> None:
    (row, _) = [one for one in sentences(TABLE) if one.kind == "row"]
    assert row.text == "Boats | 58,000 | 74,500"
    assert row.cells == (("Item", "Boats"), ("2023", "58,000"), ("2024", "74,500"))
    assert TABLE[row.opening : row.closing].startswith("| Item | 2023 | 2024 |")
    assert TABLE[row.opening : row.closing].endswith("| Boats | 58,000 | 74,500 |")


def test_a_row_without_a_head_is_a_row() -> None:
    (row,) = sentences("| Boats | 58,000 | 74,500 |")
    assert (row.kind, row.text) == ("row", "Boats | 58,000 | 74,500")


def test_a_file_of_records_has_its_columns_in_its_first_line() -> None:
    head, row = sentences("Room,Seats\nBirch,12", "rooms.csv")
    assert (head.kind, row.cells) == ("heading", (("Room", "Birch"), ("Seats", "12")))
    (later,) = sentences("Elm,2", "rooms.csv", ("Room", "Seats"))
    assert later.cells == (("Room", "Elm"), ("Seats", "2"))


def test_an_item_is_made_plain_by_the_sentence_over_its_list() -> None:
    text = "We own two boats.\n\n- The Tern\n- The Auk"
    items = [one for one in sentences(text) if one.kind == "item"]
    assert [text[one.opening : one.closing] for one in items] == [
        "We own two boats.\n\n- The Tern",
        text,
    ]


def test_code_is_cut_at_what_it_defines_and_its_prose_at_sentences() -> None:
    cut = [(one.kind, one.text) for one in sentences(CODE, "vault.py")]
    assert cut[:2] == [("text", "What the room is for."), ("text", "And what it is not.")]
    assert ("code", 'LIMIT: int = 90\n"""How many there may be."""') in cut
    assert ("code", 'class Vault:\n    """Keeps copies.') in cut
    assert ("text", "It takes one at a time.") in cut
    assert any(text.lstrip().startswith("def push") and "Send one" in text for _, text in cut)


@given(st.text(alphabet='a| -\n"#`.,=()', max_size=120), st.sampled_from(["", "x.py", "x.csv"]))
@settings(max_examples=200, deadline=None)
def test_every_cut_is_a_stretch_of_its_text(text: str, name: str) -> None:
    for one in sentences(text, name):
        assert one.text == text[one.start : one.end]
        assert one.opening is None or 0 <= one.opening <= len(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Who lit it, and when?", ["Who lit it", "when?"]),
        ("Who lit it? When was that?", ["Who lit it?", "When was that?"]),
        ("To whom do I write and within how many days?", ["To whom do I write",
                                                          "within how many days?"]),
        ("Wer hat den Schlüssel und wann endet der Vertrag?", ["Wer hat den Schlüssel",
                                                               "wann endet der Vertrag?"]),
        ("When the buoy is gone, what is done?", ["When the buoy is gone, what is done?"]),
        ("How long and wide is it?", ["How long and wide is it?"]),
    ],
)  # fmt: skip
def test_a_question_is_taken_apart_where_it_asks_again(text: str, parts: list[str]) -> None:
    assert [part.text for part in understood(text).parts] == parts


def test_a_part_that_leans_on_the_first_borrows_its_subject_and_not_its_verb() -> None:
    first, second = understood("Who approves leave, and how many days are there?").parts
    assert first.terms == ("approv", "leav")
    assert (second.terms, second.lent) == (("day",), ("leav",))
    assert second.counted == {"day"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Who aproves leave?", {"aproves": "approves"}),
        ("wen is the cantine open", {"wen": "when"}),
        ("How many seats does Dogwod have?", {"Dogwod": "Dogwood"}),
        ("Who approves leave?", {}),
        ("Where is Paris?", {}),
        ("How many parking spaces are there?", {}),
        ("When was the company founded?", {}),
    ],
)
async def test_a_slip_is_mended_and_a_word_that_is_not_there_is_left(
    text: str, read: dict[str, str]
) -> None:
    _, found = await mended(open_folders([OFFICE]), text, "")
    assert found == read
