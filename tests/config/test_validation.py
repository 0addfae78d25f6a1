"""All mistakes of a settings file are told at once, each with its line."""

import json
import tomllib
from pathlib import Path

import jsonschema_rs
import pytest

from manymind.config.validation import problems, schema

ROOT = Path(__file__).parents[2]
TOLD = """\
[server]
prt = 3
host = 4
[limits]
request_seconds = [1,
  2]
[providers.acme]
prices = { a = { input = "x", output = 1 } }
[sevrer]
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "manymind.toml"
    file.write_text(text)
    return file


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    found = problems(written(tmp_path, TOLD))
    assert [(each.line, each.setting) for each in found] == [
        (2, "server.prt"),
        (3, "server.host"),
        (5, "limits.request_seconds"),
        (8, "providers.acme.prices.a.input"),
        (9, "sevrer"),
    ]
    assert "Did you mean port?" in found[0].said
    assert found[1].said == "expected str, got int."
    assert "Did you mean server?" in found[4].said


def test_what_is_missing_is_told_where_it_should_be(tmp_path: Path) -> None:
    [found] = problems(written(tmp_path, '[providers.acme.prices."*"]\ninput = 1\n'))
    assert (found.line, found.setting) == (1, "providers.acme.prices.*")
    assert "output" in found.said


@pytest.mark.parametrize(
    ("text", "line"), [("[server\n", 1), ("\n\na = = 1", 3), ("a = 1\na = 2\n", 2)]
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    [found] = problems(written(tmp_path, text))
    assert found.line == line
    assert found.said.startswith("This is not TOML")


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "manymind.toml"
    file.write_bytes(b"\xff\xfe")
    assert problems(file)[0].said == "This is not UTF-8."


def test_the_demo_follows_the_schema() -> None:
    demo = tomllib.loads((ROOT / "demo" / "manymind.toml").read_text())
    follows = jsonschema_rs.validator_for(schema()).is_valid
    assert follows(demo)
    assert follows(json.loads("{}"))


@pytest.mark.parametrize(
    ("text", "well"),
    [
        ('[limits]\nteam_cost_usd = "5.00"', True),
        ("[limits]\nteam_cost_usd = 5", True),
        ('[limits]\nteam_cost_usd = "much"', False),
        ("[limits]\nrequest_seconds = 0", False),
        ("[server]\nport = 70000", False),
        ("[server]\nprt = 1", False),
        ('[providers.acme.prices."*"]\ninput = 1\noutput = "2"', True),
        ('[providers.acme.prices."*"]\ninput = 1', False),
    ],
)
def test_the_schema_and_the_program_agree(tmp_path: Path, text: str, well: bool) -> None:
    assert jsonschema_rs.validator_for(schema()).is_valid(tomllib.loads(text)) is well
    assert (problems(written(tmp_path, text)) == ()) is well
