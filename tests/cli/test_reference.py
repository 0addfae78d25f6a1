"""The page about the command line names all that the program has."""

import re

import pytest

from manymind.cli import exits
from manymind.cli.main import commands
from tests.cli.shell import ROOT, Shell

PAGE = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
COMMANDS = sorted(commands())


def section(name: str) -> str:
    return PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def test_every_command_is_named() -> None:
    named = re.findall(r"^\| \[`([a-z -]+)`\]", PAGE, re.MULTILINE)
    assert sorted(named) == COMMANDS


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "help-exits"])
def test_every_option_is_named_where_its_command_is(shell: Shell, name: str) -> None:
    options = shell.run(name, "--help", COLUMNS="120").out.partition("Options:")[2]
    found = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", options, re.MULTILINE)) - {"--help"}
    assert found
    assert not [option for option in found if f"`{option}" not in section(name)]


def test_no_option_is_named_that_is_not_there(shell: Shell) -> None:
    real = set[str]()
    for name in ("", *COMMANDS):
        text = shell.run(*filter(None, (name, "--help")), COLUMNS="120").out
        real |= set(re.findall(r"--[a-z][a-z-]+", text))
    assert set(re.findall(r"--[a-z][a-z-]+", PAGE)) <= real


@pytest.mark.parametrize("name", COMMANDS)
def test_every_key_of_the_json_is_named(name: str) -> None:
    keys = set(re.findall(r'"(\w+)"', commands()[name].prints)) - {"exact", "at", "least", "most"}
    named = set(re.findall(r"`(\w+)`", section(name))) | {"schema_version"}
    assert keys - named == set()


def test_the_exit_codes_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", section("Exit codes"), re.MULTILINE)
    assert [(int(code), meaning) for code, meaning in rows] == list(exits.MEANINGS)
