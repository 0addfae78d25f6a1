"""Settings files: read, checked one by one, and laid over one another."""

import tomllib
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from manymind.config.lines import Content, Place, lines
from manymind.config.settings import ConfigError, SettingsFile


class Misplaced(ConfigError):
    """A mistake whose place in a file is known, table by table."""

    def __init__(self, place: Place, said: str) -> None:
        super().__init__(f"{'.'.join(place)}: {said}" if place else said)
        self.place = place
        self.said = said


def read(path: Path) -> Content:
    """One file, checked alone, so that a mistake is reported with the file it stands in."""
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text, parse_float=Decimal)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}.") from None
    try:
        _check(content, SettingsFile, ())
    except Misplaced as error:
        raise ConfigError(f"{path}{line_of(lines(text), error.place)}: {error}") from None
    _place(content, path.parent)
    return content


def merged(*contents: Content) -> Content:
    """Later ones win, setting by setting, however deep the tables are."""
    result: Content = {}
    for content in contents:
        for name, value in content.items():
            before = result.get(name)
            if isinstance(before, dict) and isinstance(value, dict):
                result[name] = merged(cast("Content", before), cast("Content", value))
            else:
                result[name] = value
    return result


def plain(error: msgspec.ValidationError) -> str:
    """The library's words without its marks and its own way of naming the place."""
    said = str(error).partition(" - at ")[0].replace("`", "")
    return said[:1].lower() + said[1:]


def line_of(standing: dict[Place, int], place: Place) -> str:
    """`:line` of a setting, else of the nearest table that it stands in; empty where nobody can
    say."""
    for end in range(len(place), 0, -1):
        if place[:end] in standing:
            return f":{standing[place[:end]]}"
    return ""


def _check(value: object, kind: Any, place: Place) -> None:
    """Names the first setting that is none, or that has a value it cannot have."""
    if isinstance(value, dict):
        for name, inner in cast("Content", value).items():
            try:
                inner_kind = kind_of(name, kind, ".".join(place))
            except ConfigError as error:
                raise Misplaced((), str(error)) from None
            _check(inner, inner_kind, (*place, name))
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Misplaced(place, f"{plain(error)}.") from None


def kind_of(name: str, kind: Any, place: str) -> Any:
    """What a table of this kind holds under that name."""
    kind = _table(kind)
    if get_origin(kind) is dict:
        return get_args(kind)[1]
    if not isinstance(kind, type) or not issubclass(kind, Struct):
        return object
    known = {field.name: field.type for field in fields(kind)}
    if name not in known:
        where = f"[{place}] has no setting" if place else "There is no table"
        near = get_close_matches(name, known, n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise ConfigError(f"{where} {name}. {meant}Known are {', '.join(known)}.")
    return known[name]


def _table(kind: Any) -> Any:
    """What a setting is that may also be left out."""
    if not isinstance(kind, UnionType):
        return kind
    said = [each for each in get_args(kind) if each is not NoneType]
    return said[0] if len(said) == 1 else object


def _place(content: dict[str, Any], folder: Path) -> None:
    """A path in a file is meant from where the file lies, not from where the program started."""
    corpus = content.get("corpus", {})
    if "folders" in corpus:
        corpus["folders"] = [str(folder / Path(name).expanduser()) for name in corpus["folders"]]
    tables = [(content.get("egress", {}), "ca_file"), (content.get("redaction", {}), "key_file")]
    tables += [(provider, "key_file") for provider in content.get("providers", {}).values()]
    for table, name in tables:
        if name in table:
            table[name] = str(folder / Path(table[name]).expanduser())
