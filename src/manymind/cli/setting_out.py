"""What `manymind config` finds, and how it is shown."""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from manymind.app.upstreams import discover
from manymind.canon.faults import NotFound
from manymind.cli.columns import print_columns
from manymind.config import ConfigError, Flags, file_in_use, load
from manymind.config.origins import DEFAULT, SET, Setting, settings
from manymind.config.validation import Problem, problems, schema


class Validated(Struct, frozen=True, kw_only=True):
    file: str
    problems: tuple[Problem, ...]


def shown(flags: Flags, *, changed: bool) -> tuple[Setting, ...]:
    """The settings of this place, and the keys that were found for providers."""
    keys = (
        Setting(name=f"providers.{found.name}.key", value=SET, origin=found.note)
        for found in discover(load(flags))
        if found.settings.key is not None
    )
    found = (*settings(flags, os.environ), *keys)
    return tuple(each for each in found if not changed or each.origin != DEFAULT)


def print_settings(found: tuple[Setting, ...]) -> None:
    table = [(each.name, _value(each.value), each.origin) for each in found]
    print_columns([("setting", "value", "from"), *table], left=3)


def print_settings_json(found: tuple[Setting, ...]) -> None:
    print(msgspec.json.encode({"schema_version": 1, "settings": found}).decode())


def validated(file: Path | None) -> Validated:
    """What is wrong with a file: first its form, and if that is well, what it says of providers."""
    path = file or file_in_use(Flags(), os.environ)
    if path is None:
        raise NotFound("There is no settings file.", advice="Name one.")
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        raise NotFound(f"{path} {what}.", advice="Name a settings file (TOML).")
    found = problems(path)
    if not found:
        try:
            discover(load(Flags(config=path), {"HOME": os.environ.get("HOME", "/")}))
        except ConfigError as error:
            found = (Problem(line=0, setting="", said=str(error)),)
    return Validated(file=str(path), problems=found)


def print_problems(found: Validated) -> None:
    for problem in found.problems:
        where = ":".join(filter(None, (found.file, str(problem.line or ""))))
        print(": ".join(filter(None, (where, problem.setting, problem.said))))
    if not found.problems:
        print(f"{found.file} is well.")


def print_problems_json(found: Validated) -> None:
    report = {
        "schema_version": 1,
        "file": found.file,
        "ok": not found.problems,
        "problems": found.problems,
    }
    print(msgspec.json.encode(report).decode())


def schema_text() -> str:
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode()


def _value(value: object) -> str:
    """As JSON writes it, but text as it stands."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
