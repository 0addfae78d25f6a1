"""What the page of comparison claims for us is shown by tests that are there."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, page

PAGE = page("docs/comparison.md")
_SHOWN = re.compile(r"\[([^\]\n]+)\]\((\.\./tests/[^)\s]+)\)")
_ROWS = {
    "features": PAGE.rows(
        *("Feature", "OR", "CF", "LL", "PK", "BF", "TZ", "Manymind", "shown by"),
    ),
    "promises": PAGE.rows("Promise", "Manymind", "shown by"),
    "wishes": PAGE.rows("Asked for", "Manymind", "shown by"),
}
CLAIMS = [row for rows in _ROWS.values() for row in rows if not row[0].startswith("**")]
SHOWN = sorted(set(_SHOWN.findall(PAGE.text)))


def file_of(link: str) -> Path:
    return (PAGE.path.parent / link).resolve()


def test_the_tables_are_whole() -> None:
    """Fifty-six features, twelve promises, thirteen wishes."""
    sizes = {name: [row for row in rows if row in CLAIMS] for name, rows in _ROWS.items()}
    assert {name: len(rows) for name, rows in sizes.items()} == {
        "features": 56,
        "promises": 12,
        "wishes": 13,
    }


@pytest.mark.parametrize("row", CLAIMS, ids=lambda row: row[0][:60])
def test_a_claim_names_a_test_and_half_a_claim_what_is_missing(row: list[str]) -> None:
    ours, shown = row[-2], row[-1]
    assert ours in {"Y", "P", "N", "n/a"}
    if ours in {"Y", "P"}:
        assert _SHOWN.search(shown), "a claim without a test"
    if ours == "P":
        assert re.search(r"Missing: |Not kept", shown), "half a claim that does not say which half"


@pytest.mark.parametrize(("sentence", "link"), SHOWN, ids=lambda word: word[-60:])
def test_a_named_test_is_there(sentence: str, link: str) -> None:
    """The words of the link are the name of a test in the file that it leads to."""
    path = file_of(link)
    assert path.is_relative_to(ROOT / "tests")
    name = "test_" + sentence.replace(" ", "_")
    assert re.search(rf"^(?:async )?def {name}\(", path.read_text(encoding="utf-8"), re.MULTILINE)
