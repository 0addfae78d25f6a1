"""On which line of a settings file each setting stands."""

import tomllib
from collections.abc import Iterator
from typing import TypeAlias, cast

Content: TypeAlias = dict[str, object]

Place: TypeAlias = tuple[str, ...]
"""A setting's name, table by table."""

_LONG = 2_000
"""Lines of one value. A longer one has no end, and its line is where it begins."""


def lines(text: str) -> dict[Place, int]:
    """The line of every table and setting of a text that is TOML, counted from one."""
    found: dict[Place, int] = {}
    table: Place = ()
    for number, statement in _statements(text.splitlines()):
        content = _read(statement)
        if statement.lstrip().startswith("["):
            table = next(iter(leaves(content or {})), ())
            found.setdefault(table, number)
            continue
        for place in leaves(content or {}):
            for end in range(len(table) + 1, len(table) + len(place) + 1):
                found.setdefault((*table, *place)[:end], number)
    return found


def leaves(content: Content) -> list[Place]:
    """The names of all values in a table, and of tables that are empty."""
    found: list[Place] = []
    for name, value in content.items():
        if isinstance(value, dict) and value:
            found += [(name, *inner) for inner in leaves(cast("Content", value))]
        else:
            found.append((name,))
    return found


def _statements(text: list[str]) -> Iterator[tuple[int, str]]:
    """Each header and each setting with its whole value, however many lines that takes."""
    at = 0
    while at < len(text):
        taken = 1
        if text[at].strip() and not text[at].lstrip().startswith("#"):
            taken = _length(text, at)
            yield at + 1, "\n".join(text[at : at + taken])
        at += taken


def _length(text: list[str], at: int) -> int:
    for taken in range(1, min(_LONG, len(text) - at) + 1):
        if _read("\n".join(text[at : at + taken])) is not None:
            return taken
    return 1


def _read(statement: str) -> Content | None:
    try:
        return tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return None
