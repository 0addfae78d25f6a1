"""All that is wrong with a settings file, and what such a file may hold at all."""

import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec import Struct

from manymind.canon.values import Json
from manymind.config.files import kind_of, plain
from manymind.config.lines import Content, Place, lines
from manymind.config.named import amiss
from manymind.config.settings import ConfigError, SettingsFile

_LINE = re.compile(r" \(at line (\d+), column \d+\)")
_TEXT_DECIMAL = {"type": "string", "format": "decimal"}
_DOLLARS: Json = {
    "anyOf": [
        {"type": "number", "minimum": 0},
        {"type": "string", "pattern": r"^[0-9]{1,13}(\.[0-9]{1,30})?$"},
    ]
}


class Problem(Struct, frozen=True, kw_only=True):
    """`line` is 0 where nobody can say on which line it is."""

    line: int
    setting: str
    said: str


def problems(path: Path) -> tuple[Problem, ...]:
    """Everything that is wrong with a file, from its top to its end."""
    try:
        text = path.read_text(encoding="utf-8")
        content: Content = tomllib.loads(text, parse_float=Decimal)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        return (Problem(line=0, setting="", said="This is not UTF-8."),)
    except tomllib.TOMLDecodeError as error:
        at = _LINE.search(str(error))
        said = f"This is not TOML: {_LINE.sub('', str(error))}."
        return (Problem(line=int(at[1]) if at else 0, setting="", said=said),)
    standing = lines(text)
    found = [
        Problem(line=_line(standing, place), setting=".".join(place), said=said)
        for place, said in _all_wrong(content)
    ]
    return tuple(sorted(found, key=lambda problem: problem.line))


def schema() -> Json:
    """The JSON Schema of a settings file, for editors."""
    (described,), definitions = msgspec.json.schema_components(
        [SettingsFile], ref_template="#/$defs/{name}"
    )
    whole: Json = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Manymind's settings",
        **cast("Json", described),
        "$defs": definitions,
    }
    return cast("Json", _with_dollars(whole))


def _all_wrong(content: Content) -> Iterator[tuple[Place, str]]:
    """How the settings fit together can be told only where each is one."""
    found = tuple(_wrong(content, SettingsFile, ()))
    return iter(found or tuple(amiss(msgspec.convert(content, SettingsFile))))


def _wrong(value: object, kind: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """The innermost settings that are none, or have a value that they cannot have."""
    inside = False
    if isinstance(value, dict):
        for name, inner in cast("Content", value).items():
            try:
                inner_kind = kind_of(name, kind, ".".join(place))
            except ConfigError as error:
                inside = True
                yield (*place, name), str(error)
                continue
            for fault in _wrong(inner, inner_kind, (*place, name)):
                inside = True
                yield fault
    if inside:
        return
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        yield place, f"{plain(error)}."


def _line(standing: dict[Place, int], place: Place) -> int:
    """The line of a setting, else of the nearest table that it stands in."""
    for end in range(len(place), 0, -1):
        if place[:end] in standing:
            return standing[place[:end]]
    return 0


def _with_dollars(value: object) -> object:
    """The same, with amounts as text or as numbers, which both are exact, and with descriptions
    on one line."""
    match value:
        case dict():
            fields = cast("Json", value)
            if fields.items() >= _TEXT_DECIMAL.items():
                return _amount(fields)
            return {name: _with_dollars(inner) for name, inner in fields.items()}
        case str():
            return " ".join(value.split())
        case list():
            return [_with_dollars(inner) for inner in cast("list[object]", value)]
        case _:
            return value


def _amount(fields: Json) -> Json:
    rest = {name: inner for name, inner in fields.items() if name not in _TEXT_DECIMAL}
    return {**rest, **_DOLLARS}
