"""The guide names every setting, and its defaults are the true ones."""

import re
import tomllib
from pathlib import Path
from typing import get_args, get_origin

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import fields

from manymind.config.settings import SettingsFile
from manymind.config.variables import OTHERS, SHORT

PAGE = (Path(__file__).parents[2] / "docs" / "guides" / "configuration.md").read_text()
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def settings(kind: type[Struct], place: str = "") -> list[str]:
    """Every setting by its full name; the names of tables that an operator makes up are `*`."""
    found: list[str] = []
    for field in fields(kind):
        name = f"{place}{field.name}"
        inner = get_args(field.type)[1] if get_origin(field.type) is dict else field.type
        if isinstance(inner, type) and issubclass(inner, Struct):
            made_up = get_origin(field.type) is dict
            found += settings(inner, f"{name}.*." if made_up else f"{name}.")
        else:
            found.append(name)
    return found


@pytest.mark.parametrize("setting", settings(SettingsFile))
def test_every_setting_is_named(setting: str) -> None:
    *tables, name = setting.split(".")
    assert re.search(rf"\b{name}\b", PAGE), setting
    assert all(re.search(rf"\b{table}\b", PAGE) for table in tables if table != "*")


@pytest.mark.parametrize("variable", [*SHORT.values(), *OTHERS])
def test_every_variable_with_a_name_of_its_own_is_named(variable: str) -> None:
    assert f"`{variable}`" in PAGE


def test_the_defaults_are_the_true_ones() -> None:
    [block] = [block for block in BLOCKS if "[server]" in block]
    shown = msgspec.convert(tomllib.loads(block), SettingsFile)
    assert shown == SettingsFile()
    written = tomllib.loads(block)
    for table, kind in (("server", SettingsFile().server), ("corpus", SettingsFile().corpus)):
        assert written[table].keys() == {field.name for field in fields(kind)}


def test_what_is_only_mentioned_stands_under_its_own_table() -> None:
    """A line that a reader takes the mark of a comment away from is a setting of that table."""
    [block] = [block for block in BLOCKS if "[server]" in block]
    kinds = {field.name: field.type for field in fields(SettingsFile)}
    table, mentioned = "", 0
    for line in block.splitlines():
        if head := re.fullmatch(r"\[(\w+)\]", line):
            table = head[1]
        elif found := re.match(r"# (\w+) = ", line):
            assert found[1] in {field.name for field in fields(kinds[table])}, line
            mentioned += 1
    assert mentioned > 5


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_example_is_taken(block: str) -> None:
    msgspec.convert(tomllib.loads(block), SettingsFile)
