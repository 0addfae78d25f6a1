"""Settings files: read, checked one by one, and laid over one another."""

import tomllib
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias, cast, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from manymind.config.settings import ConfigError, SettingsFile

Content: TypeAlias = dict[str, object]


def read(path: Path) -> Content:
    """One file, checked alone, so that a mistake is reported with the file it stands in."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}.") from None
    try:
        _check(content, SettingsFile, "")
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
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


def _check(value: object, kind: Any, place: str) -> None:
    """Names the first setting that is none, or that has a value it cannot have."""
    if isinstance(value, dict):
        for name, inner in cast("Content", value).items():
            _check(inner, kind_of(name, kind, place), f"{place}.{name}".lstrip("."))
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{place}: {plain(error)}.") from None


def kind_of(name: str, kind: Any, place: str) -> Any:
    """What a table of this kind holds under that name."""
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
